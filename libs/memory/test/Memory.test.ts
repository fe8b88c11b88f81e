import { assert, describe, it } from "@effect/vitest";
import { type MemoryGraph, Service, Timestamp } from "@nopea/domain";
import type { Lesson } from "@nopea/memory";
import type { DeployRow } from "@nopea/store";
import { Chunk, Effect, Option, Schema, Stream, TestClock } from "effect";
import {
  asLesson,
  chance,
  DAY,
  type DeploysService,
  history,
  HOUR,
  idAt,
  inMemory,
  type MemoryService,
  MINUTE,
  ref,
  row,
  shuffled,
  T0,
} from "./given.js";

const cluster = (text: string) => Schema.decodeSync(Service.ClusterId)(text);

const failedRow = (at: number, over: Partial<DeployRow.DeployRow> = {}) =>
  row(at, { outcome: "failed", reason: "crash_loop", ...over });

/** As the ledgers bring them, then learnt. */
const feed = (
  memory: MemoryService,
  deploys: DeploysService,
  rows: ReadonlyArray<DeployRow.DeployRow>,
) => Effect.zipRight(deploys.takeIn(rows, Option.none()), memory.catchUp);

const image = { kind: "image", semver: "minor", objects: 1, lines: 2 } as const;

describe("learning", () => {
  it.effect("takes each outcome in once, and what taught nothing not at all", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(T0 + DAY);
        yield* deploys.put(row(T0));
        yield* deploys.put(row(T0 + HOUR, { unchanged: true }));
        yield* deploys.accept(row(T0 + 2 * HOUR, { state: "accepted" }), 10, "me");
        assert.strictEqual((yield* memory.stats({})).health, "behind");
        assert.strictEqual(yield* memory.catchUp, 1);
        assert.strictEqual(yield* memory.catchUp, 0);
        yield* deploys.takeIn([row(T0)], Option.none());
        assert.strictEqual(yield* memory.catchUp, 0);
        const stats = yield* memory.stats({});
        assert.deepInclude(stats, { health: "ok", lessons: 1, services: 1, waiting: 0 });
        assert.strictEqual(stats.oldest, Timestamp.fromMillis(T0));
      }),
    ),
  );

  it.effect("is part of the transaction around it", () =>
    inMemory((memory, deploys, store) =>
      Effect.gen(function* () {
        const both = Effect.zipRight(deploys.put(row(T0)), memory.learn);
        yield* Effect.ignore(store.transaction(() => Effect.zipRight(both, Effect.fail("no"))));
        assert.strictEqual((yield* memory.stats({})).lessons, 0);
        yield* store.transaction(() => both);
        assert.strictEqual((yield* memory.stats({})).lessons, 1);
      }),
    ),
  );

  it.effect("learns again from a deploy of which more becomes known", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const { change: _, who: __, ...less } = row(T0);
        yield* feed(memory, deploys, [less, row(T0 + DAY)]);
        yield* feed(memory, deploys, [row(T0)]);
        const lessons = Chunk.toReadonlyArray(yield* Stream.runCollect(memory.exportLessons({})));
        assert.deepStrictEqual(
          lessons.map(({ bot }) => bot),
          [true, true],
        );
        assert.strictEqual((yield* memory.stats({})).lessons, 2);
      }),
    ),
  );

  it.effect("leaves out a row that can't be read", () =>
    inMemory((memory, deploys, store) =>
      Effect.gen(function* () {
        yield* deploys.put(row(T0));
        yield* deploys.put(row(T0 + HOUR));
        yield* store.transaction(
          (sql) => sql`UPDATE deploys SET change = '{"half' WHERE id = ${idAt(T0)}`,
        );
        yield* memory.catchUp;
        assert.strictEqual((yield* memory.stats({})).lessons, 1);
      }),
    ),
  );
});

