import type { SqlClient } from "@effect/sql/SqlClient";
import { assert, describe, it } from "@effect/vitest";
import { type DeployContext, type MemoryGraph, Timestamp } from "@nopea/domain";
import { type Pairs, Rates } from "@nopea/memory";
import type { DeployRow } from "@nopea/store";
import { Effect, Option, TestClock } from "effect";
import {
  chance,
  type DeploysService,
  history,
  HOUR,
  inMemory,
  type MemoryService,
  pick,
  ref,
  row,
  shuffled,
  type StoreService,
  T0,
} from "./given.js";

/** Everything that memory answers of a history, at one instant after it. */
interface Answers {
  readonly contexts: ReadonlyArray<DeployContext.DeployContext>;
  readonly graph: MemoryGraph.MemoryGraph;
  readonly figures: ReadonlyArray<readonly [string, ReadonlyArray<number>]>;
}

interface RateRow {
  readonly key: string;
  readonly at: number;
  readonly long_n: number;
  readonly long_f: number;
  readonly short_n: number;
  readonly short_f: number;
}

/** As of one instant: to which one the store keeps them says nothing. */
const ratesAsOf = (sql: SqlClient, at: number) =>
  Effect.map(sql<RateRow>`SELECT * FROM memory_rates ORDER BY key`, (rows) =>
    rows.map(({ key, at: of, long_n, long_f, short_n, short_f }) => {
      const rate = { at: of, longN: long_n, longF: long_f, shortN: short_n, shortF: short_f };
      return [key, Object.values(Rates.asOf(rate, key, at))] as const;
    }),
  );

const answers = (memory: MemoryService, store: StoreService, at: number) =>
  Effect.gen(function* () {
    const contexts = yield* Effect.forEach(["web", "api", "redis", "cron", "new"], (service) =>
      memory.context(ref(service), {
        at,
        change: { kind: "image", semver: "major", objects: 2, lines: 9 },
        bot: true,
      }),
    );
    const graph = yield* memory.graph({ cluster: ref().cluster });
    const figures = yield* store.read((sql) =>
      Effect.gen(function* () {
        const rates = yield* ratesAsOf(sql, at);
        const pairs = yield* sql<Record<string, number> & { key: string }>`SELECT
          s.service || ' after ' || o.service || ' in ' || n.namespace AS key, p.learnt, p.failed,
          p.well_since, p.expected FROM memory_pairs p JOIN memory_services s ON s.id = p.after
          JOIN memory_services o ON o.id = p.before JOIN memory_namespaces n ON n.id = s.namespace
          ORDER BY key`;
        return [
          ...rates,
          ...pairs.map(({ key, ...numbers }) => [key, Object.values(numbers)] as const),
        ];
      }),
    );
    return { contexts, graph, figures } satisfies Answers;
  });

const close = (a: number, b: number, within: number, what: string) =>
  assert.isBelow(Math.abs(a - b), within * Math.max(1, Math.abs(a)), what);

const edgeKey = ({ relation, from, to }: MemoryGraph.GraphEdge): string =>
  `${relation} ${from} ${to}`;

const withoutNumbers = ({ risk, failurePatterns, ...rest }: DeployContext.DeployContext) => ({
  ...rest,
  conditionalPatterns: rest.conditionalPatterns.map(({ lift: _, confidence: __, ...it }) => it),
  dependencies: rest.dependencies.map(({ target, observations }) => [target, observations]),
  failurePatterns: failurePatterns.map(({ error, observations, evidence }) => [
    error,
    observations,
    evidence,
  ]),
  drivers: risk.drivers.map(({ text }) => text).toSorted(),
  basedOn: risk.basedOn,
});

const assertSame = (a: Answers, b: Answers, what: string) => {
  a.contexts.forEach((context, i) => {
    const other = b.contexts[i] as DeployContext.DeployContext;
    assert.deepStrictEqual(withoutNumbers(other), withoutNumbers(context), what);
    close(context.risk.probability, other.risk.probability, 1e-6, `${what}: probability`);
    context.failurePatterns.forEach(({ confidence }, k) =>
      close(confidence, other.failurePatterns[k]?.confidence ?? NaN, 1e-9, `${what}: confidence`),
    );
  });
  assert.deepStrictEqual(b.graph.nodes, a.graph.nodes, what);
  const edges = ({ edges }: MemoryGraph.MemoryGraph) =>
    new Map(edges.map((edge) => [edgeKey(edge), edge]));
  const [ours, theirs] = [edges(a.graph), edges(b.graph)];
  assert.deepStrictEqual([...theirs.keys()].sort(), [...ours.keys()].sort(), what);
  for (const [key, edge] of ours) {
    assert.strictEqual(theirs.get(key)?.observations, edge.observations, `${what}: ${key}`);
    close(edge.weight, theirs.get(key)?.weight ?? NaN, 1e-9, `${what}: ${key}`);
  }
  const figures = new Map(b.figures);
  assert.deepStrictEqual(
    [...figures.keys()],
    a.figures.map(([key]) => key),
    what,
  );
  for (const [key, numbers] of a.figures)
    numbers.forEach((number, i) =>
      close(number, figures.get(key)?.[i] ?? NaN, 1e-9, `${what}: ${key}`),
    );
};

