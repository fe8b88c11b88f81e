/**
 * What is done about a store that can't be read any more: it is set aside, never overwritten, and
 * the newest good backup takes its place, else a new store. What came later is taken in from the
 * clusters' ledgers, as each is next asked. One process does it, and the next goes on where one
 * was killed: the new store is whole before the old one moves, and comes to its place at once.
 */
import { Clock, Effect, Option } from "effect";
import { existsSync, readdirSync, statSync } from "node:fs";
import { copyFile, link, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Restoration } from "../Restoration.js";
import type { StoreUnavailable } from "../StoreError.js";
import { type Backup, inspect, list, synced } from "./backups.js";
import { exclusively, withDatabase } from "./exclusive.js";
import { attempt, fromError, unless } from "./failure.js";
import { asidePrefix, create, type FileId, isStill, nextPath, stampOf } from "./file.js";
import { connect } from "./sqlite.js";

/** None where another process was first. */
export const restore = (
  path: string,
  /** Which file was seen to be damaged; none where there was none. */
  file: FileId | undefined,
  why: string,
): Effect.Effect<Option.Option<Restoration>, StoreUnavailable> =>
  exclusively(
    path,
    { wait: true },
    Effect.suspend(() => {
      if (isStill(path, file)) return carryOut(path, why);
      return Effect.as(
        Effect.logInfo(`another process has restored the store ${path}`),
        Option.none(),
      );
    }),
  ).pipe(Effect.withSpan("Store.restore"));

const carryOut = (path: string, why: string) =>
  Effect.gen(function* () {
    yield* Effect.logWarning(`the store ${path} can't be used: ${why}`);
    const next = nextPath(path);
    const backup = yield* prepare(path, next);
    const aside = yield* setAside(path);
    const isPlaced = yield* attempt(path, async () => {
      const place = () => link(next, path).then(() => true, unless("EEXIST", false));
      // A rename would replace what another program may have put there meanwhile. An empty file is
      // what SQLite made for a process that was about to open the old one, and doesn't use it.
      let isFirst = await place();
      while (!isFirst && statSync(path, { throwIfNoEntry: false })?.size === 0) {
        await rm(path, { force: true });
        isFirst = await place();
      }
      await rm(next);
      await synced(dirname(path));
      return isFirst;
    });
    if (!isPlaced) return Option.none<Restoration>();
    const restoration: Restoration = { path, why, aside, backup };
    yield* Effect.logWarning(
      Option.match(backup, {
        onSome: ({ path: from }) => `the store ${path} is restored from ${from}`,
        onNone: () => `no good backup: the store ${path} is begun anew`,
      }),
    );
    yield* Effect.logInfo("what the ledgers have is taken in as each cluster is next asked");
    return Option.some(restoration);
  });

/** Makes the store that is to come, all of it, beside the old one. */
const prepare = (path: string, next: string) =>
  Effect.gen(function* () {
    yield* remove(next);
    for (const backup of yield* list(path)) {
      if (yield* copyGood(backup, next)) return Option.some(backup);
    }
    yield* attempt(next, async () => create(next));
    yield* Effect.scoped(connect(next, path, true));
    yield* attempt(next, () => synced(next));
    return Option.none<Backup>();
  });

/** False where the backup is no good; one that is damaged is set aside, and is none any more. */
const copyGood = (backup: Backup, next: string) =>
  Effect.gen(function* () {
    const copied = yield* Effect.either(attempt(backup.path, () => copyFile(backup.path, next)));
    if (copied._tag === "Left") {
      yield* remove(next);
      if (copied.left.cause === "disk_full") return yield* copied.left;
      yield* Effect.logWarning(copied.left.message);
      return false;
    }
    const fault = yield* inspect(next);
    if (fault === undefined) {
      yield* withDatabase(next, {}, (db) =>
        Effect.try({ try: () => db.exec(asOfThen), catch: fromError(next) }),
      );
      yield* attempt(next, () => synced(next));
      return true;
    }
    yield* Effect.logWarning(`the backup ${backup.path} is not good: ${fault.why}`);
    yield* remove(next);
    if (fault.damaged) {
      yield* attempt(backup.path, () => rename(backup.path, `${backup.path}.corrupt`));
    }
    return false;
  });

/**
 * What was under way when the backup was taken has ended since, or its process writes it again:
 * it holds no place in the queue, and is not judged as if it had been killed now. A result that
 * was not in the ledger yet stays. The ledgers count as not read.
 */
const asOfThen = `
  BEGIN;
  UPDATE services SET deploys = deploys - gone.n FROM (
    SELECT cluster, namespace, service, COUNT(*) AS n FROM deploys
    WHERE state IN ('accepted', 'running') AND result IS NULL
    GROUP BY cluster, namespace, service
  ) AS gone WHERE gone.cluster = services.cluster AND gone.namespace = services.namespace
    AND gone.service = services.service;
  UPDATE deploys SET state = 'refused' WHERE state IN ('accepted', 'running') AND result IS NULL;
  UPDATE ledger_copies SET resource_version = '';
  COMMIT;
`;

/**
 * The file first: from then on nobody opens it by its name, and its log, left beside, is not
 * taken for another's. A log that a killed process left goes where its file went.
 */
const setAside = (path: string) =>
  Effect.gen(function* () {
    const last = lastAside(path);
    const isInterrupted = !existsSync(path) && last !== undefined && !existsSync(`${last}-wal`);
    const name = isInterrupted ? last : yield* freeName(path);
    for (const log of logs) {
      if (!existsSync(path + log)) continue;
      yield* attempt(path, () => rename(path + log, name + log));
    }
    if (!existsSync(name)) return Option.none<string>();
    yield* attempt(path, () => synced(dirname(path)));
    yield* Effect.logWarning(`the store ${path} is set aside as ${name}`);
    return Option.some(name);
  });

const logs = ["", "-wal", "-shm"];

const freeName = (path: string) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    for (let millis = now; ; millis += 1) {
      const name = `${asidePrefix(path)}${stampOf(millis)}`;
      if (!logs.some((log) => existsSync(name + log))) return name;
    }
  });

const lastAside = (path: string): string | undefined => {
  const prefix = basename(asidePrefix(path));
  const name = readdirSync(dirname(path))
    .filter((each) => each.startsWith(prefix) && !/-(wal|shm)$/.test(each))
    .sort()
    .at(-1);
  return name === undefined ? undefined : join(dirname(path), name);
};

const remove = (next: string) =>
  attempt(next, async () => {
    for (const log of [...logs, "-journal"]) {
      if (existsSync(next + log)) await rm(next + log);
    }
  });
