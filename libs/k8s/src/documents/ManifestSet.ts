/**
 * The documents of one deploy after they were found to make sense together: each with its kind's
 * resource where the cluster knows it, its namespace settled, no two the same object.
 */
import { BadInput, KubeObject, Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { ApiResource } from "../connection/ApiResource.js";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import * as Documents from "./Documents.js";
import { type CustomKind, customKindsOf, findCustomKind } from "./customKinds.js";
import { documentProblem, strip } from "./documentRules.js";
import * as Ordering from "./Ordering.js";

export interface ManifestEntry {
  /** The namespace is filled in where the kind is namespaced. */
  readonly object: KubeObject.KubeObject;
  readonly source: string;
  /** None for a kind whose CustomResourceDefinition is in the same set. */
  readonly resource: Option.Option<ApiResource>;
}

/** A document that is never applied (a Helm test or delete hook), and why. */
export interface SkippedEntry {
  readonly object: KubeObject.KubeObject;
  readonly source: string;
  readonly note: string;
}

export interface ManifestSet {
  readonly entries: ReadonlyArray<ManifestEntry>;
  readonly skipped: ReadonlyArray<SkippedEntry>;
  /** Namespaces other than the service's that entries live in. */
  readonly otherNamespaces: ReadonlyArray<string>;
  readonly warnings: ReadonlyArray<string>;
}

export interface SetOptions {
  readonly service: string;
  readonly namespace: string;
  readonly alsoNamespaces: ReadonlyArray<string>;
}

/** The kind's resource, and whether its objects live in a namespace. */
interface Kind {
  readonly resource: Option.Option<ApiResource>;
  readonly namespaced: boolean;
}

const unknownKind = Effect.fnUntraced(function* (
  { object, source }: KubeObject.Manifest,
  cluster: typeof Cluster.Service,
): Effect.fn.Return<never, BadInput | ClusterFailure> {
  const served = (yield* cluster.resources)
    .filter(({ kind }) => kind === object.kind)
    .map(({ apiVersion }) => apiVersion);
  return yield* new BadInput({
    message: `${source}: the cluster does not know the kind ${object.kind} of ${object.apiVersion}`,
    source,
    field: served.length > 0 ? "apiVersion" : "kind",
    object: KubeObject.refOf(object),
    reason: "unknown_kind",
    advice:
      served.length > 0
        ? `It serves ${object.kind} as ${[...new Set(served)].join(", ")}: use that apiVersion.`
        : "Install its CustomResourceDefinition, or put it into the set.",
  });
});

const kindOf = (
  manifest: KubeObject.Manifest,
  custom: ReadonlyArray<CustomKind>,
  cluster: typeof Cluster.Service,
): Effect.Effect<Kind, BadInput | ClusterFailure> => {
  const { apiVersion, kind } = manifest.object;
  return cluster.resource(apiVersion, kind).pipe(
    Effect.map((resource) => ({
      resource: Option.some(resource),
      namespaced: resource.namespaced,
    })),
    Effect.catchIf(
      (failure) => failure.reason === "unknown_kind",
      () => {
        const own = findCustomKind(custom, apiVersion, kind);
        return own === undefined
          ? unknownKind(manifest, cluster)
          : Effect.succeed({ resource: Option.none(), namespaced: own.namespaced });
      },
    ),
  );
};

/** The entry, its namespace settled. */
const settle = (
  { object, source }: KubeObject.Manifest,
  { resource, namespaced }: Kind,
  options: SetOptions,
): Effect.Effect<ManifestEntry, BadInput> => {
  const { namespace: own, ...metadata } = object.metadata;
  if (!namespaced) {
    return Effect.succeed({ object: { ...object, metadata }, source, resource });
  }
  // Templates write an empty one where they mean none.
  const namespace = own || options.namespace;
  if (namespace !== options.namespace && !options.alsoNamespaces.includes(namespace)) {
    return Effect.fail(
      new BadInput({
        message: `${source}: metadata.namespace is ${JSON.stringify(namespace)}, but the service's namespace is ${JSON.stringify(options.namespace)}`,
        source,
        field: "metadata.namespace",
        object: KubeObject.refOf(object),
        advice: `Deploy with -n ${namespace}, or allow it with --also-namespace ${namespace}.`,
      }),
    );
  }
  return Effect.succeed({
    object: { ...object, metadata: { ...metadata, namespace } },
    source,
    resource,
  });
};

const duplicateOf = (entries: ReadonlyArray<ManifestEntry>): BadInput | undefined => {
  const seen = new Map<string, string>();
  for (const { object, source } of entries) {
    const ref = KubeObject.refOf(object);
    const key = KubeObject.refKey(ref);
    const first = seen.get(key);
    if (first !== undefined) {
      return new BadInput({
        message: `${source}: ${KubeObject.refText(ref)} is already defined in ${first}`,
        source,
        field: "metadata.name",
        object: ref,
        advice: "Remove one of the two.",
      });
    }
    seen.set(key, source);
  }
  return undefined;
};

/** Checks the documents against each other and against what the cluster serves; nothing is sent. */
export const make = Effect.fn("ManifestSet.make")(function* (
  manifests: ReadonlyArray<KubeObject.Manifest>,
  options: SetOptions,
  cluster: typeof Cluster.Service,
): Effect.fn.Return<ManifestSet, BadInput | ClusterFailure> {
  const documents: Array<KubeObject.Manifest> = [];
  const warnings: Array<string> = [];
  // Read again, since whoever hands over objects may never have loaded them from a file.
  for (const { object, source } of manifests) {
    for (const manifest of yield* Documents.toManifests(object, source)) {
      const { stripped, removed } = strip(manifest.object);
      if (removed.length > 0) {
        warnings.push(
          `${manifest.source}: ${removed.join(", ")} is the API server's to write, and left out`,
        );
      }
      documents.push({ object: stripped, source: manifest.source });
    }
  }
  if (documents.length === 0) {
    return yield* new BadInput({
      message: "there is nothing to deploy: no document was given",
      advice: "Name at least one Kubernetes object.",
    });
  }
  const custom = customKindsOf(documents);
  const kinds = new Map<string, Kind>();
  const all: Array<ManifestEntry> = [];
  for (const manifest of documents) {
    const gvk = `${manifest.object.apiVersion}/${manifest.object.kind}`;
    const kind = kinds.get(gvk) ?? (yield* kindOf(manifest, custom, cluster));
    kinds.set(gvk, kind);
    const entry = yield* settle(manifest, kind, options);
    const problem = documentProblem(entry, {
      namespace: options.namespace,
      ledger: Service.clusterName(options.service),
    });
    if (problem !== undefined) return yield* problem;
    all.push(entry);
  }
  const duplicate = duplicateOf(all);
  if (duplicate !== undefined) return yield* duplicate;
  const { entries, skipped } = Ordering.split(all);
  // Waves and dependencies that make no sense are told now, before anything is asked or sent.
  yield* Ordering.steps(entries.map((entry) => ({ entry })));
  const namespaces = entries.map(({ object }) => object.metadata.namespace);
  return {
    entries,
    skipped,
    otherNamespaces: [
      ...new Set(
        namespaces.filter(
          (namespace) => namespace !== undefined && namespace !== options.namespace,
        ),
      ),
    ] as ReadonlyArray<string>,
    warnings,
  };
});
