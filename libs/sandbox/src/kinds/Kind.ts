/**
 * What is special about a kind: the defaults that the server fills in, what it does before a
 * write, and what it refuses. A kind without an entry in index.ts has none of it.
 */
import type { FieldError } from "../ApiError.js";
import type { JsonObject, KubeObject } from "../Json.js";

export interface Allocator {
  clusterIp(): string;
  nodePort(): number;
  uid(): string;
  stamp(): string;
}

export interface Kind {
  /** Whether `metadata.generation` counts the changes of the spec. */
  readonly generation?: boolean;
  /** Whether an update must carry the version that it has read. */
  readonly versionRequired?: boolean;
  /** Names: RFC 1123 subdomains unless said otherwise. */
  readonly name?: "subdomain" | "label" | "path";
  /** Changes the object in place. */
  readonly defaults?: (object: JsonObject) => void;
  readonly beforeCreate?: (object: JsonObject, allocator: Allocator) => void;
  readonly beforeUpdate?: (next: JsonObject, old: JsonObject, allocator: Allocator) => void;
  readonly validate?: (object: JsonObject) => FieldError[];
  readonly validateUpdate?: (next: JsonObject, old: JsonObject) => FieldError[];
  /** A second look at updates that Kubernetes refuses with a 403 or an odd message. */
  readonly selectableFields?: (object: KubeObject) => Record<string, string>;
}
