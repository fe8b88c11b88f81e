/** What memory's tests begin with: a state folder, lessons of a small shop, a seeded chance. */
import { DeployId, type Reason, Service, Timestamp } from "@nopea/domain";
import { type Lesson, Memory } from "@nopea/memory";
import { Deploys, type DeployRow, Store } from "@nopea/store";
import { Effect, Layer, Schema, type Scope } from "effect";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type MemoryService = typeof Memory.Memory.Service;
export type StoreService = typeof Store.Store.Service;
export type DeploysService = typeof Deploys.Deploys.Service;

export const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "nopea-memory-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
);

/** A process's view of a state folder. */
export const layer = (path: string) =>
  Layer.mergeAll(Memory.layer, Deploys.layer).pipe(
    Layer.provideMerge(Store.layer({ folder: path })),
  );

/** A program over an empty state folder of its own. */
export const inMemory = <A, E>(
  use: (
    memory: MemoryService,
    deploys: DeploysService,
    store: StoreService,
  ) => Effect.Effect<A, E, Scope.Scope>,
) =>
  Effect.gen(function* () {
    const path = yield* folder;
    return yield* Effect.gen(function* () {
      return yield* use(yield* Memory.Memory, yield* Deploys.Deploys, yield* Store.Store);
    }).pipe(Effect.provide(layer(path)));
  }).pipe(Effect.scoped);

const decodeRef = Schema.decodeSync(Service.ServiceRef);
export const ref = (service = "web", namespace = "shop", cluster = "c1"): Service.ServiceRef =>
  decodeRef({ cluster, namespace, service });

/** 2026-01-01. */
export const T0 = 1_767_225_600_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const chance = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const pick = <A>(random: () => number, items: ReadonlyArray<A>): A =>
  items[Math.floor(random() * items.length)] as A;

export const shuffled = <A>(random: () => number, items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

const decodeId = Schema.decodeSync(DeployId.DeployId);
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const timeOf = (at: number): string => {
  let text = "";
  for (let rest = at; text.length < 10; rest = Math.floor(rest / 32))
    text = digits[rest % 32] + text;
  return text;
};

/** An id of that time, the same for the same chance. */
export const idAt = (at: number, random: () => number = () => 0): DeployId.DeployId => {
  const tail = Array.from({ length: 16 }, () => pick(random, [...digits]));
  return decodeId(timeOf(at) + tail.join(""));
};

/** A deploy that ended, as it comes out of a ledger. */
export const row = (
  at: number,
  over: Partial<DeployRow.DeployRow> = {},
  random?: () => number,
): DeployRow.DeployRow => ({
  id: idAt(at, random),
  ref: ref(),
  state: "ended",
  strategy: "direct",
  acceptedAt: Timestamp.fromMillis(at),
  endedAt: Timestamp.fromMillis(at + MINUTE),
  outcome: "completed",
  unchanged: false,
  change: { kind: "image", semver: "minor", objects: 1, lines: 2 },
  who: { kind: "ci", name: "build" },
  origin: "ledger",
  ...over,
});

const services = ["web", "api", "redis", "db", "cron", "mail"];
const reasons: ReadonlyArray<Reason.Reason> = ["crash_loop", "timeout", "image_pull_failed"];

/**
 * Deploys of a busy shop in order of their ends: some at once, some that take long, `web` failing
 * more often after `redis`.
 */
export const history = (seed: number, count: number): ReadonlyArray<DeployRow.DeployRow> => {
  const random = chance(seed);
  const rows: Array<DeployRow.DeployRow> = [];
  let at = T0;
  let redis = 0;
  for (let i = 0; i < count; i++) {
    at += Math.floor(random() * (random() < 0.2 ? 12 * HOUR : 40 * MINUTE));
    const service = pick(random, services);
    const namespace = random() < 0.85 ? "shop" : "other";
    const afterRedis = service === "web" && namespace === "shop" && at - redis < HOUR;
    if (service === "redis" && namespace === "shop") redis = at;
    const failed = random() < (afterRedis ? 0.8 : 0.12);
    const minutes = random() < 0.1 ? 90 : 1 + Math.floor(random() * 5);
    rows.push(
      row(
        at,
        {
          ref: ref(service, namespace),
          endedAt: Timestamp.fromMillis(at + minutes * MINUTE),
          outcome: failed ? "failed" : "completed",
          ...(failed ? { reason: pick(random, reasons) } : {}),
          change: {
            kind: pick(random, ["image", "config", "manifests"] as const),
            semver: pick(random, ["major", "minor", "patch", "none"] as const),
            objects: 1 + Math.floor(random() * 20),
            lines: 1 + Math.floor(random() * 100),
          },
          who: { kind: pick(random, ["human", "ci", "agent"] as const), name: "someone" },
        },
        random,
      ),
    );
  }
  return rows.sort((a, b) => ((a.endedAt ?? "") < (b.endedAt ?? "") ? -1 : 1));
};

/** What the processes of `Processes.test.ts` learn, and one that learns alone. */
export const sharedHistory = history(11, 400);

export const asLesson = (it: DeployRow.DeployRow): Lesson.Lesson => {
  const startedAt = Timestamp.toMillis(it.acceptedAt);
  return {
    id: it.id,
    ref: it.ref,
    startedAt,
    revealedAt: it.endedAt === undefined ? startedAt : Timestamp.toMillis(it.endedAt),
    change: it.change,
    strategy: it.strategy,
    bot: it.who?.kind !== "human",
    isRevert: false,
    failed: it.outcome !== "completed",
    reason: it.reason,
    source: "import",
  };
};
