/** The queue of one machine, on a store of its own; no cluster is asked. */
import { assert, describe, it } from "@effect/vitest";
import type { DeployId, Service } from "@nopea/domain";
import { Leases, ProcessIdentity } from "@nopea/k8s";
import { Deploys, type DeployRow, Store } from "@nopea/store";
import { Effect, Fiber, Layer, type Scope } from "effect";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Settings } from "../src/index.js";
import * as Owners from "../src/Owners.js";
import * as Turn from "../src/Turn.js";
import { cluster, id, time } from "./support/Ledgers.js";

const row = (n: number, state: DeployRow.DeployState = "accepted"): DeployRow.DeployRow => ({
  id: id(n),
  ref: {
    cluster,
    namespace: "shop" as Service.Namespace,
    service: "web" as Service.ServiceName,
  },
  state,
  strategy: "direct",
  acceptedAt: time(n),
  unchanged: false,
  origin: "local",
});

const held: Leases.HeldLease = { ensureHeld: Effect.void, lost: Effect.never };
const leases = Leases.Leases.of({
  acquire: () => Effect.succeed(held),
  peek: () => Effect.succeed({ holder: undefined, looksExpired: true }),
});

const machine: Effect.Effect<
  {
    readonly needs: Parameters<typeof Turn.accept>[0];
    readonly degraded: Array<string>;
    readonly ask: (n: number, waitMs?: number) => Turn.Request;
    readonly gone: string;
  },
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "nopea-turn-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  );
  const context = yield* Layer.build(Layer.provide(Deploys.layer, Store.layer({ folder })));
  const deploys = yield* Effect.provide(Deploys.Deploys, context);
  const identity = yield* ProcessIdentity.make;
  const degraded: Array<string> = [];
  return {
    needs: { deploys, leases, identity },
    degraded,
    gone: Owners.encode({ ...identity.self, pid: 4_000_000, start: "1" }),
    ask: (n, waitMs = 60_000) => ({
      cluster: {} as Turn.Request["cluster"],
      place: { namespace: "shop", service: "web" },
      row: row(n),
      until: Date.now() + waitMs,
      emit: () => Effect.void,
      degrade: (what) => Effect.sync(() => degraded.push(what)),
    }),
  };
});

const quick = Effect.provideService(Settings.Settings, { ...Settings.defaults, cooldownMs: 300 });

describe("a deploy's turn", () => {
  it.scopedLive("refuses the eleventh that would wait", () =>
    Effect.gen(function* () {
      const { needs, ask } = yield* machine;
      for (let n = 1; n <= 11; n += 1) assert.isTrue(yield* Turn.accept(needs, ask(n)));
      const refused = yield* Effect.flip(Turn.accept(needs, ask(12)));
      assert.strictEqual(refused._tag, "QueueFull");
      assert.include(refused.message, "10 deploys of web in shop");
    }),
  );

  it.scopedLive("gives the places of those that died while they waited to others", () =>
    Effect.gen(function* () {
      const { needs, ask, gone } = yield* machine;
      for (let n = 1; n <= 11; n += 1) yield* needs.deploys.accept(row(n), 10, gone);
      assert.isTrue(yield* Turn.accept(needs, ask(12)));
      yield* Effect.scoped(Turn.take(needs, ask(12)));
      const first = yield* needs.deploys.find(id(1) as DeployId.DeployId);
      assert.strictEqual(first._tag === "Some" ? first.value.state : "", "refused");
    }),
  );

  it.scopedLive("comes in the order in which they were accepted", () =>
    Effect.gen(function* () {
      const { needs, ask } = yield* machine;
      const order: Array<number> = [];
      for (const n of [1, 2, 3]) yield* Turn.accept(needs, ask(n));
      const one = (n: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* Turn.take(needs, ask(n));
            order.push(n);
            yield* needs.deploys.put({
              ...row(n, "ended"),
              outcome: "completed",
              endedAt: time(n),
            });
          }),
        );
      yield* Effect.all([one(3), one(2), one(1)], { concurrency: "unbounded" });
      assert.deepStrictEqual(order, [1, 2, 3]);
    }),
  );

  it.scopedLive("is not waited for longer than it was to be", () =>
    Effect.gen(function* () {
      const { needs, ask } = yield* machine;
      yield* Turn.accept(needs, ask(1));
      yield* Turn.accept(needs, ask(2));
      const refused = yield* Effect.flip(Effect.scoped(Turn.take(needs, ask(2, 150))));
      assert.strictEqual(refused._tag, "Locked");
      assert.include(refused.message, id(1));
    }),
  );

  it.scopedLive("cools down after a deploy that crashed", () =>
    Effect.gen(function* () {
      const { needs, ask, gone } = yield* machine;
      yield* needs.deploys.accept(row(1), 10, gone);
      yield* needs.deploys.put(row(1, "running"));
      yield* Turn.accept(needs, ask(2));
      const turn = yield* Effect.fork(quick(Effect.scoped(Turn.take(needs, ask(2)))));
      yield* Effect.sleep("150 millis");
      assert.isNull(
        yield* Fiber.poll(turn).pipe(Effect.map((exit) => (exit._tag === "Some" ? 1 : null))),
      );
      yield* Fiber.join(turn);
    }),
  );
});
