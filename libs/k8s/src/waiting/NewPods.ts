/**
 * Which pods count: only those of the revision being deployed, and only once the controller has
 * seen it. Pods that are being deleted, and pods of older revisions, never do.
 */
import { KubeObject } from "@nopea/domain";
import { millis, type Pod } from "../diagnosis/Pod.js";
import { nested, partsOf } from "../readiness/Judgement.js";

/** Finds what an owner's uid owns. */
export interface Owned {
  readonly pods: (ownerUid: string) => ReadonlyArray<Pod>;
  readonly replicaSets: (ownerUid: string) => ReadonlyArray<KubeObject.KubeObject>;
}

export interface Revision {
  /** Who creates the pods: the new ReplicaSet, or the workload itself; undefined while there is none. */
  readonly controller: KubeObject.KubeObject | undefined;
  readonly pods: ReadonlyArray<Pod>;
  /** Pods of older revisions, where they may stand in the way of new ones. */
  readonly old?: ReadonlyArray<Pod> | undefined;
}

const REVISION = "deployment.kubernetes.io/revision";
const TEMPLATE_HASH = "pod-template-hash";

const none: Revision = { controller: undefined, pods: [] };

const isObserved = (workload: KubeObject.KubeObject): boolean =>
  Number(partsOf(workload).status["observedGeneration"] ?? 0) >=
  (workload.metadata.generation ?? 0);

/** Order of keys aside, and without the label that the controller adds. */
const templateText = (workload: KubeObject.KubeObject): string =>
  JSON.stringify(nested(partsOf(workload).spec, "template"), (key, value: unknown) =>
    key === TEMPLATE_HASH
      ? undefined
      : typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  );

/**
 * The ReplicaSet that a Deployment rolls out: of its revision; by its template where the
 * controller has not numbered it yet.
 */
export const newReplicaSetOf = (
  deployment: KubeObject.KubeObject,
  replicaSets: ReadonlyArray<KubeObject.KubeObject>,
): KubeObject.KubeObject | undefined => {
  if (!isObserved(deployment)) return undefined;
  const revision = deployment.metadata.annotations?.[REVISION];
  const numbered = replicaSets.filter(
    (set) => revision !== undefined && set.metadata.annotations?.[REVISION] === revision,
  );
  if (numbered.length === 1) return numbered[0];
  const template = templateText(deployment);
  return [...replicaSets]
    .sort(
      (a, b) =>
        (millis(a.metadata.creationTimestamp) ?? 0) - (millis(b.metadata.creationTimestamp) ?? 0),
    )
    .find((set) => templateText(set) === template);
};

const live = (pods: ReadonlyArray<Pod>): ReadonlyArray<Pod> =>
  pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);

const withLabel = (pods: ReadonlyArray<Pod>, label: string, value: unknown): ReadonlyArray<Pod> =>
  typeof value === "string" && value !== ""
    ? pods.filter((pod) => pod.metadata.labels?.[label] === value)
    : [];

/** Kinds whose pods are diagnosed. */
export const isWorkload = (ref: { readonly apiVersion: string; readonly kind: string }): boolean =>
  workloads.has(`${KubeObject.groupOf(ref.apiVersion)}/${ref.kind}`);

const workloads = new Set([
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
  "batch/Job",
  "argoproj.io/Rollout",
]);

export const hasReplicaSets = (ref: { readonly kind: string }): boolean =>
  ref.kind === "Deployment" || ref.kind === "Rollout";

export const newRevisionOf = (workload: KubeObject.KubeObject, owned: Owned): Revision => {
  const uid = workload.metadata.uid;
  if (uid === undefined) return none;
  const { status } = partsOf(workload);
  const ofReplicaSet = (set: KubeObject.KubeObject | undefined): Revision =>
    set?.metadata.uid === undefined
      ? none
      : { controller: set, pods: live(owned.pods(set.metadata.uid)) };
  switch (workload.kind) {
    case "Deployment":
      return ofReplicaSet(newReplicaSetOf(workload, owned.replicaSets(uid)));
    case "Rollout": {
      const hash = status["currentPodHash"];
      return ofReplicaSet(
        owned
          .replicaSets(uid)
          .find(
            (set) =>
              typeof hash === "string" &&
              set.metadata.labels?.["rollouts-pod-template-hash"] === hash,
          ),
      );
    }
    case "StatefulSet": {
      if (!isObserved(workload)) return none;
      const all = live(owned.pods(uid));
      const pods = withLabel(all, "controller-revision-hash", status["updateRevision"]);
      return { controller: workload, pods, old: all.filter((pod) => !pods.includes(pod)) };
    }
    case "DaemonSet":
      return isObserved(workload)
        ? {
            controller: workload,
            pods: withLabel(
              live(owned.pods(uid)),
              "pod-template-generation",
              workload.metadata.annotations?.["deprecated.daemonset.template.generation"],
            ),
          }
        : none;
    case "Pod":
      return { controller: undefined, pods: live([workload as Pod]) };
    default:
      return { controller: workload, pods: live(owned.pods(uid)) };
  }
};
