import { assert, describe, it } from "@effect/vitest";
import { type Progress, Service } from "@nopea/domain";
import { Deploys, Store } from "@nopea/store";
import { Effect, Option, Schema, type Scope } from "effect";
import { at, ended, folder, id, layer, ref, result, row } from "./given.js";

const inStore = <A, E>(
  test: (
    deploys: typeof Deploys.Deploys.Service,
    store: typeof Store.Store.Service,
  ) => Effect.Effect<A, E, Scope.Scope>,
) =>
  Effect.gen(function* () {
    const path = yield* folder;
    return yield* Effect.gen(function* () {
      return yield* test(yield* Deploys.Deploys, yield* Store.Store);
    }).pipe(Effect.provide(layer(path)));
  });

const cluster = (text: string) => Schema.decodeSync(Service.ClusterId)(text);

describe("the queue", () => {
  it.scoped("gives back a row as it was given", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const full = ended(1, {
          outcome: "failed",
          reason: "crash_loop",
          restored: true,
          rollbackOf: id(0),
          change: { kind: "image", semver: "minor", objects: 1, lines: 2 },
          who: { kind: "ci", name: "build 7" },
          digest: "abc",
          result: result(1, { status: "failed", reason: "crash_loop" }),
        });
        assert.isTrue(yield* deploys.put(full));
        assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(full));
        assert.deepStrictEqual(yield* deploys.find(id(2)), Option.none());
      }),
    ),
  );

  it.scoped("lets one have its turn and `limit` wait, each service for itself", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const answers = [];
        for (const n of [1, 2, 3, 4]) answers.push(yield* deploys.accept(row(n), 2, "me"));
        assert.deepStrictEqual(answers, [
          { accepted: true, waiting: 0 },
          { accepted: true, waiting: 1 },
          { accepted: true, waiting: 2 },
          { accepted: false, waiting: 3 },
        ]);
        assert.isTrue(Option.isNone(yield* deploys.find(id(4))));
        const other = yield* deploys.accept(row(5, { ref: ref("api") }), 2, "me");
        assert.isTrue(other.accepted);
        yield* deploys.put(row(1, { state: "refused" }));
        assert.isTrue((yield* deploys.accept(row(6), 2, "me")).accepted);
      }),
    ),
  );

  it.scoped("is in the order of acceptance, whatever the ids say", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.accept(row(9), 10, "a");
        yield* deploys.accept(row(3), 10, "b");
        assert.isTrue(yield* deploys.isNext(id(9)));
        assert.isFalse(yield* deploys.isNext(id(3)));
        yield* deploys.put(row(9, { state: "running" }));
        assert.isTrue(yield* deploys.isNext(id(9)));
        assert.isFalse(yield* deploys.isNext(id(3)));
        assert.deepStrictEqual(
          (yield* deploys.open(ref())).map((one) => [one.row.id, one.row.state, one.owner]),
          [
            [id(9), "running", "a"],
            [id(3), "accepted", "b"],
          ],
        );
        yield* deploys.put(row(9, { state: "settling" }));
        assert.isTrue(yield* deploys.isNext(id(3)));
        assert.strictEqual((yield* deploys.open(ref())).length, 2);
        assert.isTrue(yield* deploys.put(ended(9)));
        assert.strictEqual((yield* deploys.open(ref())).length, 1);
        assert.isFalse(yield* deploys.isNext(id(9)));
        assert.isFalse(yield* deploys.isNext(id(77)));
      }),
    ),
  );

  it.scoped("has no place for what another machine has in flight", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.takeIn([row(1, { state: "running", origin: "ledger" })], Option.none());
        assert.deepStrictEqual(yield* deploys.accept(row(2), 0, "me"), {
          accepted: true,
          waiting: 0,
        });
        assert.isTrue(yield* deploys.isNext(id(2)));
        assert.strictEqual((yield* deploys.open(ref())).length, 2);
      }),
    ),
  );

  it.scoped("never changes a row that has ended", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.put(ended(1));
        assert.isFalse(yield* deploys.put(ended(1, { outcome: "failed" })));
        assert.isFalse(yield* deploys.put(row(1, { state: "running" })));
        assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(ended(1)));
      }),
    ),
  );
});

