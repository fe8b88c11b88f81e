/**
 * A Kubernetes object as JSON, the name that finds it, and the document it came from. Nothing
 * here knows a kind: that is the k8s room's.
 */
import { Schema } from "effect";
import { optional } from "./Wire.js";

/** Any JSON object. */
export type Json = Readonly<Record<string, unknown>>;

export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: ReadonlyArray<{
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }>;
  readonly managedFields?: ReadonlyArray<ManagedFieldsEntry>;
  readonly [more: string]: unknown;
}

export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsType?: "FieldsV1";
  readonly fieldsV1?: Json;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [more: string]: unknown;
}

/** Which object: Kubernetes' own four words, and the uid where it is known. */
export const ObjectRef = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  namespace: optional(Schema.String),
  name: Schema.String,
  uid: optional(Schema.String),
}).annotations({ identifier: "ObjectRef" });
export type ObjectRef = typeof ObjectRef.Type;

/** One document of a set, and where it was read: `file.yaml#3` is a file's third document. */
export interface Manifest {
  readonly object: KubeObject;
  readonly source: string;
}

export const refOf = (object: KubeObject): ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name ?? "",
  ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
});

/** The API group: `apps/v1` → `apps`, `v1` → `` (the core group). */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

/** One string per object, the same for every version of its group: `apps/Deployment/ns/name`. */
export const refKey = (ref: ObjectRef): string =>
  `${groupOf(ref.apiVersion)}/${ref.kind}/${ref.namespace ?? ""}/${ref.name}`;

/** As a person names it: `Deployment/web`, or `Deployment/web in other` outside `home`. */
export const refText = (ref: ObjectRef, home?: string): string =>
  ref.namespace === undefined || ref.namespace === home || home === undefined
    ? `${ref.kind}/${ref.name}`
    : `${ref.kind}/${ref.name} in ${ref.namespace}`;
