/**
 * The store's file before SQLite opens it: which file it is, whether it may be written, and
 * whether one that was there is lost. Nothing here opens it: to close a file takes away all locks
 * that this process has on it, those of its other connections too.
 */
import { Timestamp } from "@nopea/domain";
import { Data, Effect } from "effect";
import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { StoreUnavailable } from "../StoreError.js";
import { codeOf, fromError, unavailable } from "./failure.js";

/** Which file it is, whatever it is called by now. */
export type FileId = string;

const idFrom = ({ dev, ino }: BigIntStats): FileId => `${dev}:${ino}`;

const look = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false });

/** Undefined where there is none, or it can't be seen. */
export const idOf = (path: string): FileId | undefined => {
  try {
    const found = look(path);
    return found === undefined ? undefined : idFrom(found);
  } catch {
    return undefined;
  }
};

/** The file can't be read as a store any more. */
export class Damaged extends Data.TaggedError("Damaged")<{
  /** Which one was seen to be so; none where it is gone. */
  readonly file: FileId | undefined;
  readonly failure: StoreUnavailable;
}> {}

export interface StoreFile {
  readonly id: FileId;
  readonly writable: boolean;
}

/** Makes folder (0700) and file (0600) where there never was one. */
export const prepareFile = (path: string): Effect.Effect<StoreFile, StoreUnavailable | Damaged> =>
  Effect.try({
    // Without promises: each would cost a command that only reads a turn through the thread pool.
    try: () => {
      const found = look(path);
      if (found?.isDirectory() === true) {
        throw unavailable(path, "other", "it is a folder, where a file should be");
      }
      if (found !== undefined && found.size > 0n) {
        return { id: idFrom(found), writable: mayWrite(path) };
      }
      if (wasThere(path)) {
        const why = found === undefined ? "it is gone" : "it is empty";
        throw new Damaged({
          file: found === undefined ? undefined : emptyId(idFrom(found)),
          failure: unavailable(path, "corrupt", why),
        });
      }
      create(path);
      return { id: idFrom(statSync(path, { bigint: true })), writable: mayWrite(path) };
    },
    catch: (error) => (error instanceof Damaged ? error : fromError(path)(error)),
  });

const emptyId = (id: FileId): FileId => `${id} (empty)`;

/** Nobody has mended it, or put another in its place. */
export const isStill = (path: string, damaged: FileId | undefined): boolean => {
  const id = idOf(path);
  return (
    id === damaged || (id !== undefined && statSync(path).size === 0 && emptyId(id) === damaged)
  );
};

const mayWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(codeOf(error))) return false;
    throw error;
  }
};

/** An empty file, which is an empty database to SQLite. */
export const create = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
};

/** Where the backups of a store are. */
export const backupFolder = (path: string): string => join(dirname(path), "backups");

/** Of a backup: its time is in the name, as `stampOf` writes it. */
export const backupName = /^nopea-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z)\.db$/;

/** RFC 3339 with `-` for `:`, which not every file system has in names. `millis` since the epoch. */
export const stampOf = (millis: number): string =>
  Timestamp.fromMillis(millis).replaceAll(":", "-");

/** What a damaged store is set aside as begins so; its log is beside it under the same name. */
export const asidePrefix = (path: string): string => `${path}.corrupt-`;

/** The store that is to come, while it is made. */
export const nextPath = (path: string): string => `${path}.next`;

const namesIn = (folder: string): ReadonlyArray<string> =>
  existsSync(folder) ? readdirSync(folder) : [];

/**
 * What only a store that was there leaves behind: backups, one that was set aside, a log with
 * pages that are not in the file. (A new one writes its file first.)
 */
const wasThere = (path: string): boolean =>
  namesIn(backupFolder(path)).some((name) => backupName.test(name)) ||
  namesIn(dirname(path)).some((name) => name.startsWith(basename(asidePrefix(path)))) ||
  (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
