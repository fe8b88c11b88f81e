/** What one look at a cluster says, by the cluster's own times. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, TestClock } from "effect";
import { snapshot } from "../src/waiting/Waiter.js";
import * as Fake from "./support/FakeCluster.js";
import { pod, pullDenied, start } from "./support/Objects.js";
import { base, settings, web } from "./support/Waiting.js";

describe("a snapshot", () => {
  const at = (second: number, objects: Fake.FakeOptions["objects"]) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start + second * 1_000);
      const { cluster } = yield* Fake.make({ objects: objects ?? {} });
      return yield* snapshot(cluster, web, settings);
    });

  it.effect("tells what is terminal now from what only stands, by the cluster's own times", () =>
    Effect.gen(function* () {
      const early = yield* at(20, base(pod("a", "web-1", pullDenied)));
      assert.deepStrictEqual(
        [early.ready, early.terminal.length, early.standing.length],
        [false, 0, 1],
      );
      const late = yield* at(31, base(pod("a", "web-1", pullDenied)));
      assert.deepStrictEqual(
        late.terminal.map(({ reason }) => reason),
        ["image_pull_denied"],
      );
    }),
  );

  it.effect("says what is not there", () =>
    Effect.gen(function* () {
      const { objects, ready: all } = yield* at(0, {});
      assert.deepStrictEqual([objects[0]?.missing, all], [true, false]);
    }),
  );
});
