/**
 * Where rows wait while the store can't be written: one JSON file each in `<state>/spool`. They
 * go into the store by the same `put` as any other, and may do so twice: nothing is lost between
 * a kill and the next process. A file that can't be read is set aside by name, never deleted.
 */
import { Context, Effect, Layer, Schema } from "effect";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DeployRow } from "./DeployRow.js";
import { Deploys } from "./Deploys.js";
import { attempt, unless } from "./internal/failure.js";
import { giveRoom } from "./internal/room.js";
import type { StoreConfig } from "./Store.js";
import type { StoreUnavailable } from "./StoreError.js";

export class Spool extends Context.Tag("@nopea/store/Spool")<
  Spool,
  {
    /**
     * Keeps the row as a file, in the place of an earlier one of the same deploy, unless that
     * one has ended. Fails where the folder can't be written either.
     */
    readonly put: (row: DeployRow) => Effect.Effect<void, StoreUnavailable>;
    /** Moves all that is there into the store; answers how many rows. Fails where the store still can't be written. */
    readonly drain: Effect.Effect<number, StoreUnavailable>;
  }
>() {}

const File = Schema.parseJson(Schema.Struct({ version: Schema.Literal(1), row: DeployRow }));
const encode = Schema.encodeSync(File);
const decode = Schema.decode(File);

export const make = Effect.fnUntraced(function* (config: StoreConfig) {
  const deploys = yield* Deploys;
  const folder = join(config.folder, "spool");
  const hasEnded = (path: string) =>
    attempt(path, () => readFile(path, "utf8")).pipe(
      Effect.flatMap(decode),
      Effect.map(({ row }) => row.state === "ended"),
      Effect.orElseSucceed(() => false),
    );

  const put = Effect.fn("Spool.put")(function* (row: DeployRow) {
    const path = join(folder, `${row.id}.json`);
    if (yield* hasEnded(path)) return;
    const write = attempt(path, () => writeWhole(folder, path, encode({ version: 1, row })));
    yield* Effect.catchIf(
      write,
      ({ cause }) => cause === "disk_full",
      (failure) =>
        Effect.flatMap(giveRoom(config.folder), (given) => (given ? write : Effect.fail(failure))),
    );
  });

  /** Takes one file out of the others' sight; false where another process was first. */
  const claim = (name: string, claimed: string) =>
    attempt(join(folder, name), () =>
      rename(join(folder, name), join(folder, claimed)).then(() => true, unless("ENOENT", false)),
    );

  const moveIn = (name: string) =>
    Effect.gen(function* () {
      const path = join(folder, name);
      const text = yield* attempt(path, () =>
        readFile(path, "utf8").catch(unless("ENOENT", undefined)),
      );
      if (text === undefined) return false;
      const file = yield* Effect.either(decode(text));
      if (file._tag === "Left") {
        yield* Effect.logWarning(
          `${path} can't be read and is set aside as ${name}.broken: ${file.left.message}`,
        );
        yield* claim(name, `${name}.broken`);
        return false;
      }
      yield* deploys.put(file.right.row);
      yield* attempt(path, () => unlink(path).catch(unless("ENOENT", undefined)));
      return true;
    });

  const drain = Effect.gen(function* () {
    // Mostly there is none, which is known sooner so.
    if (!existsSync(folder)) return 0;
    const names = yield* attempt(folder, () => readdir(folder).catch(unless("ENOENT", [])));
    let moved = 0;
    for (const name of names.toSorted()) {
      // Claimed before it is read: what `put` writes meanwhile is a new file, and not deleted.
      // A claim that is there already is a killed process's, or is moved in twice, which is once.
      const claimed = name.endsWith(spooled) ? `${name}.${randomUUID()}${taken}` : name;
      if (!claimed.endsWith(taken)) continue;
      if (claimed !== name && !(yield* claim(name, claimed))) continue;
      if (yield* moveIn(claimed)) moved += 1;
    }
    return moved;
  }).pipe(Effect.withSpan("Spool.drain"));

  return Spool.of({ put, drain });
});

/** The spool of the state folder `config.folder`. */
export const layer = (config: StoreConfig): Layer.Layer<Spool, never, Deploys> =>
  Layer.effect(Spool, make(config));

const spooled = ".json";
const taken = ".taken";

/** The file is there whole or not at all, after a power cut too. */
const writeWhole = async (folder: string, path: string, text: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  const entry = await open(folder, "r");
  try {
    await entry.sync();
  } finally {
    await entry.close();
  }
};