describe("history and services", () => {
  it.scoped("list newest first, without what was refused", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        for (const n of [2, 5, 1, 4]) yield* deploys.put(ended(n));
        yield* deploys.accept(row(3), 10, "me");
        yield* deploys.put(row(3, { state: "refused", reason: "unknown_kind" }));
        yield* deploys.put(ended(6, { ref: ref("web", "other"), result: result(6) }));
        assert.deepStrictEqual(
          (yield* deploys.history(ref(), 3)).map((one) => one.id),
          [id(5), id(4), id(2)],
        );
        assert.deepStrictEqual(
          (yield* deploys.services({})).map((one) => [
            one.ref.namespace,
            one.deploys,
            one.newest.id,
          ]),
          [
            ["other", 1, id(6)],
            ["shop", 4, id(5)],
          ],
        );
        assert.strictEqual((yield* deploys.services({ namespace: ref().namespace })).length, 1);
        assert.strictEqual((yield* deploys.services({ cluster: cluster("c2") })).length, 0);
      }),
    ),
  );

  it.scoped("do not list a service of which every deploy was refused", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.accept(row(1), 10, "me");
        yield* deploys.put(row(1, { state: "refused" }));
        assert.deepStrictEqual(yield* deploys.services({}), []);
        assert.deepStrictEqual(yield* deploys.history(ref(), 10), []);
      }),
    ),
  );

  it.scoped("go on without a row that can't be read", () =>
    inStore((deploys, store) =>
      Effect.gen(function* () {
        for (const n of [1, 2, 3]) yield* deploys.put(ended(n));
        yield* store.transaction(
          (sql) => sql`UPDATE deploys SET result = '{"half' WHERE id = ${id(2)}`,
        );
        yield* store.transaction(
          (sql) => sql`UPDATE deploys SET strategy = 'sideways' WHERE id = ${id(3)}`,
        );
        assert.deepStrictEqual(
          (yield* deploys.history(ref(), 10)).map((one) => one.id),
          [id(1)],
        );
        assert.isTrue(Option.isNone(yield* deploys.find(id(2))));
      }),
    ),
  );

  it.scoped("read by an index, never the whole table", () =>
    inStore((deploys, store) =>
      Effect.gen(function* () {
        yield* deploys.put(ended(1));
        const queries = [
          "SELECT * FROM deploys WHERE cluster = 'a' AND namespace = 'b' AND service = 'c' AND state <> 'refused' ORDER BY id DESC LIMIT 5",
          "SELECT * FROM deploys WHERE cluster = 'a' AND namespace = 'b' AND service = 'c' AND state IN ('accepted', 'running', 'settling') AND state <> 'settling' AND origin = 'local' ORDER BY seq",
          "SELECT * FROM deploys WHERE id = 'x'",
        ];
        for (const query of queries) {
          const plan = yield* store.read((sql) =>
            sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`),
          );
          const said = plan.map((step) => step.detail).join("; ");
          assert.match(said, /^SEARCH deploys USING INDEX [^;]*$/, query);
        }
      }),
    ),
  );
});

describe("taking in what the ledger holds", () => {
  const theirs = (n: number, over: Parameters<typeof ended>[1] = {}) => {
    const { result: _, ...rest } = ended(n, { origin: "ledger", ...over });
    return rest;
  };

  it.scoped("adds what is new, once", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const rows = [theirs(1), theirs(2)];
        assert.strictEqual(yield* deploys.takeIn(rows, Option.none()), 2);
        assert.strictEqual(yield* deploys.takeIn([...rows, theirs(3)], Option.none()), 1);
        assert.strictEqual((yield* deploys.history(ref(), 10)).length, 3);
        assert.strictEqual((yield* deploys.services({}))[0]?.deploys, 3);
      }),
    ),
  );

  it.scoped("leaves a row that ended here as it is, and fills in what it lacks", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.put(ended(1));
        yield* deploys.takeIn(
          [theirs(1, { outcome: "failed", reason: "timeout" }), theirs(2)],
          Option.none(),
        );
        assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(ended(1)));
        yield* deploys.takeIn(
          [ended(2, { origin: "ledger", who: { kind: "human", name: "ada" } })],
          Option.none(),
        );
        assert.deepStrictEqual(
          yield* deploys.find(id(2)),
          Option.some(ended(2, { origin: "ledger", who: { kind: "human", name: "ada" } })),
        );
      }),
    ),
  );

  it.scoped(
    "ends an open row with the ledger's outcome, and drops a result that says otherwise",
    () =>
      inStore((deploys) =>
        Effect.gen(function* () {
          const who = { kind: "ci", name: "build 7" } as const;
          yield* deploys.accept(row(1, { who }), 10, "me");
          yield* deploys.put(
            row(1, { who, state: "settling", outcome: "completed", result: result(1) }),
          );
          yield* deploys.accept(row(2, { who }), 10, "me");
          yield* deploys.put(
            row(2, { who, state: "settling", outcome: "completed", result: result(2) }),
          );
          const added = yield* deploys.takeIn(
            [theirs(1, { outcome: "failed", reason: "interrupted" }), theirs(2)],
            Option.none(),
          );
          assert.strictEqual(added, 0);
          assert.deepStrictEqual(
            yield* deploys.find(id(1)),
            Option.some({
              ...theirs(1, { outcome: "failed", reason: "interrupted" }),
              origin: "local" as const,
              who,
            }),
          );
          assert.deepStrictEqual(yield* deploys.find(id(2)), Option.some(ended(2, { who })));
          assert.deepStrictEqual(yield* deploys.open(ref()), []);
        }),
      ),
  );

  it.scoped("shows a deploy again that was taken for refused", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        yield* deploys.put(row(1, { state: "refused" }));
        yield* deploys.takeIn([theirs(1)], Option.none());
        assert.strictEqual((yield* deploys.services({}))[0]?.deploys, 1);
        assert.strictEqual((yield* deploys.history(ref(), 10))[0]?.state, "ended");
      }),
    ),
  );

  it.scoped("keeps the newest copy of each ledger", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const copy = (n: number) => ({
          ref: ref(),
          resourceVersion: `${n}`,
          ledger: { version: 1, seen: n },
          readAt: at(n),
        });
        assert.isTrue(Option.isNone(yield* deploys.ledgerCopy(ref())));
        yield* deploys.takeIn([], Option.some(copy(5)));
        yield* deploys.takeIn([], Option.some(copy(4)));
        assert.deepStrictEqual(yield* deploys.ledgerCopy(ref()), Option.some(copy(5)));
        assert.deepStrictEqual(
          yield* deploys.ledgerVersions(ref().cluster, ref().namespace),
          new Map([["web", "5"]]),
        );
      }),
    ),
  );
});

describe("a cluster's name", () => {
  it.scoped("takes along what was kept under the fallback, and merges it", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const before = ref("web", "shop", "ca:1234");
        const copy = { resourceVersion: "1", ledger: {}, readAt: at(1) };
        yield* deploys.put(
          ended(1, { ref: before, result: result(1, { cluster: before.cluster }) }),
        );
        yield* deploys.put(ended(2));
        yield* deploys.putLastApplied(before, [{ key: "a", object: { a: 1 } }]);
        yield* deploys.takeIn([], Option.some({ ref: before, ...copy }));
        yield* deploys.takeIn([], Option.some({ ref: ref(), ...copy, resourceVersion: "9" }));

        const names = {
          server: "https://one:6443",
          fallbackId: "ca:1234",
          id: cluster("c1"),
          contextName: "prod",
        };
        yield* deploys.nameCluster(names);
        yield* deploys.nameCluster(names);

        const history = yield* deploys.history(ref(), 10);
        assert.deepStrictEqual(history, [ended(2), ended(1)]);
        assert.deepStrictEqual(
          (yield* deploys.services({})).map((one) => [one.ref, one.deploys]),
          [[ref(), 2]],
        );
        assert.deepStrictEqual(yield* deploys.lastApplied(ref()), [{ key: "a", object: { a: 1 } }]);
        const kept = Option.getOrThrow(yield* deploys.ledgerCopy(ref()));
        assert.strictEqual(kept.resourceVersion, "9");
        assert.isTrue(Option.isNone(yield* deploys.ledgerCopy(before)));
        assert.deepStrictEqual(
          yield* deploys.clusterByFallback("https://one:6443", "ca:1234"),
          Option.some({ id: cluster("c1"), contextName: "prod" }),
        );
        assert.isTrue(
          Option.isNone(yield* deploys.clusterByFallback("https://two:6443", "ca:1234")),
        );

        yield* deploys.put(ended(3, { ref: before }));
        yield* deploys.nameCluster({ ...names, contextName: "production" });
        assert.strictEqual((yield* deploys.services({}))[0]?.deploys, 3);
        assert.deepStrictEqual(
          yield* deploys.clusterByFallback("https://one:6443", "ca:1234"),
          Option.some({ id: cluster("c1"), contextName: "production" }),
        );
      }),
    ),
  );
});

describe("what else is kept of a deploy", () => {
  it.scoped("its progress, each event once, in order", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const event = (seq: number): Progress.Progress => ({
          deployId: id(1),
          seq,
          at: at(seq),
          type: "warning",
          message: `warning ${seq}`,
        });
        for (const seq of [1, 0, 2, 1]) yield* deploys.addProgress(event(seq));
        assert.deepStrictEqual(yield* deploys.progress(id(1)), [event(0), event(1), event(2)]);
        assert.deepStrictEqual(yield* deploys.progress(id(2)), []);
      }),
    ),
  );

  it.scoped("the objects as they were last applied", () =>
    inStore((deploys) =>
      Effect.gen(function* () {
        const objects = Array.from({ length: 1000 }, (_, n) => ({
          key: `v1/ConfigMap/shop/config-${n}`,
          object: { apiVersion: "v1", kind: "ConfigMap", data: { text: `ä ${n}` } },
        }));
        assert.deepStrictEqual(yield* deploys.lastApplied(ref()), []);
        yield* deploys.putLastApplied(ref(), objects.slice(1));
        yield* deploys.putLastApplied(ref(), objects);
        assert.deepStrictEqual(yield* deploys.lastApplied(ref()), objects);
      }),
    ),
  );
});
