/**
 * Waiting for the truth: watches the objects of a deploy and the pods of the revision being
 * deployed, judges readiness and diagnoses pods, and ends with a verdict. The clock and all
 * windows are arguments of the rules beneath.
 */
import { KubeObject } from "@nopea/domain";
import { Chunk, Clock, Duration, Effect, FiberHandle, Option, Queue, Stream } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { withLogs } from "./Logs.js";
import type { Observation, WaitSettings, WaitTarget } from "./Observation.js";
import { bindingModesOf } from "./StorageClasses.js";
import { type Outcome, Watching } from "./Watching.js";
import * as Watchers from "./Watchers.js";

export type {
  Finding,
  Observation,
  Snapshot,
  Verdict,
  WaitSettings,
  WaitTarget,
} from "./Observation.js";
export { snapshot } from "./Snapshot.js";

/** Changes that come within this of each other are judged together: 300 pods change thousands of times. */
const TOGETHER_MS = 40;

/**
 * Watches until all targets are ready, a reason ends the wait, or the time is over; the last
 * observation is always the one `verdict`. Fails only where the targets themselves can't be read.
 */
export const observe = (
  cluster: typeof Cluster.Service,
  targets: ReadonlyArray<WaitTarget>,
  settings: WaitSettings,
): Stream.Stream<Observation, ClusterFailure> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const refs = targets.map((target) => KubeObject.refOf(target.object));
      const skew = yield* cluster.clockSkewMs;
      const clusterNow = Effect.map(Clock.currentTimeMillis, (now) => now + skew);
      const inbox = yield* Queue.unbounded<Watchers.Input>();
      const sources = yield* Watchers.start(cluster, refs, inbox);
      const watching = new Watching(
        cluster,
        targets,
        settings,
        sources,
        yield* bindingModesOf(cluster, refs),
        yield* clusterNow,
      );
      const alarm = yield* FiberHandle.make();
      const wakeAt = (due: number, now: number) =>
        FiberHandle.run(
          alarm,
          Effect.sleep(Duration.millis(Math.max(0, due - now))).pipe(
            Effect.andThen(Queue.offer(inbox, { type: "due" })),
          ),
        );

      const endWith = Effect.fnUntraced(function* (outcome: Exclude<Outcome, { type: "waiting" }>) {
        const objects = watching.objects();
        if (outcome.type === "ready")
          return [
            { type: "verdict", verdict: { ready: true, objects } },
          ] satisfies ReadonlyArray<Observation>;
        const { cause, timedOut, others } = outcome;
        const { finding, failure } = yield* withLogs(cluster, cause, watching.podOf(cause));
        return [
          ...(failure === undefined ? [] : watching.degrade("logs", failure)),
          { type: "verdict", verdict: { ready: false, cause: finding, timedOut, others, objects } },
        ] satisfies ReadonlyArray<Observation>;
      });

      const step = Effect.fnUntraced(function* (state: {
        readonly done: boolean;
        readonly lookedAt: number;
      }) {
        if (state.done) return Option.none();
        const first = yield* Queue.takeBetween(inbox, 1, Number.MAX_SAFE_INTEGER);
        const soon = state.lookedAt + TOGETHER_MS - (yield* clusterNow);
        if (soon > 0) yield* Effect.sleep(Duration.millis(soon));
        const inputs = [...first, ...(yield* Queue.takeAll(inbox))];
        for (const input of inputs) if (input.type === "failed") return yield* input.failure;

        const now = yield* clusterNow;
        const said = watching.take(inputs, now);
        const { observations, outcome } = watching.look(
          now,
          inputs.some((input) => input.type === "due"),
        );
        if (outcome.type === "waiting") {
          yield* wakeAt(outcome.due, now);
          return Option.some([
            Chunk.fromIterable([...said, ...observations]),
            { done: false, lookedAt: now },
          ] as const);
        }
        return Option.some([
          Chunk.fromIterable([...said, ...observations, ...(yield* endWith(outcome))]),
          { done: true, lookedAt: now },
        ] as const);
      });

      // A set with nothing to wait for has no watcher that would wake it.
      yield* Queue.offer(inbox, { type: "due" });
      return Stream.unfoldChunkEffect({ done: false, lookedAt: Number.NEGATIVE_INFINITY }, step);
    }),
  );
