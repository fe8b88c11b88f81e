/** Which collections a wait looks at: as few and as narrow as its objects allow. */
import type { KubeObject } from "@nopea/domain";
import type { Collection } from "../connection/Cluster.js";
import { isAlwaysReady } from "../readiness/Readiness.js";
import { hasReplicaSets, isWorkload } from "./NewPods.js";

export interface Source {
  readonly role: "targets" | "pods" | "replicaSets" | "events";
  readonly collection: Collection;
}

const isPod = (ref: KubeObject.ObjectRef): boolean => ref.apiVersion === "v1" && ref.kind === "Pod";
const isClaim = (ref: KubeObject.ObjectRef): boolean =>
  ref.apiVersion === "v1" && ref.kind === "PersistentVolumeClaim";

/**
 * One for each kind and namespace that has something to wait for (narrowed to the name where it
 * is one object), and per namespace the pods, ReplicaSets and events that diagnosis reads.
 */
export const sourcesOf = (refs: ReadonlyArray<KubeObject.ObjectRef>): ReadonlyArray<Source> => {
  const watched = refs.filter((ref) => !isAlwaysReady(ref));
  const collections = new Map<string, Array<KubeObject.ObjectRef>>();
  for (const ref of watched) {
    const key = `${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ""}`;
    collections.set(key, [...(collections.get(key) ?? []), ref]);
  }
  const targets = [...collections.values()].flatMap((group): ReadonlyArray<Source> => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          {
            role: "targets",
            collection: {
              apiVersion: first.apiVersion,
              kind: first.kind,
              ...(first.namespace === undefined ? {} : { namespace: first.namespace }),
              ...(group.length === 1 ? { fieldSelector: `metadata.name=${first.name}` } : {}),
            },
          },
        ];
  });
  const perNamespace = (
    role: Source["role"],
    apiVersion: string,
    kind: string,
    wanted: (ref: KubeObject.ObjectRef) => boolean,
  ): ReadonlyArray<Source> =>
    [...new Set(watched.filter(wanted).map((ref) => ref.namespace))].map((namespace) => ({
      role,
      collection: { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }) },
    }));
  return [
    ...targets,
    ...perNamespace("pods", "v1", "Pod", isWorkload),
    ...perNamespace(
      "replicaSets",
      "apps/v1",
      "ReplicaSet",
      (ref) => isWorkload(ref) && hasReplicaSets(ref),
    ),
    ...perNamespace(
      "events",
      "v1",
      "Event",
      (ref) => isWorkload(ref) || isPod(ref) || isClaim(ref),
    ),
  ];
};