describe("the context of a deploy", () => {
  it.effect("of a service that nothing is known of says so, and rests on what is shipped", () =>
    inMemory((memory) =>
      Effect.gen(function* () {
        const context = yield* memory.context(ref(), { at: T0 });
        assert.isFalse(context.known);
        assert.deepStrictEqual(context.risk.basedOn, { service: 0, namespace: 0, cluster: 0 });
        assert.isAbove(context.risk.probability, 0.005);
        assert.isBelow(context.risk.probability, 0.15);
        assert.match(context.recommendations.join(" "), /Nothing was learnt of web yet/);
      }),
    ),
  );

  it.effect("says how such changes went", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const other = { ref: ref("api"), change: { ...image, semver: "major" as const } };
        yield* feed(memory, deploys, [
          ...[0, 1, 2].map((day) => failedRow(T0 + day * DAY)),
          ...[3, 4, 5].map((day) => row(T0 + day * DAY, other)),
        ]);
        const ask = { at: T0 + 6 * DAY, change: image, bot: true };
        const { risk } = yield* memory.context(ref("mail"), ask);
        const driver = risk.drivers.find(({ name }) => name === "change");
        assert.strictEqual(driver?.text, "minor version: 3 of 3 such deploys failed");
      }),
    ),
  );

  it.effect("names what breaks it, with evidence; successes and time make it go", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const failures = [0, 1, 2, 3].map((day) => failedRow(T0 + day * DAY));
        yield* feed(memory, deploys, failures);
        const at = T0 + 4 * DAY;
        const bad = yield* memory.context(ref(), { at });
        assert.isTrue(bad.known);
        const [pattern] = bad.failurePatterns;
        assert.deepInclude(pattern ?? {}, { error: "crash_loop", observations: 4 });
        assert.deepStrictEqual(
          pattern?.evidence.map(({ deployId }) => deployId),
          [3, 2, 1].map((day) => idAt(T0 + day * DAY)),
        );
        assert.match(bad.recommendations[0] ?? "", /^crash_loop broke it 4 times, last 24 h ago/);
        assert.deepStrictEqual(
          bad.lastOutcomes.map(({ outcome }) => outcome),
          ["failed", "failed", "failed", "failed"],
        );
        let before = pattern?.confidence ?? 0;
        let risk = bad.risk.probability;
        for (let hour = 1; hour <= 5; hour++) {
          yield* feed(memory, deploys, [row(at + hour * HOUR)]);
          const context = yield* memory.context(ref(), { at: at + 6 * HOUR });
          const confidence = context.failurePatterns[0]?.confidence ?? 0;
          assert.isBelow(confidence, before);
          assert.isBelow(context.risk.probability, risk);
          [before, risk] = [confidence, context.risk.probability];
        }
        const later = yield* memory.context(ref(), { at: at + 500 * DAY });
        assert.deepStrictEqual(later.failurePatterns, []);
      }),
    ),
  );

  it.effect("finds what it fails after, and says how often, with it and without", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const rows: Array<DeployRow.DeployRow> = [];
        const random = chance(7);
        for (let day = 0; day < 60; day++) {
          const at = T0 + day * DAY;
          rows.push(row(at + 12 * HOUR, {}, random));
          if (day % 3 > 0) continue;
          rows.push(row(at, { ref: ref("redis") }, random));
          const over = day % 15 === 0 ? {} : ({ outcome: "failed", reason: "timeout" } as const);
          rows.push(row(at + 20 * MINUTE, over, random));
        }
        yield* feed(memory, deploys, rows);
        const at = T0 + 61 * DAY;
        yield* feed(memory, deploys, [row(at - 12 * MINUTE, { ref: ref("redis") }, random)]);
        const context = yield* memory.context(ref(), { at });
        const [pattern] = context.conditionalPatterns;
        assert.deepInclude(pattern ?? {}, {
          when: "redis",
          withinMs: HOUR,
          with: { deploys: 20, failed: 16 },
          otherwise: { deploys: 60, failed: 0 },
          now: true,
        });
        assert.isAbove(pattern?.confidence ?? 0, 0.99);
        const driver = context.risk.drivers.find(({ name }) => name === "pattern:redis");
        assert.strictEqual(
          driver?.text,
          "redis was deployed 12 min ago: 16 of 20 such deploys failed, against 0 of 60 otherwise",
        );
        assert.isAbove(driver?.logOdds ?? 0, 1);
        const sum = context.risk.drivers.reduce((all, { logOdds }) => all + logOdds, 0);
        assert.closeTo(1 / (1 + Math.exp(-sum)), context.risk.probability, 1e-9);
        assert.deepInclude(context.dependencies[0] ?? {}, { target: "redis", observations: 20 });
        const alone = yield* memory.context(ref(), { at: at + 5 * HOUR });
        assert.isFalse(alone.conditionalPatterns[0]?.now);
        assert.isBelow(alone.risk.probability, context.risk.probability / 2);
        assert.match(alone.recommendations[0] ?? "", /^Keep an hour between a deploy of redis/);
        assert.strictEqual((yield* memory.stats({})).patterns.conditional, 1);
      }),
    ),
  );

  it.effect("sees what is in flight here as deployed before", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const open = row(T0, { ref: ref("redis"), state: "running" });
        yield* deploys.accept({ ...open, state: "accepted" }, 10, "me");
        const texts = Effect.map(memory.context(ref(), { at: T0 + MINUTE }), ({ risk }) =>
          risk.drivers.map(({ text }) => text).join("; "),
        );
        const days = [1, 2, 3, 4, 5, 6].map((day) => T0 - day * DAY);
        yield* feed(memory, deploys, [
          ...days.map((day) => row(day, { ref: ref("redis") })),
          ...days.map((day) => failedRow(day + MINUTE)),
        ]);
        assert.notMatch(yield* texts, /1 other service/);
        yield* deploys.put(open);
        assert.match(yield* texts, /1 other service deployed within the hour/);
      }),
    ),
  );

  it.effect("never mixes clusters and namespaces that have a service of the same name", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const at = T0 + 20 * DAY;
        const days = Array.from({ length: 10 }, (_, day) => T0 + day * DAY);
        const own = yield* memory.context(ref(), { at });
        const random = chance(1);
        const elsewhere = [ref("web", "shop", "c2"), ref("web", "other", "c2")];
        for (const there of elsewhere)
          yield* feed(
            memory,
            deploys,
            days.map((day) => failedRow(day, { ref: there, id: idAt(day, random) })),
          );
        assert.deepStrictEqual(yield* memory.context(ref(), { at }), own);
        yield* feed(
          memory,
          deploys,
          days.map((day) => row(day, {}, random)),
        );
        const [good, bad] = yield* Effect.all([
          memory.context(ref(), { at }),
          memory.context(ref("web", "shop", "c2"), { at }),
        ]);
        assert.deepStrictEqual(good.failurePatterns, []);
        assert.deepStrictEqual(good.risk.basedOn, { service: 10, namespace: 10, cluster: 10 });
        assert.deepStrictEqual(bad.risk.basedOn, { service: 10, namespace: 10, cluster: 20 });
        assert.isAbove(bad.risk.probability, 4 * good.risk.probability);
        const graph = yield* memory.graph({ cluster: cluster("c1") });
        assert.deepStrictEqual(
          graph.edges.map(({ relation, from, to }) => [relation, from, to]),
          [["deployed_to", "service:shop/web", "namespace:shop"]],
        );
      }),
    ),
  );
});