/** What doesn't depend on the model; what pairs explain of a failure does, a little. */
const assertSameCounts = (a: Answers, b: Answers) => {
  assert.deepStrictEqual(b.graph.nodes, a.graph.nodes);
  const byKey = new Map(b.graph.edges.map((edge) => [edgeKey(edge), edge]));
  for (const edge of a.graph.edges) {
    const other = byKey.get(edgeKey(edge));
    assert.strictEqual(other?.observations, edge.observations, edgeKey(edge));
    close(edge.weight, other?.weight ?? NaN, 1e-9, edgeKey(edge));
  }
  const figures = new Map(b.figures);
  for (const [key, numbers] of a.figures) {
    const others = figures.get(key) ?? [];
    const isPair = key.includes(" after ");
    // learnt, failed, well since, expected; or at, long n and f, short n and f.
    const exact = isPair ? [0, 1, 2] : [0, 1, 3];
    for (const i of exact) close(numbers[i] ?? NaN, others[i] ?? NaN, 1e-9, `${key} ${i}`);
    for (const i of isPair ? [3] : [2, 4])
      close(numbers[i] ?? NaN, others[i] ?? NaN, 0.02, `${key} ${i}`);
  }
};

type Arrival = ReadonlyArray<ReadonlyArray<DeployRow.DeployRow>>;

const fed = (arrival: Arrival, at: number) =>
  inMemory((memory, deploys, store) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at);
      yield* feed(memory, deploys, arrival);
      return yield* answers(memory, store, at);
    }),
  );

const feed = (memory: MemoryService, deploys: DeploysService, arrival: Arrival) =>
  Effect.forEach(arrival, (rows) =>
    Effect.zipRight(deploys.takeIn(rows, Option.none()), memory.catchUp),
  );

/** As each service's ledger would bring them. */
const byService = (rows: ReadonlyArray<DeployRow.DeployRow>): Arrival => {
  const ledgers = new Map<string, Array<DeployRow.DeployRow>>();
  for (const row of rows) {
    const key = `${row.ref.namespace}/${row.ref.service}`;
    ledgers.set(key, [...(ledgers.get(key) ?? []), row]);
  }
  return [...ledgers.values()];
};

const withModel = ({ model, ...row }: Readonly<Record<string, number | string | null>>) => ({
  ...row,
  model: JSON.parse(String(model)) as unknown,
});

/** Every row that was learnt, and what it came to, by names that say what it is. */
const learnt = (store: StoreService) =>
  store.read((sql) =>
    Effect.gen(function* () {
      type Row = Readonly<Record<string, number | string | null>>;
      const lessons = yield* sql<Row>`SELECT * FROM memory_lessons ORDER BY revealed, id`;
      const heard = lessons.map((row) => {
        const parts = JSON.parse(String(row.heard ?? "[]")) as ReadonlyArray<Pairs.Part>;
        // What rounding leaves of nothing.
        return parts.filter(({ logOdds }) => logOdds > 1e-9);
      });
      const pairs = yield* sql<Row>`SELECT * FROM memory_pairs ORDER BY after, before`;
      const rates = yield* ratesAsOf(sql, Number(lessons.at(-1)?.revealed));
      const services = yield* sql<Row>`SELECT * FROM memory_services ORDER BY id`;
      const breaks = yield* sql<Row>`SELECT * FROM memory_breaks ORDER BY service, reason`;
      const clusters = yield* sql<Row>`SELECT * FROM memory_clusters`;
      const models = yield* sql<Row>`SELECT * FROM memory_models ORDER BY revealed, lesson`;
      return {
        lessons: lessons.map(({ heard: _, ...row }) => row),
        heard,
        pairs,
        rates,
        services,
        breaks,
        clusters: clusters.map(withModel),
        models: models.map(withModel),
      };
    }),
  );

