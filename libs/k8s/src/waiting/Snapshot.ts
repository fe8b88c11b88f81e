/** Where the objects stand at one moment: by lists, judged as a wait would judge them, with ages taken from what the cluster itself says. */
import { KubeObject } from "@nopea/domain";
import { Clock, Effect, Option } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { conditionOf, millis } from "../diagnosis/Pod.js";
import * as Readiness from "../readiness/Readiness.js";
import * as Decision from "./Decision.js";
import * as Findings from "./Finding.js";
import { type JudgeContext, judgeTarget } from "./Judge.js";
import type { Finding, Snapshot, WaitSettings, WaitTarget } from "./Observation.js";
import { type Source, sourcesOf } from "./Sources.js";
import { bindingModesOf } from "./StorageClasses.js";
import { World } from "./World.js";

/**
 * Reads and judges once. What may not be read of pods and events is done without; fails where the
 * targets themselves can't be read.
 */
export const snapshot: (
  cluster: typeof Cluster.Service,
  targets: ReadonlyArray<WaitTarget>,
  settings: WaitSettings,
) => Effect.Effect<Snapshot, ClusterFailure> = Effect.fn("Waiter.snapshot")(
  function* (cluster, targets, settings) {
    const refs = targets.map((target) => KubeObject.refOf(target.object));
    const world = new World(new Set(refs.map(KubeObject.refKey)), 0);
    const sources = sourcesOf(refs);
    const unread = new Set<Source>();
    yield* Effect.forEach(
      sources,
      (source) =>
        read(cluster, source, refs).pipe(
          Effect.catchIf(
            (failure) => failure._tag === "ApiFailure" && source.role !== "targets",
            () => Effect.sync(() => (unread.add(source), [])),
          ),
          Effect.map((objects) => world.take(source, { type: "resynced", objects })),
        ),
      { concurrency: 8, discard: true },
    );
    const now = (yield* Clock.currentTimeMillis) + (yield* cluster.clockSkewMs);
    const context: JudgeContext = {
      now,
      crashLoopRestarts: settings.crashLoopRestarts,
      podsKnown: ![...unread].some((source) => source.role !== "events"),
      bindingModes: yield* bindingModesOf(cluster, refs),
      cache: new Map(),
    };
    const judged = targets.map((target) => judgeTarget(world, target.object, context));
    const gone = yield* missingOf(cluster, refs);
    const standing: Decision.Standing = {
      targets: judged,
      now,
      appliedAt: () => 0,
      firstSeen: (target, pod, sign) =>
        pod === undefined
          ? (sign.decidedAt ?? target.createdAt)
          : (millis(conditionOf(pod.pod.status?.conditions, "Ready")?.lastTransitionTime) ??
            millis(pod.pod.metadata.creationTimestamp) ??
            now),
      podReadySeen: () => undefined,
      windows: settings.windows,
    };
    const signs = [...Decision.signsOf(standing)].sort(Findings.byWeight);
    const failures = Decision.failuresOf(standing).map((target) =>
      Findings.causeOf({ type: "failed", target, signs: [] }, world, context),
    );
    const ended = (over: boolean): ReadonlyArray<Finding> =>
      signs.filter((item) => item.endsAt <= now === over).map(Findings.ofSign);
    return {
      objects: judged.map((target) => ({
        object: target.ref,
        missing: target.live === undefined || gone.has(target.key),
        ready: target.readiness.ready && !gone.has(target.key),
        message: gone.has(target.key) ? "is not there" : target.readiness.message,
      })),
      // The object's own failure last: where a pod says more, that is the cause.
      terminal: [...ended(true), ...failures],
      standing: ended(false),
      ready: judged.every((target) => target.readiness.ready && !gone.has(target.key)),
    };
  },
);

/** Which of the objects that are ready by being there are not there; where that may not be read, none. */
const missingOf = (
  cluster: typeof Cluster.Service,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
): Effect.Effect<ReadonlySet<string>, ClusterFailure> =>
  Effect.forEach(
    [
      ...new Map(
        refs
          .filter(Readiness.isAlwaysReady)
          .map((ref) => [`${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ""}`, ref]),
      ).values(),
    ],
    ({ apiVersion, kind, namespace }) =>
      cluster.listMetadata({ apiVersion, kind, namespace }).pipe(
        Effect.map(({ items }) => {
          const there = new Set(items.map((item) => item.metadata.name));
          return refs.filter(
            (ref) =>
              ref.apiVersion === apiVersion &&
              ref.kind === kind &&
              ref.namespace === namespace &&
              !there.has(ref.name),
          );
        }),
        Effect.catchIf(
          (failure) => failure._tag === "ApiFailure" && failure.status === 403,
          () => Effect.succeed([]),
        ),
      ),
    { concurrency: 8 },
  ).pipe(Effect.map((missing) => new Set(missing.flat().map(KubeObject.refKey))));

const read = (
  cluster: typeof Cluster.Service,
  source: Source,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
) => {
  const one =
    source.collection.fieldSelector === undefined
      ? undefined
      : refs.find(
          (ref) =>
            ref.apiVersion === source.collection.apiVersion &&
            ref.kind === source.collection.kind &&
            ref.namespace === source.collection.namespace,
        );
  return one === undefined
    ? cluster.list(source.collection).pipe(Effect.map(({ items }) => items))
    : // The uid is the apply's: what is there now may be another.
      cluster.get(one).pipe(Effect.map(Option.toArray));
};
