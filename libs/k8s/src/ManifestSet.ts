/**
 * The documents of one deploy after they were found to make sense together: each with its kind's
 * resource where the cluster knows it, its namespace settled, no two the same object.
 */
import type { KubeObject } from "@nopea/domain";
import type { Option } from "effect";
import type { ApiResource } from "./ApiResource.js";

export interface ManifestEntry {
  /** The namespace is filled in where the kind is namespaced. */
  readonly object: KubeObject.KubeObject;
  readonly source: string;
  /** None for a kind whose CustomResourceDefinition is in the same set. */
  readonly resource: Option.Option<ApiResource>;
}

export interface ManifestSet {
  readonly entries: ReadonlyArray<ManifestEntry>;
  /** Namespaces other than the service's that entries live in. */
  readonly otherNamespaces: ReadonlyArray<string>;
}