/** Deploys of which many begin, or end, at the same instant as others, or take no time at all. */
const crowd = (seed: number, count: number): ReadonlyArray<DeployRow.DeployRow> => {
  const random = chance(seed);
  const step = HOUR / 12;
  let at = T0;
  const rows = Array.from({ length: count }, () => {
    at += step * Math.floor(random() * 5 * random());
    const failed = random() < 0.3;
    return row(
      at,
      {
        ref: ref(pick(random, ["web", "api", "redis"]), pick(random, ["shop", "other", "third"])),
        endedAt: Timestamp.fromMillis(
          at + step * Math.floor(random() * (random() < 0.02 ? 40 : 2)),
        ),
        outcome: failed ? "failed" : "completed",
        ...(failed ? { reason: pick(random, ["crash_loop", "image_pull_failed"] as const) } : {}),
      },
      random,
    );
  });
  return rows.sort((a, b) => ((a.endedAt ?? "") < (b.endedAt ?? "") ? -1 : 1));
};

/** In which order numbers were added up is no matter: they are the same but for rounding. */
const assertAlike = (a: unknown, b: unknown, what: string): void => {
  if (typeof a === "number" && typeof b === "number") return close(a, b, 1e-9, what);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return assert.strictEqual(b, a, what);
  assert.deepStrictEqual(Object.keys(b), Object.keys(a), what);
  for (const [key, value] of Object.entries(a))
    assertAlike(value, (b as Readonly<Record<string, unknown>>)[key], `${what} ${key}`);
};

const ledgerOf = (rows: ReadonlyArray<DeployRow.DeployRow>) => ({
  rows,
  copy: { ref: ref("web"), resourceVersion: "1", ledger: {}, readAt: Timestamp.fromMillis(T0) },
});

describe("outcomes that come next", () => {
  it.effect.each([1, 2, 3, 4, 5, 6])(
    "are learnt as the whole table is when it is learnt anew (history %i)",
    (seed) =>
      inMemory((memory, deploys, store) =>
        Effect.gen(function* () {
          const random = chance(seed + 1_000);
          const rows = crowd(seed, 700);
          for (let from = 0; from < rows.length;) {
            const until = from + Math.ceil(random() * (random() < 0.5 ? 5 : 300));
            // Some of them again, as ledgers do.
            const some = shuffled(random, rows.slice(Math.max(0, from - 3), until));
            if (random() < 0.5) {
              yield* deploys.takeIn(some, Option.none());
              yield* memory.catchUp;
            } else {
              yield* store.transaction(() =>
                Effect.flatMap(deploys.takeInLedgers([ledgerOf(some)], true), memory.learnRows),
              );
              assert.strictEqual(yield* memory.catchUp, 0);
            }
            from = until;
          }
          const asTheyCame = yield* learnt(store);
          assert.strictEqual(asTheyCame.lessons.length, rows.length);
          yield* store.transaction((sql) => sql`UPDATE memory_clusters SET version = 0`);
          yield* memory.catchUp;
          const anew = yield* learnt(store);
          assertAlike(anew, asTheyCame, "anew");
        }),
      ),
    60_000,
  );
});

describe("outcomes that arrive late or out of order", () => {
  it.effect.each([1, 2])(
    "come to the same as in order (history %i)",
    (seed) =>
      Effect.gen(function* () {
        const rows = history(seed, 120);
        const at = Math.max(...rows.map((row) => Timestamp.toMillis(row.acceptedAt))) + HOUR / 2;
        const one = (row: DeployRow.DeployRow) => [row];
        const inOrder = yield* fed(rows.map(one), at);
        assert.isAbove(inOrder.contexts[0]?.failurePatterns.length ?? 0, 0);
        assertSame(inOrder, yield* fed([rows], at), "all at once");
        assertSame(inOrder, yield* fed(byService(rows), at), "a ledger at a time");
        const late = shuffled(chance(seed + 100), rows).map(one);
        assertSame(inOrder, yield* fed(late, at), "one at a time, shuffled");
      }),
    60_000,
  );

  it.effect(
    "come to the same counts where too many came since to be learnt again",
    () =>
      Effect.gen(function* () {
        const rows = history(9, 4_700);
        const at = Math.max(...rows.map((row) => Timestamp.toMillis(row.acceptedAt))) + HOUR / 2;
        const isLate = (_: unknown, i: number) => i > 100 && i % 300 === 7;
        const inTime = rows.filter((row, i) => !isLate(row, i));
        const inOrder = yield* fed([rows], at);
        const late = yield* fed([inTime, ...rows.filter(isLate).map((row) => [row])], at);
        assertSameCounts(inOrder, late);
        inOrder.contexts.forEach(({ risk }, i) =>
          assert.closeTo(late.contexts[i]?.risk.probability ?? NaN, risk.probability, 0.01),
        );
      }),
    60_000,
  );
});