describe("forgetting", () => {
  it.effect("takes back what was learnt, as if it had never been, and doesn't learn it again", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const rows = history(5, 80);
        const at = T0 + 30 * DAY;
        const isWeb = (it: DeployRow.DeployRow) =>
          it.ref.service === "web" && it.ref.namespace === "shop";
        const mark = rows
          .filter(isWeb)
          .map(({ id }) => id)
          .sort()[5];
        assert.isDefined(mark);
        if (mark === undefined) return;
        const rest = rows.filter((it) => !isWeb(it) || it.id > mark);
        const expected = yield* inMemory((fresh, into) =>
          Effect.zipRight(feed(fresh, into, rest), fresh.context(ref(), { at })),
        );
        yield* feed(memory, deploys, rows.slice(10));
        assert.isAbove(yield* memory.forget(ref(), mark), 0);
        assert.strictEqual(yield* memory.forget(ref(), mark), 0);
        yield* feed(memory, deploys, rows);
        yield* memory.importLessons(rows.filter(isWeb).slice(0, 3).map(asLesson));
        const { learnAfter, ...context } = yield* memory.context(ref(), { at });
        assert.strictEqual(learnAfter, mark);
        assert.closeTo(context.risk.probability, expected.risk.probability, 1e-9);
        assert.deepStrictEqual(context.lastOutcomes, expected.lastOutcomes);
        assert.deepStrictEqual(context.risk.basedOn, expected.risk.basedOn);
        assert.strictEqual((yield* deploys.history(ref(), 100)).length, rows.filter(isWeb).length);
      }),
    ),
  );
});

