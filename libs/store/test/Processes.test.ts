import { assert, describe, it } from "@effect/vitest";
import { Deploys, Store } from "@nopea/store";
import { Effect } from "effect";
import { readdirSync } from "node:fs";
import { folder, id, layer, ref, row } from "./given.js";
import { bundle, start, together } from "./processes.js";

interface Accepted {
  readonly accepted: boolean;
  readonly waiting: number;
}

describe("many processes on one store", () => {
  it.scopedLive(
    "accept at once: none is lost, and each has its own place",
    () =>
      Effect.gen(function* () {
        const path = yield* folder;
        const bundled = yield* bundle();
        const firsts = [0, 1000, 2000, 3000];
        const answers = yield* together(
          bundled,
          firsts.map((first) => [path, "accept", `${first}`, "40", "1000000"]),
        );
        const places = (answers.flat() as ReadonlyArray<Accepted>)
          .map((one) => one.waiting)
          .sort((a, b) => a - b);
        assert.deepStrictEqual(places, [...Array(160).keys()]);
        const { first, open } = yield* Effect.gen(function* () {
          const deploys = yield* Deploys.Deploys;
          const open = yield* deploys.open(ref());
          const next = [];
          for (const { row } of open) if (yield* deploys.isNext(row.id)) next.push(row.id);
          return { first: next, open };
        }).pipe(Effect.provide(layer(path)));
        assert.strictEqual(open.length, 160);
        assert.deepStrictEqual(first, [open[0]?.row.id]);
        assert.deepStrictEqual(
          new Set(open.map((one) => one.row.id)),
          new Set(firsts.flatMap((first) => [...Array(40).keys()].map((n) => id(first + n)))),
        );
      }),
    30_000,
  );

  it.scopedLive(
    "accept at once: never more than the limit wait",
    () =>
      Effect.gen(function* () {
        const path = yield* folder;
        const bundled = yield* bundle();
        const answers = yield* together(
          bundled,
          [0, 1000, 2000, 3000].map((first) => [path, "accept", `${first}`, "8", "10"]),
        );
        const accepted = (answers.flat() as ReadonlyArray<Accepted>).filter((one) => one.accepted);
        // One has its turn, ten wait; 21 were refused.
        assert.strictEqual(accepted.length, 11);
        const open = yield* Effect.flatMap(Deploys.Deploys, (deploys) => deploys.open(ref())).pipe(
          Effect.provide(layer(path)),
        );
        assert.strictEqual(open.length, 11);
      }),
    30_000,
  );

  it.scopedLive(
    "make a new store at once: all of them find it whole",
    () =>
      Effect.gen(function* () {
        const bundled = yield* bundle();
        for (const round of [1, 2, 3]) {
          const path = yield* folder;
          yield* together(
            bundled,
            [1, 2, 3, 4].map((first) => [path, "accept", `${first}`, "1", "10"]),
          );
          const health = yield* Effect.flatMap(Store.Store, (store) => store.health).pipe(
            Effect.provide(layer(path)),
          );
          assert.strictEqual(health.rows, 4, `round ${round}`);
        }
      }),
    30_000,
  );

  it.scopedLive(
    "are killed while they write: the store opens, and what had ended is there",
    () =>
      Effect.gen(function* () {
        const path = yield* folder;
        const bundled = yield* bundle();
        const seen: Array<number> = [];
        for (const round of [0, 1, 2]) {
          const workers = yield* Effect.forEach([1, 2], (which) =>
            start(bundled, [path, "put", `${round * 1_000_000 + which * 100_000}`]),
          );
          yield* Effect.forEach(workers, (worker) => worker.go);
          yield* Effect.forEach(workers, (worker) => worker.until(15 + 10 * round));
          yield* Effect.forEach(workers, (worker) => worker.kill);
          seen.push(...workers.flatMap((worker) => worker.answers as ReadonlyArray<number>));
          yield* Effect.gen(function* () {
            const deploys = yield* Deploys.Deploys;
            const store = yield* Store.Store;
            const check = yield* store.read(
              (sql) => sql<{ integrity_check: string }>`PRAGMA integrity_check`,
            );
            assert.deepStrictEqual(check, [{ integrity_check: "ok" }]);
            const history = yield* deploys.history(ref(), 1_000_000);
            const ended = new Set(
              history.filter((one) => one.state === "ended").map((one) => one.id),
            );
            assert.deepStrictEqual(
              seen.filter((n) => !ended.has(id(n))),
              [],
            );
            const [count] = yield* deploys.services({});
            assert.strictEqual(count?.deploys, history.length);
            yield* deploys.put(row(round + 1));
          }).pipe(Effect.provide(layer(path)));
        }
        assert.isAbove(seen.length, 100);
      }),
    60_000,
  );

  it.scopedLive(
    "make the key of Secrets at once: all of them have the same",
    () =>
      Effect.gen(function* () {
        const bundled = yield* bundle();
        const path = yield* folder;
        const digests = (yield* together(
          bundled,
          [1, 2, 3, 4].map(() => [path, "digest"]),
        )).flat();
        assert.strictEqual(digests.length, 4);
        assert.strictEqual(new Set(digests).size, 1);
        assert.deepStrictEqual(readdirSync(path), ["secret.key"]);
      }),
    30_000,
  );
});
