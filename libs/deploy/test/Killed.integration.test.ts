/** A deploy killed at each of its writes, and what the next one makes of it. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import type { Service } from "@nopea/domain";
import { Deploys } from "@nopea/store";
import { Context, Effect } from "effect";
import {
  configMap,
  deploy,
  deployment,
  dyingAt,
  folder,
  ledgerOf,
  onMachine,
  skipped,
  world,
} from "./support/World.js";

/** More than a deploy of two objects has: the last ones are not reached, and it completes. */
const writes = 9;

describe.skipIf(skipped !== undefined)("a deploy that is killed", { concurrent: true }, () => {
  for (const reached of [false, true]) {
    for (let n = 1; n <= writes; n += 1) {
      const when = `${reached ? "after" : "before"} write ${n} arrives`;
      it.scopedLive(`is settled once by the next deploy: ${when}`, () =>
        Effect.gen(function* () {
          const { cluster, namespace } = yield* world;
          const service = "web" as Service.ServiceName;
          const state = yield* folder;
          const objects = [configMap("settings", { a: "1" }), deployment("web", "v1")];
          const dying = dyingAt(cluster, n, reached);
          const dead = yield* onMachine(state, true);
          // It never returns: what is left of it in this process is as good as gone.
          yield* Effect.forkDaemon(
            Effect.ignore(deploy(dead, dying.cluster, { service, namespace, objects })),
          );
          const died = yield* dying.died.pipe(
            Effect.as(true),
            Effect.timeoutTo({
              duration: "8 seconds",
              onSuccess: (yes) => yes,
              onTimeout: () => false,
            }),
          );
          const next = yield* deploy(yield* onMachine(state), cluster, {
            service,
            namespace,
            objects,
          });
          assert.strictEqual(next.result.status, "completed");
          assert.isTrue(next.result.verified);

          const ledger = yield* ledgerOf(cluster, namespace, service);
          assert.isUndefined(ledger.inFlight);
          const rows = yield* Context.get(dead, Deploys.Deploys).history(
            { cluster: next.result.cluster!, namespace, service },
            10,
          );
          // Each deploy has one outcome, the same in both places; one that had not begun has none.
          assert.isTrue(rows.every(({ state }) => state === "ended"));
          const inBoth = rows.filter(({ unchanged }) => !unchanged);
          assert.deepStrictEqual(
            inBoth.map(({ id, outcome, reason }) => [id, outcome, reason]),
            [...ledger.outcomes]
              .sort((a, b) => (a.id < b.id ? 1 : -1))
              .map(({ id, outcome, reason }) => [id, outcome, reason]),
          );
          const before = rows.find(({ id }) => id !== next.result.deployId);
          if (before?.outcome === "failed") {
            assert.include(["interrupted", "superseded"], before.reason);
          }
          if (!died) assert.strictEqual(before?.outcome, "completed");
        }),
      );
    }
  }
});
