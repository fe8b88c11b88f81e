/**
 * Past deploys in the ReplicaSets of Deployments: one for each revision that is still kept
 * (`revisionHistoryLimit`). How each ended is judged as `Revisions` says. The current one worked
 * where its Deployment says that its ReplicaSet became available; it failed where the Deployment
 * exceeded its progress deadline, or where none of its pods is ready and each shows why it never
 * will be. While it is paused, scaled to nothing or still under way, nobody knows.
 */
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { conditionOf, conditionSaidAt } from "../diagnosis/Pod.js";
import { figure, partsOf } from "../readiness/Judgement.js";
import * as CurrentPods from "./CurrentPods.js";
import * as Owned from "./Owned.js";
import type * as PastDeploy from "./PastDeploy.js";
import type * as Revisions from "./Revisions.js";

const REVISION = "deployment.kubernetes.io/revision";
const numbers: Owned.Numbers = {
  current: REVISION,
  history: "deployment.kubernetes.io/revision-history",
};
const HASH_LABEL = "pod-template-hash";
/** `progressDeadlineSeconds` that means none: the controller then says nothing of progress. */
const NO_DEADLINE = 2_147_483_647;

const verdictOf = (
  deployment: KubeObject.KubeObject,
  current: KubeObject.KubeObject,
  pods: ReadonlyArray<KubeObject.KubeObject>,
  now: number,
): Revisions.Verdict | undefined => {
  const { spec, status, conditions } = partsOf(deployment);
  const { generation = 0, annotations = {} } = deployment.metadata;
  const wanted = figure(spec, "replicas", 1);
  if (
    wanted === 0 ||
    spec["paused"] === true ||
    figure(status, "observedGeneration") < generation ||
    annotations[REVISION] !== String(Owned.newestNumber(current, numbers))
  ) {
    return undefined;
  }
  const progressing = conditionOf(conditions, "Progressing");
  if (progressing?.reason === "NewReplicaSetAvailable") {
    return { type: "ok", at: conditionSaidAt(progressing) };
  }
  const cause = CurrentPods.causeOf(current, pods, now);
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    const reason = cause?.reason ?? "progress_deadline_exceeded";
    return { type: "failed", reason, at: conditionSaidAt(progressing) };
  }
  const available = figure(partsOf(current).status, "availableReplicas");
  if (figure(spec, "progressDeadlineSeconds") === NO_DEADLINE && available >= wanted) {
    return { type: "ok", at: undefined };
  }
  return available === 0 && cause?.decided === true
    ? { type: "failed", reason: cause.reason, at: cause.at }
    : undefined;
};

/** `pods`: of the current revisions, as far as they may be read; only those that don't run are looked at. */
export const fromObjects = (
  objects: {
    readonly deployments: ReadonlyArray<KubeObject.KubeObject>;
    readonly replicaSets: ReadonlyArray<KubeObject.KubeObject>;
    readonly pods?: ReadonlyArray<KubeObject.KubeObject>;
  },
  { now, marks }: PastDeploy.ReadOptions,
): PastDeploy.Found => {
  const sets = Owned.byOwner(objects.replicaSets, "Deployment");
  const pods = Owned.byOwner(objects.pods ?? [], "ReplicaSet");
  return Owned.found(objects.deployments, marks, (deployment) => {
    const owned = sets.get(deployment.metadata.uid ?? "") ?? [];
    const current = Owned.newest(owned, numbers);
    if (current === undefined) return undefined;
    return {
      strategy: "direct",
      kept: Owned.kept(owned, numbers),
      verdict: verdictOf(deployment, current, pods.get(current.metadata.uid ?? "") ?? [], now),
    };
  });
};

/** `namespace`: absent for all. Pods that may not be read are done without. */
export const read = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
  options: PastDeploy.ReadOptions,
): Effect.Effect<PastDeploy.Found, ClusterFailure> =>
  Effect.gen(function* () {
    const [deployments, replicaSets] = yield* Effect.all([
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace }),
      cluster.list({ apiVersion: "apps/v1", kind: "ReplicaSet", namespace }),
    ]);
    const sets = Owned.byOwner(replicaSets.items, "Deployment");
    const open = deployments.items.flatMap((deployment) => {
      const current = Owned.newest(sets.get(deployment.metadata.uid ?? "") ?? [], numbers);
      if (current === undefined || figure(partsOf(current).spec, "replicas") === 0) return [];
      const verdict = verdictOf(deployment, current, [], options.now);
      return verdict?.type === "ok" ? [] : [current];
    });
    const pods = yield* Owned.pods(cluster, open, HASH_LABEL);
    return fromObjects(
      { deployments: deployments.items, replicaSets: replicaSets.items, pods },
      options,
    );
  });
