/** One measurement of memory: `memoryWorker.mjs WHAT …` prints its figures as JSON. */
import { Timestamp } from "@nopea/domain";
import { Memory, Model } from "@nopea/memory";
import { Deploys, Store } from "@nopea/store";
import { Effect, Layer, Option, Schema } from "effect";
import { median } from "./measure.mjs";

const HOUR = 3_600_000;
const newest = Date.UTC(2026, 0, 1);
const cluster = "bench";

/** The same numbers in every run (mulberry32). */
const random = (seed) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const base32 = (number, length) => {
  let text = "";
  for (let rest = number; text.length < length; rest = Math.floor(rest / 32))
    text = digits[rest % 32] + text;
  return text;
};
let serial = 0;
/** A ULID of that time. */
const idAt = (at) => base32(at, 10) + base32(serial++, 16);

const refOf = (service) => ({
  cluster,
  namespace: `team-${service % 200}`,
  service: `service-${service}`,
});

const deployOf = (chance, service, at) => {
  const failed = chance() < (service % 20 === 0 ? 0.2 : 0.04);
  return {
    id: idAt(at),
    ref: refOf(service),
    state: "ended",
    strategy: "direct",
    acceptedAt: Timestamp.fromMillis(at),
    endedAt: Timestamp.fromMillis(at + 30_000 + Math.floor(chance() * 120_000)),
    outcome: failed ? "failed" : "completed",
    ...(failed ? { reason: chance() < 0.7 ? "crash_loop" : "image_pull_failed" } : {}),
    unchanged: false,
    change: {
      kind: chance() < 0.7 ? "image" : "config",
      semver: ["patch", "minor", "major", "none"][Math.floor(chance() * 4)],
      objects: 1 + Math.floor(chance() * 8),
      lines: 1 + Math.floor(chance() * 60),
    },
    who: { kind: chance() < 0.8 ? "ci" : "human", name: "bench" },
    digest: `sha256:${base32(serial, 52)}`,
    origin: "ledger",
  };
};

const within = (folder, use) =>
  Effect.runPromise(
    Effect.gen(function* () {
      return yield* use({
        memory: yield* Memory.Memory,
        deploys: yield* Deploys.Deploys,
        store: yield* Store.Store,
      });
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Memory.layer, Deploys.layer).pipe(
          Layer.provideMerge(Store.layer({ folder })),
        ),
      ),
    ),
  );

const now = Effect.sync(() => performance.now());
const timed = (effect) =>
  Effect.gen(function* () {
    const started = yield* now;
    yield* effect;
    return (yield* now) - started;
  });

const percentile = (figures, share) =>
  [...figures].sort((a, b) => a - b)[
    Math.min(figures.length - 1, Math.floor(figures.length * share))
  ];

/** Three years of deploys, oldest first, as ledgers would have brought them. */
const fill = (folder, deploys, services) =>
  within(folder, ({ memory, deploys: table }) =>
    Effect.gen(function* () {
      const chance = random(1);
      const step = (3 * 365 * 24 * HOUR) / deploys;
      const started = yield* now;
      for (let done = 0; done < deploys; done += 2_000) {
        const rows = Array.from({ length: Math.min(2_000, deploys - done) }, (_, i) =>
          deployOf(
            chance,
            Math.floor(chance() * services),
            Math.floor(newest - (deploys - done - i) * step),
          ),
        );
        yield* table.takeIn(rows, Option.none());
        yield* memory.catchUp;
      }
      return { ms: (yield* now) - started };
    }),
  );

const open = (folder) =>
  within(folder, ({ store }) =>
    Effect.map(timed(store.read((sql) => sql`SELECT COUNT(*) FROM memory_clusters`)), (ms) => ({
      ms,
    })),
  );

const context = (folder) =>
  within(folder, ({ memory, store }) =>
    Effect.gen(function* () {
      const chance = random(2);
      yield* store.read((sql) => sql`SELECT 1`);
      const change = { kind: "image", semver: "minor", objects: 2, lines: 9 };
      const figures = [];
      for (let i = 0; i < 1_050; i++) {
        const ref = refOf(Math.floor(chance() * 10_000));
        figures.push(yield* timed(memory.context(ref, { at: newest, change, bot: true })));
      }
      // The first ones compile what all the others use.
      return { p99: percentile(figures.slice(50), 0.99), p50: median(figures.slice(50)) };
    }),
  );