describe("import and export", () => {
  it.effect(
    "give another store the same memory, once",
    () =>
      inMemory((memory, deploys) =>
        Effect.gen(function* () {
          const at = T0 + 30 * DAY;
          yield* feed(memory, deploys, history(3, 700));
          const lessons = Chunk.toReadonlyArray(
            yield* Stream.runCollect(memory.exportLessons({ cluster: ref().cluster })),
          );
          assert.strictEqual(lessons.length, 700);
          const context = yield* memory.context(ref(), { at });
          yield* inMemory((other) =>
            Effect.gen(function* () {
              assert.deepStrictEqual(yield* other.importLessons(lessons.toReversed()), {
                added: 700,
                revised: 0,
              });
              assert.deepStrictEqual(yield* other.importLessons(lessons), {
                added: 0,
                revised: 0,
              });
              const theirs = yield* other.context(ref(), { at });
              assert.closeTo(theirs.risk.probability, context.risk.probability, 1e-9);
              assert.deepStrictEqual(
                theirs.conditionalPatterns.map(({ when }) => when),
                context.conditionalPatterns.map(({ when }) => when),
              );
            }),
          );
        }),
      ),
    30_000,
  );
});

describe("export", () => {
  it.effect("gives all out in the order in which they began, whatever the pages", () =>
    inMemory((memory) =>
      Effect.gen(function* () {
        const burst = T0 + 90 * DAY;
        const random = chance(8);
        // More at one instant than a page has, years without any, and two namespaces at once.
        const lessons = [
          ...history(4, 300).map(asLesson),
          ...Array.from({ length: 1_500 }, () => asLesson(row(burst, {}, random))),
          ...Array.from({ length: 700 }, (_, i) =>
            asLesson(row(burst + 400 * DAY + i * MINUTE, { ref: ref("api", "other") }, random)),
          ),
        ];
        yield* memory.importLessons(shuffled(random, lessons));
        const exported = (from?: number) =>
          Effect.map(
            Stream.runCollect(memory.exportLessons({ cluster: ref().cluster }, from)),
            (chunk) => Chunk.toReadonlyArray(chunk).map(({ id }) => id),
          );
        const inOrder = lessons
          .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
          .map(({ id }) => id);
        assert.deepStrictEqual(yield* exported(), inOrder);
        assert.deepStrictEqual(yield* exported(burst), inOrder.slice(-2_200));
        assert.deepStrictEqual(yield* exported(burst + 1), inOrder.slice(-700));
        const some = yield* Stream.runCollect(
          memory.exportLessons({
            cluster: ref().cluster,
            namespace: ref("api", "other").namespace,
          }),
        );
        assert.isTrue(Chunk.every(some, (one) => one.ref.namespace === "other"));
      }),
    ),
  );
});

