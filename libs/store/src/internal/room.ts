/**
 * A file that holds some room on the disk of the state folder, given up when the disk is full:
 * an outcome that no ledger has can be spooled then all the same.
 */
import { Effect } from "effect";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoreUnavailable } from "../StoreError.js";
import { fromError, unless } from "./failure.js";

/** Bytes: some fifty outcomes with their results. */
const room = 256 * 1024;

const pathIn = (folder: string) => join(folder, "room");

/** Takes the room, where it isn't taken. */
export const keepRoom = (folder: string): Effect.Effect<void, StoreUnavailable> => {
  const path = pathIn(folder);
  if (existsSync(path)) return Effect.void;
  const fresh = `${path}.new`;
  return Effect.tryPromise({
    // Chance, which no file system can store in less.
    try: () => writeFile(fresh, randomBytes(room), { mode: 0o600 }).then(() => rename(fresh, path)),
    catch: fromError(path),
  }).pipe(
    Effect.tapError(() => Effect.promise(() => rm(fresh, { force: true }))),
    Effect.catchIf(
      // It is for a disk that is full later; of two processes one is enough.
      ({ cause }) => cause === "disk_full" || cause === "no_folder",
      () => Effect.void,
    ),
  );
};

/** True where there was room to give. */
export const giveRoom = (folder: string): Effect.Effect<boolean, StoreUnavailable> =>
  Effect.tryPromise({
    try: () => rm(pathIn(folder)).then(() => true, unless("ENOENT", false)),
    catch: fromError(pathIn(folder)),
  });
