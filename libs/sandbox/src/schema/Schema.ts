/**
 * The types of Kubernetes objects, as far as merging, ownership and decoding need them: which
 * lists are sets or have keys, which maps are atomic, which structs are always written.
 * Built-in ones are read from the notation of builtin.ts; custom ones from their CRD's schema.
 */
import { isObject, type JsonObject } from "../Json.js";
import { KINDS, TYPES } from "./builtin.js";

export type Scalar =
  | "string"
  | "integer"
  | "long"
  | "boolean"
  | "number"
  | "quantity"
  | "intOrString"
  | "time"
  | "bytes";

export interface StructType {
  readonly tag: "struct";
  readonly name: string;
  readonly atomic: boolean;
  readonly fields: Map<string, Field>;
  /** Fields that no list of names declares are kept, not refused. */
  readonly open?: boolean;
  /** Kept as it was sent: only Go's own types drop what is empty and write what is not there. */
  readonly custom?: boolean;
}
export interface DictType {
  readonly tag: "dict";
  readonly atomic: boolean;
  readonly of: Type;
}
export interface ListType {
  readonly tag: "list";
  readonly relation: "atomic" | "set" | "map";
  readonly keys: readonly string[];
  readonly of: Type;
}
export type Type =
  | { readonly tag: "scalar"; readonly scalar: Scalar }
  | { readonly tag: "any" }
  | StructType
  | DictType
  | ListType;

export interface Field {
  readonly type: Type;
  readonly required: boolean;
  /** A struct that the server always writes, be it empty. */
  readonly inline: boolean;
  readonly default?: string;
  /** Strategic merge patch: its strategies and the key of its lists. */
  readonly patch: readonly string[];
  readonly patchKey?: string;
}

export const ANY: Type = { tag: "any" };
const SCALARS: Readonly<Record<string, Type>> = {
  s: { tag: "scalar", scalar: "string" },
  i: { tag: "scalar", scalar: "integer" },
  l: { tag: "scalar", scalar: "long" },
  b: { tag: "scalar", scalar: "boolean" },
  n: { tag: "scalar", scalar: "number" },
  q: { tag: "scalar", scalar: "quantity" },
  x: { tag: "scalar", scalar: "intOrString" },
  t: { tag: "scalar", scalar: "time" },
  y: { tag: "scalar", scalar: "bytes" },
  o: ANY,
};

const lines = new Map<string, string>();
for (const line of TYPES.trim().split("\n")) {
  const space = line.indexOf(" ");
  const name = (space < 0 ? line : line.slice(0, space)).trim();
  lines.set(name.replace(/!$/, ""), line);
}
const structs = new Map<string, StructType>();

/** A type is read when it is first asked for; types may refer to themselves. */
const structNamed = (name: string): StructType => {
  const known = structs.get(name);
  if (known) return known;
  const [head = name, ...fields] = (lines.get(name) ?? name).split(" ");
  const struct: StructType = { tag: "struct", name, atomic: head.endsWith("!"), fields: new Map() };
  structs.set(name, struct);
  for (const text of fields) {
    const [, field, required, inline, type, fallback, patch] =
      /^(.+?)(\*?):(&?)([^=~]+)(?:=([^~]+))?(?:~(.+))?$/.exec(text) ?? [];
    if (!field || !type) continue;
    const [strategies = "", patchKey] = (patch ?? "").split(":");
    struct.fields.set(field, {
      type: typeOf(type),
      required: required === "*",
      inline: inline === "&",
      ...(fallback === undefined ? {} : { default: fallback }),
      patch: strategies ? strategies.split(",") : [],
      ...(patchKey === undefined ? {} : { patchKey }),
    });
  }
  return struct;
};

const typeOf = (text: string): Type => {
  const [, outer, inner] = /^(list|set|map|dict|adict)\((.*)\)$/.exec(text) ?? [];
  if (outer === undefined || inner === undefined) return SCALARS[text] ?? structNamed(text);
  if (outer === "dict" || outer === "adict")
    return { tag: "dict", atomic: outer === "adict", of: typeOf(inner) };
  if (outer !== "map")
    return {
      tag: "list",
      relation: outer === "set" ? "set" : "atomic",
      keys: [],
      of: typeOf(inner),
    };
  const semicolon = inner.indexOf(";");
  return {
    tag: "list",
    relation: "map",
    keys: inner.slice(0, semicolon).split(","),
    of: typeOf(inner.slice(semicolon + 1)),
  };
};

const kinds = new Map<string, string>(
  KINDS.trim()
    .split("\n")
    .map((line) => {
      const [groupVersion = "", kind = "", type = ""] = line.split(" ");
      return [`${groupVersion} ${kind}`, type];
    }),
);

export const builtinType = (groupVersion: string, kind: string): StructType | undefined => {
  const name = kinds.get(`${groupVersion} ${kind}`);
  return name === undefined ? undefined : structNamed(name);
};

export const objectMeta = (): StructType => structNamed("ObjectMeta");

/** A custom resource's type: its OpenAPI schema with the standard metadata in place. */
export const customType = (kind: string, schema: unknown): StructType => {
  const root = isObject(schema) ? fromOpenApi(kind, schema) : ANY;
  const fields = new Map(root.tag === "struct" ? root.fields : []);
  const string: Type = { tag: "scalar", scalar: "string" };
  const plain = { required: false, inline: false, patch: [] };
  fields.set("apiVersion", { ...plain, type: string });
  fields.set("kind", { ...plain, type: string });
  fields.set("metadata", { ...plain, type: objectMeta(), inline: true });
  return {
    tag: "struct",
    name: kind,
    atomic: false,
    fields,
    custom: true,
    open: root.tag !== "struct" || root.open === true,
  };
};

const fromOpenApi = (name: string, schema: JsonObject): Type => {
  if (schema["x-kubernetes-int-or-string"] === true)
    return { tag: "scalar", scalar: "intOrString" };
  if (schema["x-kubernetes-embedded-resource"] === true) return ANY;
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  switch (schema["type"]) {
    case "object": {
      if (isObject(schema["properties"])) {
        const fields = new Map<string, Field>();
        for (const [key, value] of Object.entries(schema["properties"]))
          fields.set(key, {
            type: isObject(value) ? fromOpenApi(key, value) : ANY,
            required: required.includes(key),
            inline: false,
            patch: [],
          });
        const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
        return { tag: "struct", name, atomic, fields, open, custom: true };
      }
      if (isObject(schema["additionalProperties"]))
        return { tag: "dict", atomic, of: fromOpenApi(name, schema["additionalProperties"]) };
      return ANY;
    }
    case "array": {
      const of = isObject(schema["items"]) ? fromOpenApi(name, schema["items"]) : ANY;
      const keys = schema["x-kubernetes-list-map-keys"];
      if (schema["x-kubernetes-list-type"] === "map" && Array.isArray(keys))
        return { tag: "list", relation: "map", keys: keys.map(String), of };
      return {
        tag: "list",
        relation: schema["x-kubernetes-list-type"] === "set" ? "set" : "atomic",
        keys: [],
        of,
      };
    }
    case "string":
    case "integer":
    case "boolean":
    case "number":
      return { tag: "scalar", scalar: schema["type"] };
    default:
      return ANY;
  }
};
