/**
 * Turns whatever SQLite, Node or the file system says into the one `StoreUnavailable`: which
 * file, why, and what to do. The codes are SQLite's (https://sqlite.org/rescode.html) and libuv's.
 */
import { Effect, Predicate } from "effect";
import { StoreUnavailable } from "../StoreError.js";

type Cause = StoreUnavailable["cause"];

const because: Readonly<Record<Cause, { readonly why: string; readonly advice: string }>> = {
  native_module_missing: {
    why: "the native module better-sqlite3 is not installed or does not fit this Node",
    advice: "install it again with install scripts allowed (npm rebuild better-sqlite3)",
  },
  no_folder: {
    why: "its folder is missing or is not a folder",
    advice: "name a folder that can be made, with --state or NOPEA_STATE",
  },
  permission: {
    why: "this account may not use it",
    advice: "give this account read and write access to it, or name another folder with --state",
  },
  read_only: {
    why: "it is read-only here",
    advice: "make it writable, or name another folder with --state",
  },
  corrupt: {
    why: "it is damaged, or is no SQLite database",
    advice:
      "a command that may write it and its folder sets it aside, and restores what it can from backups and ledgers",
  },
  newer_version: {
    why: "a newer nopea wrote it",
    advice: "use that version of nopea or a newer one, or name another folder with --state",
  },
  disk_full: { why: "the disk is full", advice: "free some space on its disk" },
  busy: {
    why: "other processes kept it locked",
    advice: "try again; if it stays so, look which process holds the file",
  },
  other: { why: "it failed", advice: "see the message; --state names another folder" },
};

/** SQLite's or libuv's name for it; empty where there is none. */
export const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : "";

const textOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "message") && typeof cause.message === "string"
    ? cause.message
    : String(cause);

/** What SQLite or Node itself threw, where it is wrapped in an SqlError. */
const rootOf = (error: unknown): unknown =>
  Predicate.isTagged(error, "SqlError") && Predicate.hasProperty(error, "cause")
    ? error.cause
    : error;

const exact: Readonly<Record<string, Cause>> = {
  ERR_MODULE_NOT_FOUND: "native_module_missing",
  MODULE_NOT_FOUND: "native_module_missing",
  ERR_DLOPEN_FAILED: "native_module_missing",
  ENOENT: "no_folder",
  ENOTDIR: "no_folder",
  EEXIST: "no_folder",
  EACCES: "permission",
  EPERM: "permission",
  EROFS: "read_only",
  ENOSPC: "disk_full",
  EDQUOT: "disk_full",
};

/** SQLite's extended codes begin with the primary one: SQLITE_READONLY_DIRECTORY. */
const beginnings: ReadonlyArray<readonly [string, Cause]> = [
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_FULL", "disk_full"],
  // The index of the log can't be made as large as it must be.
  ["SQLITE_IOERR_SHMSIZE", "disk_full"],
  ["SQLITE_READONLY", "read_only"],
  ["SQLITE_PERM", "permission"],
  ["SQLITE_AUTH", "permission"],
  ["SQLITE_CANTOPEN", "permission"],
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
];

const causeOf = (error: unknown): Cause => {
  const root = rootOf(error);
  const code = codeOf(root);
  const known = exact[code] ?? beginnings.find(([start]) => code.startsWith(start))?.[1];
  if (known !== undefined) return known;
  // `bindings` throws without a code where the addon was never built.
  return textOf(root).includes("bindings file") ? "native_module_missing" : "other";
};

export const isBusy = (error: unknown): boolean => causeOf(error) === "busy";

/** `detail` replaces what is said of the cause in general. */
export const unavailable = (path: string, cause: Cause, detail?: string): StoreUnavailable =>
  new StoreUnavailable({
    path,
    cause,
    message: `${beginning(path)}${detail ?? because[cause].why}`,
    advice: because[cause].advice,
  });

const beginning = (path: string) => `the store ${path} can't be used: `;

/** What is wrong, without which store it is. */
export const whyOf = ({ path, message }: StoreUnavailable): string =>
  message.startsWith(beginning(path)) ? message.slice(beginning(path).length) : message;

export const fromError =
  (path: string) =>
  (error: unknown): StoreUnavailable => {
    if (Predicate.isTagged(error, "StoreUnavailable")) return error as StoreUnavailable;
    const cause = causeOf(error);
    const said = textOf(rootOf(error)).split("\n", 1)[0] ?? "";
    return unavailable(path, cause, `${because[cause].why} (${said})`);
  };

/** For a promise's rejection: another answer where it has this code. */
export const unless =
  <A>(code: string, otherwise: A) =>
  (error: unknown): A => {
    if (codeOf(error) !== code) throw error;
    return otherwise;
  };

/** A promise whose rejection is the store's failure. */
export const attempt = <A>(
  path: string,
  run: () => Promise<A>,
): Effect.Effect<A, StoreUnavailable> => Effect.tryPromise({ try: run, catch: fromError(path) });