/** What `memory.learn` adds to the transaction that writes a deploy's outcome; both stores in turn. */
const settle = (large, small) =>
  within(large, (first) =>
    Effect.tryPromise(() =>
      within(small, (second) =>
        Effect.gen(function* () {
          const chance = random(Date.now() % 1_000_000);
          // After all that is learnt, whatever earlier runs have added.
          const [last] = yield* first.store.read(
            (sql) => sql`SELECT MAX(revealed) AS revealed FROM memory_clusters`,
          );
          let at = last.revealed + HOUR;
          const one = ({ memory, deploys, store }, services) =>
            Effect.gen(function* () {
              const row = deployOf(chance, Math.floor(chance() * services), (at += 600_000));
              return yield* store.transaction(() =>
                Effect.zipRight(deploys.put({ ...row, origin: "local" }), timed(memory.learn)),
              );
            });
          const runs = [];
          for (let i = 0; i < 120; i++)
            runs.push({ large: yield* one(first, 10_000), small: yield* one(second, 100) });
          const kept = runs.slice(20);
          return {
            large: median(kept.map((run) => run.large)),
            small: median(kept.map((run) => run.small)),
            ratio: median(kept.map((run) => run.large)) / median(kept.map((run) => run.small)),
          };
        }),
      ),
    ),
  );

/** From the ledgers' ConfigMaps, as the API server sends them, to what memory answers with. */
const ledgers = (folder) =>
  within(folder, ({ memory, deploys, store }) =>
    Effect.gen(function* () {
      // Here alone: the others' memory isn't this room's.
      const { Intake, Ledger, Ledgers, Outcomes } = yield* Effect.promise(
        () => import("@nopea/deploy"),
      );
      const { Spool } = yield* Effect.promise(() => import("@nopea/store"));
      const chance = random(3);
      const texts = new Map(
        Array.from({ length: 50 }, (_, number) => {
          const service = number * 200;
          const place = refOf(service);
          const ledger = Schema.encodeSync(Schema.parseJson(Ledger.Ledger))({
            ...Ledger.empty,
            outcomes: Array.from({ length: 200 }, (_, i) => {
              const at = newest - Math.floor((i + chance()) * 6 * HOUR);
              return Outcomes.entryOf(deployOf(chance, service, at));
            }),
          });
          const { apiVersion, kind, ...names } = Ledgers.refOf(place);
          const labels = { [Ledgers.label]: place.service };
          const metadata = { ...names, resourceVersion: "1", uid: String(number), labels };
          const data = { "ledger.json": ledger };
          return [names.name, JSON.stringify({ apiVersion, kind, metadata, data })];
        }),
      );
      const api = {
        id: Effect.succeedSome(cluster),
        fallbackId: cluster,
        server: "https://bench",
        contextName: "bench",
        listMetadata: () =>
          Effect.sync(() => ({
            items: [...texts.values()].map((text) => ({ metadata: JSON.parse(text).metadata })),
          })),
        get: ({ name }) => Effect.sync(() => Option.some(JSON.parse(texts.get(name)))),
      };
      yield* store.read((sql) => sql`SELECT 1`);
      const intake = yield* Intake.make.pipe(
        Effect.provide(Spool.layer({ folder })),
        Effect.provideService(Memory.Memory, memory),
        Effect.provideService(Deploys.Deploys, deploys),
        Effect.provideService(Store.Store, store),
      );
      const ms = yield* timed(
        Effect.gen(function* () {
          const { taken, warnings } = yield* intake.takeIn(api, {});
          if (taken !== 10_000) throw new Error(`took in ${taken} of 10000: ${warnings}`);
          yield* memory.context(refOf(0), { at: newest });
        }),
      );
      const [{ learnt }] = yield* store.read((sql) => sql`SELECT learnt FROM memory_clusters`);
      if (learnt !== 10_000) throw new Error(`learnt ${learnt} of 10000`);
      return { ms };
    }),
  );

/** Stores of another schema or learner are not this one. */
const key = async () => ({ key: `${Model.version}-${Model.initial.weights.length}` });

const measurements = { key, fill, open, context, settle, ledgers };
const [what, ...args] = process.argv.slice(2);
const figures = await measurements[what](
  ...args.map((arg) => (/^\d+$/.test(arg) ? Number(arg) : arg)),
);
process.stdout.write(JSON.stringify(figures));