describe("what is imported again", () => {
  const all = history(5, 300).map(asLesson);
  /** Every fifth was known wrongly at first. */
  const wasWrong = (_: unknown, i: number) => i % 5 === 2;
  const turned = ({ reason, ...lesson }: Lesson.Lesson): Lesson.Lesson =>
    lesson.failed
      ? { ...lesson, failed: false }
      : { ...lesson, failed: true, reason: reason ?? "crash_loop" };
  const at = T0 + 30 * DAY;
  const everything = (memory: MemoryService) =>
    Effect.gen(function* () {
      const { path: _, sizeBytes: __, ...stats } = yield* memory.stats({});
      return {
        stats,
        graph: yield* memory.graph({ cluster: ref().cluster }),
        context: yield* memory.context(ref(), { at }),
      };
    });

  it.effect("with another outcome counts as if only that had been imported", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at);
      const expected = yield* inMemory((memory) =>
        Effect.zipRight(memory.importLessons(all), everything(memory)),
      );
      const found = yield* inMemory((memory) =>
        Effect.gen(function* () {
          yield* memory.importLessons(
            all.map((each, i) => (wasWrong(each, i) ? turned(each) : each)),
          );
          assert.deepStrictEqual(yield* memory.importLessons(all), { added: 0, revised: 60 });
          assert.deepStrictEqual(yield* memory.importLessons(all), { added: 0, revised: 0 });
          return yield* everything(memory);
        }),
      );
      assert.deepStrictEqual(found.stats, expected.stats);
      assert.deepStrictEqual(found.context.lastOutcomes, expected.context.lastOutcomes);
      assert.deepStrictEqual(
        found.context.failurePatterns.map(({ error, observations }) => [error, observations]),
        expected.context.failurePatterns.map(({ error, observations }) => [error, observations]),
      );
      assert.closeTo(found.context.risk.probability, expected.context.risk.probability, 1e-9);
      const counted = ({ edges }: MemoryGraph.MemoryGraph) =>
        edges
          .map(({ relation, from, to, observations }) =>
            [relation, from, to, observations].join(" "),
          )
          .sort();
      assert.deepStrictEqual(counted(found.graph), counted(expected.graph));
    }),
  );

  it.effect("takes the last of several with one id, and nothing from a deploy's own word", () =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        yield* feed(memory, deploys, [row(T0)]);
        const own = asLesson(row(T0));
        const other: Lesson.Lesson = { ...own, id: "other" };
        const outcome = yield* memory.importLessons([turned(own), turned(other), other]);
        assert.deepStrictEqual(outcome, { added: 1, revised: 0 });
        assert.strictEqual((yield* memory.stats({})).failed, 0);
        // A reason that isn't given any more says nothing; one that is does.
        yield* memory.importLessons([turned(other)]);
        const unsaid = { ...turned(other), reason: undefined };
        assert.deepStrictEqual(yield* memory.importLessons([unsaid]), { added: 0, revised: 0 });
        const said = { ...turned(other), reason: "timeout" as const };
        assert.deepStrictEqual(yield* memory.importLessons([said]), { added: 0, revised: 1 });
        const { failurePatterns } = yield* memory.context(ref(), { at: T0 + DAY });
        assert.deepStrictEqual(
          failurePatterns.map(({ error }) => error),
          ["timeout"],
        );
        const elsewhere = { ...other, ref: ref("api") };
        assert.deepStrictEqual(yield* memory.importLessons([elsewhere]), { added: 0, revised: 0 });
      }),
    ),
  );
});

describe("a cluster whose id becomes known", () => {
  const names = {
    server: "https://one:6443",
    fallbackId: "ca:1234",
    id: cluster("c1"),
    contextName: "prod",
  };
  const before = (it: DeployRow.DeployRow): DeployRow.DeployRow => ({
    ...it,
    ref: { ...it.ref, cluster: cluster("ca:1234") },
  });

  for (const [name, split] of [
    ["takes its memory along", 0],
    ["has it joined with what was learnt under the id", 50],
  ] as const)
    it.effect(name, () =>
      inMemory((memory, deploys) =>
        Effect.gen(function* () {
          const rows = history(4, 100);
          const at = T0 + 30 * DAY;
          const expected = yield* inMemory((fresh, into) =>
            Effect.zipRight(feed(fresh, into, rows), fresh.context(ref(), { at })),
          );
          yield* feed(memory, deploys, rows.slice(0, split));
          yield* feed(memory, deploys, rows.slice(split).map(before));
          yield* deploys.nameCluster(names);
          yield* memory.catchUp;
          const context = yield* memory.context(ref(), { at });
          assert.closeTo(context.risk.probability, expected.risk.probability, 1e-9);
          assert.deepStrictEqual(context.lastOutcomes, expected.lastOutcomes);
          assert.deepStrictEqual(context.risk.basedOn, expected.risk.basedOn);
          const gone = yield* memory.context(before(row(T0)).ref, { at });
          assert.isFalse(gone.known);
        }),
      ),
    );
});
