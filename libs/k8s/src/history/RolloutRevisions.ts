/**
 * Past deploys in the ReplicaSets of Argo Rollouts, judged as `Revisions` says; a Rollout with
 * `workloadRef` keeps them as well. The current one worked where it is stable and the Rollout
 * Healthy; it failed where the Rollout was aborted or exceeded its progress deadline, for the reason
 * that its pods show while they are there. A paused or progressing one is not decided, nor is one
 * whose spec is invalid.
 */
import type { KubeObject, Reason, Strategy } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { conditionOf, conditionSaidAt, millis } from "../diagnosis/Pod.js";
import { nested, partsOf } from "../readiness/Judgement.js";
import * as CurrentPods from "./CurrentPods.js";
import * as Owned from "./Owned.js";
import type { Found, ReadOptions } from "./PastDeploy.js";
import type { Verdict } from "./Revisions.js";

const API_VERSION = "argoproj.io/v1alpha1";
/** Argo Rollouts, utils/annotations and pkg/apis/rollouts/v1alpha1. */
const numbers: Owned.Numbers = {
  current: "rollout.argoproj.io/revision",
  history: "rollout.argoproj.io/revision-history",
};
const HASH_LABEL = "rollouts-pod-template-hash";

const strategyOf = (rollout: KubeObject.KubeObject): Strategy.Strategy => {
  const strategy = nested(partsOf(rollout).spec, "strategy");
  return strategy["blueGreen"] !== undefined
    ? "blue_green"
    : strategy["canary"] !== undefined
      ? "canary"
      : "direct";
};

const verdictOf = (
  rollout: KubeObject.KubeObject,
  current: KubeObject.KubeObject,
  pods: ReadonlyArray<KubeObject.KubeObject>,
  now: number,
): Verdict | undefined => {
  const { status, conditions } = partsOf(rollout);
  const hash = current.metadata.labels?.[HASH_LABEL];
  // observedGeneration is a text here.
  if (
    String(status["observedGeneration"]) !== String(rollout.metadata.generation) ||
    hash === undefined ||
    status["currentPodHash"] !== hash
  ) {
    return undefined;
  }
  const progressing = conditionOf(conditions, "Progressing");
  const saidAt = conditionSaidAt(progressing);
  const isStable = status["stableRS"] === hash;
  const failed = (otherwise: Reason.Reason, at = saidAt): Verdict => {
    const cause = CurrentPods.causeOf(current, pods, now);
    // Whoever aborted it may have had a reason that pods which only began don't show.
    const isCause = cause !== undefined && (cause.decided || otherwise !== "rollout_aborted");
    return { type: "failed", reason: isCause ? cause.reason : otherwise, at };
  };
  if (status["abort"] === true && !isStable) {
    const abortedAt = status["abortedAt"];
    const at = typeof abortedAt === "string" ? millis(abortedAt) : undefined;
    // `progressDeadlineAbort`: of the two only the abort's own words tell (Argo Rollouts, utils/conditions).
    const isTooSlow = /has timed out progressing/.test(progressing?.message ?? "");
    return failed(isTooSlow ? "progress_deadline_exceeded" : "rollout_aborted", at);
  }
  if (status["phase"] === "Degraded" && progressing?.reason === "ProgressDeadlineExceeded") {
    return failed("progress_deadline_exceeded");
  }
  return status["phase"] === "Healthy" && isStable ? { type: "ok", at: saidAt } : undefined;
};

export const fromObjects = (
  objects: {
    readonly rollouts: ReadonlyArray<KubeObject.KubeObject>;
    readonly replicaSets: ReadonlyArray<KubeObject.KubeObject>;
    readonly pods?: ReadonlyArray<KubeObject.KubeObject>;
  },
  { now, marks }: ReadOptions,
): Found => {
  const sets = Owned.byOwner(objects.replicaSets, "Rollout");
  const pods = Owned.byOwner(objects.pods ?? [], "ReplicaSet");
  return Owned.found(objects.rollouts, marks, (rollout) => {
    const owned = sets.get(rollout.metadata.uid ?? "") ?? [];
    const current = Owned.newest(owned, numbers);
    if (current === undefined) return undefined;
    return {
      strategy: strategyOf(rollout),
      kept: Owned.kept(owned, numbers),
      verdict: verdictOf(rollout, current, pods.get(current.metadata.uid ?? "") ?? [], now),
    };
  });
};

/** `namespace`: absent for all. A cluster without Argo Rollouts has none. */
export const read = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
  options: ReadOptions,
): Effect.Effect<Found, ClusterFailure> =>
  Effect.gen(function* () {
    const rollouts = yield* cluster.list({ apiVersion: API_VERSION, kind: "Rollout", namespace });
    if (rollouts.items.length === 0) return { deploys: [], skipped: [] };
    const sets = yield* cluster.list({ apiVersion: "apps/v1", kind: "ReplicaSet", namespace });
    const owned = Owned.byOwner(sets.items, "Rollout");
    const failed = rollouts.items.flatMap((rollout) => {
      const current = Owned.newest(owned.get(rollout.metadata.uid ?? "") ?? [], numbers);
      if (current === undefined) return [];
      return verdictOf(rollout, current, [], options.now)?.type === "failed" ? [current] : [];
    });
    const pods = yield* Owned.pods(cluster, failed, HASH_LABEL);
    return fromObjects({ rollouts: rollouts.items, replicaSets: sets.items, pods }, options);
  }).pipe(
    Effect.catchIf(
      (failure) => failure._tag === "ApiFailure" && failure.reason === "unknown_kind",
      () => Effect.succeed({ deploys: [], skipped: [] }),
    ),
  );
