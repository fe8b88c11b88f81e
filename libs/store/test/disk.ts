/** Stores on the disk as tests of their damage, backups and restoration need them. */
import { assert } from "@effect/vitest";
import { Deploys, Store } from "@nopea/store";
import Database from "better-sqlite3";
import { Effect } from "effect";
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ended, id, layer, ref } from "./given.js";

type StoreService = typeof Store.Store.Service;
type DeploysService = typeof Deploys.Deploys.Service;

/** Runs as a process of its own would: with a connection that is closed at the end. */
export const opened = <A, E>(
  path: string,
  use: (store: StoreService, deploys: DeploysService) => Effect.Effect<A, E>,
) =>
  Effect.gen(function* () {
    return yield* use(yield* Store.Store, yield* Deploys.Deploys);
  }).pipe(Effect.provide(layer(path)));

export const file = (path: string) => join(path, "nopea.db");
export const backups = (path: string) => readdirSync(join(path, "backups")).sort();
export const aside = (path: string) =>
  readdirSync(path)
    .filter((name) => name.startsWith("nopea.db.corrupt-") && !/-(wal|shm)$/.test(name))
    .map((name) => join(path, name));

export const size = 300;

/** A store of 300 deploys in many pages, closed; its backup has them all. */
export const backedUp = (path: string) =>
  opened(path, (store, deploys) =>
    Effect.zipRight(
      store.transaction(() =>
        Effect.forEach([...Array(size).keys()], (n) => deploys.put(ended(n)), { discard: true }),
      ),
      store.upkeep,
    ),
  );

export const overwrite = (path: string, from: number, bytes: number) => {
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.alloc(bytes, 0x55), 0, bytes, from);
  closeSync(fd);
};

/** Header and schema stay; what is read of the tables is garbage. */
export const damagePages = (path: string) => overwrite(path, 4096, statSync(path).size - 4096);

/** Another has the store open, and what it wrote is in the log alone. */
export const written = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const db = new Database(file(path));
      db.exec("UPDATE services SET deploys = deploys");
      return { db, log: readFileSync(`${file(path)}-wal`) };
    }),
    ({ db }) => Effect.sync(() => db.close()),
  );

export const known = (path: string) =>
  opened(path, (store, deploys) =>
    Effect.gen(function* () {
      const rows = yield* deploys.history(ref(), 1000);
      return { ids: rows.map((one) => one.id), restorations: yield* store.restorations };
    }),
  );

export const allIds = [...Array(size).keys()].map((n) => id(n)).reverse();

/** Every file of the folder and its backups is its owner's alone, and nothing is left over. */
export const isTidy = (path: string) => {
  for (const name of readdirSync(path)) {
    assert.notMatch(name, /\.next|-journal$/);
    if (name !== "backups") assert.strictEqual(statSync(join(path, name)).mode & 0o777, 0o600);
  }
};
