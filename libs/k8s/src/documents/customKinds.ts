/** The kinds that CustomResourceDefinitions of a set will add to the cluster. */
import { KubeObject } from "@nopea/domain";
import { Option, Schema } from "effect";

export interface CustomKind {
  readonly group: string;
  readonly kind: string;
  readonly versions: ReadonlyArray<string>;
  readonly namespaced: boolean;
}

const Definition = Schema.Struct({
  spec: Schema.Struct({
    group: Schema.String,
    scope: Schema.String,
    names: Schema.Struct({ kind: Schema.String }),
    versions: Schema.Array(Schema.Struct({ name: Schema.String })),
  }),
});

export const isDefinition = (object: KubeObject.KubeObject): boolean =>
  object.kind === "CustomResourceDefinition" &&
  KubeObject.groupOf(object.apiVersion) === "apiextensions.k8s.io";

const decode = Schema.decodeUnknownOption(Definition);

/** A definition that is malformed adds none: the API server says what is wrong with it. */
export const customKindsOf = (
  manifests: ReadonlyArray<{ readonly object: KubeObject.KubeObject }>,
): ReadonlyArray<CustomKind> =>
  manifests
    .filter(({ object }) => isDefinition(object))
    .flatMap(({ object }) => Option.toArray(decode(object)))
    .map(({ spec }) => ({
      group: spec.group,
      kind: spec.names.kind,
      versions: spec.versions.map(({ name }) => name),
      namespaced: spec.scope === "Namespaced",
    }));

export const findCustomKind = (
  kinds: ReadonlyArray<CustomKind>,
  apiVersion: string,
  kind: string,
): CustomKind | undefined =>
  kinds.find(
    (custom) =>
      custom.kind === kind &&
      custom.versions.some((version) => `${custom.group}/${version}` === apiVersion),
  );
