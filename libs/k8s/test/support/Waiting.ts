/** A wait under way on a fake cluster and a clock that the test moves. */
import type { KubeObject, Reason } from "@nopea/domain";
import { assert } from "@effect/vitest";
import { Clock, Effect, Stream, TestClock } from "effect";
import {
  observe,
  type Observation,
  type Verdict,
  type WaitSettings,
  type WaitTarget,
} from "../../src/waiting/Waiter.js";
import * as Fake from "./FakeCluster.js";
import { deployment, replicaSet, start } from "./Objects.js";

export const settings: WaitSettings = {
  timeoutMs: 120_000,
  deadlineMs: 3_600_000,
  windows: {},
  crashLoopRestarts: 2,
};

export const base = (...pods: ReadonlyArray<KubeObject.KubeObject>) => ({
  Deployment: [deployment("web", { wanted: Math.max(1, pods.length) })],
  ReplicaSet: [replicaSet("web")],
  Pod: pods,
});

export const web: ReadonlyArray<WaitTarget> = [{ object: deployment("web") }];

/** A wait under way: what it has said so far, each with its second. */
export const waiting = Effect.fnUntraced(function* (
  options: Fake.FakeOptions,
  targets: ReadonlyArray<WaitTarget> = web,
  more: Partial<WaitSettings> = {},
) {
  yield* TestClock.setTime(start);
  const fake = yield* Fake.make(options);
  const said: Array<{ readonly second: number; readonly observation: Observation }> = [];
  const fiber = yield* observe(fake.cluster, targets, { ...settings, ...more }).pipe(
    Stream.runForEach((observation) =>
      Clock.currentTimeMillis.pipe(
        Effect.map((now) => said.push({ second: (now - start) / 1_000, observation })),
      ),
    ),
    Effect.fork,
  );
  yield* TestClock.adjust("50 millis");
  const verdict = (): (Verdict & { readonly second: number }) | undefined => {
    for (const { second, observation } of said)
      if (observation.type === "verdict") return { ...observation.verdict, second };
    return undefined;
  };
  const after = (seconds: number) => TestClock.adjust(`${seconds * 1_000} millis`);
  const change = (...objects: ReadonlyArray<KubeObject.KubeObject>) =>
    Effect.forEach(objects, fake.changed).pipe(Effect.zipRight(TestClock.adjust("50 millis")));
  const of = <Type extends Observation["type"]>(type: Type) =>
    said.flatMap(({ observation }) =>
      observation.type === type
        ? [observation as Extract<Observation, { readonly type: Type }>]
        : [],
    );
  return { ...fake, fiber, verdict, after, change, of, said };
});

const failed = (verdict: (Verdict & { readonly second: number }) | undefined) => {
  assert.isDefined(verdict, "the wait goes on");
  assert.isFalse(verdict?.ready, "it ended ready");
  return verdict as Extract<Verdict, { readonly ready: false }> & { readonly second: number };
};

export const endsWith = (
  verdict: (Verdict & { readonly second: number }) | undefined,
  reason: Reason.Reason,
  timedOut: boolean,
) => {
  const found = failed(verdict);
  assert.deepStrictEqual([found.cause.reason, found.timedOut], [reason, timedOut]);
  return found;
};
