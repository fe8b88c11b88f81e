/**
 * Copies of the store in `<state>/backups`, `nopea-<time>.db`, of which the newest three are kept.
 * One is there whole or not at all, and only after SQLite has found nothing wrong with it.
 */
import { Timestamp } from "@nopea/domain";
import type Database from "better-sqlite3";
import { Clock, Duration, Effect } from "effect";
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { latest } from "../migrations/Migration.js";
import type { StoreUnavailable } from "../StoreError.js";
import { exclusively, withDatabase } from "./exclusive.js";
import { attempt, fromError, unavailable, unless } from "./failure.js";
import { backupFolder, backupName, create, nextPath, stampOf } from "./file.js";
import { applicationId } from "./migrate.js";

const kept = 3;
const every = Duration.days(1);

/** Pages copied before others have their turn: some 10 ms. */
const pagesAtOnce = 2000;

export interface Backup {
  readonly path: string;
  readonly takenAt: Timestamp.Timestamp;
}

/** Newest first. One that a wrong clock dated later than now is the last to be believed. */
export const list = (path: string): Effect.Effect<ReadonlyArray<Backup>, StoreUnavailable> =>
  Effect.gen(function* () {
    const folder = backupFolder(path);
    const now = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
    const names = yield* attempt(folder, () => readdir(folder).catch(unless("ENOENT", [])));
    const rank = ({ takenAt }: Backup) => (takenAt > now ? "" : takenAt);
    return names
      .flatMap((name): ReadonlyArray<Backup> => {
        const stamp = backupName.exec(name)?.[1];
        if (stamp === undefined) return [];
        const takenAt = stamp.replace(/T(\d\d)-(\d\d)-/, "T$1:$2:") as Timestamp.Timestamp;
        return [{ path: join(folder, name), takenAt }];
      })
      .sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
  });

/** Takes one where the newest is a day old; answers whether it did. Fails with `corrupt` where the store is. */
export const takeDaily = (path: string): Effect.Effect<boolean, StoreUnavailable> =>
  Effect.gen(function* () {
    const isDue = Effect.gen(function* () {
      const [newest] = yield* list(path);
      if (newest === undefined) return true;
      const age = (yield* Clock.currentTimeMillis) - Timestamp.toMillis(newest.takenAt);
      return age < 0 || age >= Duration.toMillis(every);
    });
    if (!(yield* isDue)) return false;
    return yield* exclusively(
      path,
      { wait: false },
      // Another may have done it between the two.
      Effect.flatMap(isDue, (due) => (due ? Effect.as(take(path), true) : Effect.succeed(false))),
    ).pipe(
      Effect.catchIf(
        ({ cause }) => cause === "busy",
        () => Effect.succeed(false),
      ),
    );
  });

/** To be called by whoever has the lock. */
export const take = Effect.fn("Store.backUp")(function* (path: string) {
  const folder = backupFolder(path);
  const copy = join(folder, `new-${randomUUID()}`);
  const name = join(folder, `nopea-${stampOf(yield* Clock.currentTimeMillis)}.db`);
  yield* attempt(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // What killed processes had begun, or left as a second name.
    await rm(nextPath(path), { force: true });
    for (const left of await readdir(folder)) {
      if (left.startsWith("new-")) await rm(join(folder, left), { force: true });
    }
    create(copy);
  });
  yield* Effect.gen(function* () {
    yield* copyWhole(path, copy);
    const fault = yield* inspect(copy);
    if (fault !== undefined) {
      // The copy may have gone wrong by itself.
      const own = yield* withDatabase(path, { readonly: true }, (db) =>
        Effect.try({ try: () => damageOf(db), catch: fromError(path) }),
      );
      return yield* own === undefined
        ? unavailable(copy, "other", `the copy is not good (${fault.why})`)
        : unavailable(path, "corrupt", `it is damaged (${own})`);
    }
    yield* attempt(name, async () => {
      await synced(copy);
      await rename(copy, name);
      await synced(folder);
    });
  }).pipe(Effect.ensuring(Effect.promise(() => rm(copy, { force: true }))));
  yield* Effect.logDebug(`the store ${path} is backed up as ${name}`);
  yield* prune(path);
});

const prune = (path: string) =>
  Effect.flatMap(list(path), (all) =>
    Effect.forEach(all.slice(kept), (old) => attempt(old.path, () => rm(old.path)), {
      discard: true,
    }),
  );

/** As the store is at one moment, whatever others write meanwhile; they and this process go on. */
const copyWhole = (path: string, copy: string) =>
  withDatabase(path, { readonly: true }, (db) =>
    attempt(path, async () => {
      db.exec("BEGIN");
      db.prepare("SELECT 1 FROM sqlite_master").all();
      await db.backup(copy, { progress: () => pagesAtOnce });
    }),
  );

/** Why a copy can't be used as a store. */
export interface Fault {
  readonly why: string;
  /** False: it is not for this nopea. */
  readonly damaged: boolean;
}

/** Looks a copy through, and leaves it a single file. */
export const inspect = (copy: string): Effect.Effect<Fault | undefined, StoreUnavailable> =>
  withDatabase(copy, {}, (db) =>
    Effect.try({
      try: (): Fault | undefined => {
        db.pragma("journal_mode = DELETE");
        const damage = damageOf(db);
        if (damage !== undefined) return { why: damage, damaged: true };
        const version = Number(db.pragma("user_version", { simple: true }));
        if (version > latest) return { why: `its version is ${version}`, damaged: false };
        const isOurs = db.pragma("application_id", { simple: true }) === applicationId;
        return isOurs && version > 0
          ? undefined
          : { why: "it is no store of nopea", damaged: false };
      },
      catch: fromError(copy),
    }),
  ).pipe(
    Effect.catchIf(
      ({ cause }) => cause === "corrupt",
      ({ message }) => Effect.succeed({ why: message, damaged: true }),
    ),
  );

/** What SQLite finds wrong with its pages. */
const damageOf = (db: Database.Database): string | undefined => {
  const found = String(db.pragma("quick_check(1)", { simple: true }));
  return found === "ok" ? undefined : (found.split("\n", 1)[0] ?? "");
};

/** What is written of a file or folder is on the disk. */
export const synced = async (path: string): Promise<void> => {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};
