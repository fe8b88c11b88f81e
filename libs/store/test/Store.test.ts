import { assert, describe, it } from "@effect/vitest";
import type { StoreError } from "@nopea/store";
import Database from "better-sqlite3";
import { Deferred, Effect, Fiber, TestClock } from "effect";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { migrations } from "../src/migrations/all.js";
import { latest } from "../src/migrations/Migration.js";
import { file, opened } from "./disk.js";
import { ended, folder, id, ref, result } from "./given.js";
import { bundle, modules, start } from "./processes.js";

/** Why a row can't be put, and that it can't be read either for the same cause. */
const refusal = (path: string) =>
  opened(path, (_, deploys) =>
    Effect.gen(function* () {
      const put = yield* Effect.flip(deploys.put(ended(1)));
      const read = yield* Effect.flip(deploys.history(ref(), 1));
      assert.strictEqual(read.cause, put.cause);
      return put;
    }),
  );

/** A store with `count` ended deploys, closed. */
const filled = (path: string, count = 3) =>
  opened(path, (store, deploys) =>
    store.transaction(() =>
      Effect.forEach([...Array(count).keys()], (n) => deploys.put(ended(n)), { discard: true }),
    ),
  );

describe("the store", () => {
  it.scoped("does nothing before its first use; then only its owner may read it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "deep", "state");
      yield* opened(path, (store, deploys) =>
        Effect.gen(function* () {
          assert.isFalse(existsSync(path));
          assert.deepStrictEqual(yield* store.health, {
            path: file(path),
            size: (yield* store.health).size,
            rows: 0,
            version: latest,
            writable: true,
          });
          yield* deploys.put(ended(7));
          yield* deploys.put(ended(3));
          const health = yield* store.health;
          assert.strictEqual(health.rows, 2);
          assert.strictEqual(health.oldest, ended(3).acceptedAt);
          assert.strictEqual(health.newest, ended(7).acceptedAt);
          assert.isAbove(health.size, 4096);
          assert.strictEqual(statSync(path).mode & 0o777, 0o700);
          for (const name of readdirSync(path)) {
            assert.strictEqual(statSync(join(path, name)).mode & 0o777, 0o600, name);
          }
        }),
      );
      assert.deepStrictEqual(readdirSync(path), ["nopea.db"]);
    }),
  );

  it.scoped("takes back the whole of a transaction that fails, and goes on", () =>
    Effect.gen(function* () {
      yield* opened(yield* folder, (store, deploys) =>
        Effect.gen(function* () {
          yield* deploys.put(ended(1));
          const failed = yield* Effect.flip(
            store.transaction(() =>
              Effect.zipRight(deploys.put(ended(2)), Effect.fail("no" as const)),
            ),
          );
          assert.strictEqual(failed, "no");
          assert.deepStrictEqual(
            (yield* deploys.history(ref(), 10)).map((one) => one.id),
            [id(1)],
          );
          yield* store.transaction(() =>
            Effect.zipRight(
              deploys.put(ended(3)),
              Effect.ignore(
                store.transaction(() =>
                  Effect.zipRight(deploys.put(ended(4)), Effect.fail("part of it")),
                ),
              ),
            ),
          );
          assert.deepStrictEqual(
            (yield* deploys.history(ref(), 10)).map((one) => one.id),
            [id(3), id(1)],
          );
        }),
      );
    }),
  );

  it.scoped("shows nobody outside a transaction what is in it before it is over", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* opened(path, (store, deploys) =>
        Effect.gen(function* () {
          const [written, read] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()];
          const failing = store.transaction(() =>
            Effect.gen(function* () {
              yield* deploys.put(ended(1));
              assert.lengthOf(yield* deploys.history(ref(), 9), 1);
              yield* Deferred.succeed(written, undefined);
              yield* Deferred.await(read);
              return yield* Effect.fail("taken back" as const);
            }),
          );
          const transaction = yield* Effect.fork(Effect.flip(failing));
          yield* Deferred.await(written);
          const outside = yield* Effect.fork(deploys.history(ref(), 9));
          yield* Effect.repeatN(Effect.yieldNow(), 100);
          yield* Deferred.succeed(read, undefined);
          assert.strictEqual(yield* Fiber.join(transaction), "taken back");
          assert.lengthOf(yield* Fiber.join(outside), 0);
        }),
      );
    }),
  );

  it.scoped("holds the write lock from the start of a transaction", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* opened(path, (store) =>
        store.transaction(() =>
          Effect.sync(() => {
            const other = new Database(file(path), { timeout: 0 });
            assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked/);
            other.close();
          }),
        ),
      );
    }),
  );

  it.scoped("goes on after a COMMIT that failed", () =>
    Effect.gen(function* () {
      yield* opened(yield* folder, (store, deploys) =>
        Effect.gen(function* () {
          yield* store.read((sql) => sql.unsafe("PRAGMA foreign_keys = ON"));
          yield* store.transaction((sql) =>
            sql.unsafe(
              "CREATE TABLE child (deploy TEXT REFERENCES deploys (id) DEFERRABLE INITIALLY DEFERRED)",
            ),
          );
          const failed = yield* Effect.flip(
            store.transaction((sql) => sql`INSERT INTO child VALUES ('nobody')`),
          );
          assert.strictEqual(failed.cause, "other");
          assert.include(failed.message, "FOREIGN KEY");
          assert.isTrue(yield* deploys.put(ended(1)));
        }),
      );
    }),
  );

  it.scoped("says that the disk is full, and goes on once it isn't", () =>
    Effect.gen(function* () {
      yield* opened(yield* folder, (store, deploys) =>
        Effect.gen(function* () {
          const room = (pages: number) =>
            store.read((sql) => sql.unsafe(`PRAGMA max_page_count = ${pages}`));
          yield* deploys.put(ended(1));
          yield* room(1);
          const large = ended(2, { result: result(2, { warnings: ["x".repeat(200_000)] }) });
          const failed = yield* Effect.flip(deploys.put(large));
          assert.strictEqual(failed.cause, "disk_full", failed.message);
          const nested = yield* Effect.flip(store.transaction(() => deploys.put(large)));
          assert.strictEqual(nested.cause, "disk_full", nested.message);
          yield* room(1_000_000);
          assert.isTrue(yield* deploys.put(large));
          assert.strictEqual((yield* deploys.history(ref(), 10)).length, 2);
        }),
      );
    }),
  );

  it.scopedLive("waits for another process's lock without stopping its own", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path, 1);
      yield* opened(path, (_, deploys) =>
        Effect.gen(function* () {
          yield* deploys.history(ref(), 1);
          const other = new Database(file(path));
          other.exec("BEGIN IMMEDIATE");
          const put = yield* Effect.fork(deploys.put(ended(5)));
          let longest = 0;
          for (let n = 0, last = performance.now(); n < 80; n += 1) {
            yield* Effect.sleep("5 millis");
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
          }
          assert.strictEqual((yield* deploys.history(ref(), 10)).length, 1);
          other.exec("COMMIT");
          other.close();
          assert.isTrue(yield* Fiber.join(put));
          // SQLite by itself would stand still for five seconds.
          assert.isBelow(longest, 2_000);
        }),
      );
    }),
  );

  it.scoped("gives up after 10 s of another's lock", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path, 1);
      yield* opened(path, (_, deploys) =>
        Effect.gen(function* () {
          yield* deploys.history(ref(), 1);
          const other = new Database(file(path));
          other.exec("BEGIN IMMEDIATE");
          const put = yield* Effect.fork(Effect.flip(deploys.put(ended(5))));
          yield* TestClock.adjust("11 seconds");
          const failed = yield* Fiber.join(put);
          other.close();
          assert.strictEqual(failed.cause, "busy");
          assert.include(failed.message, file(path));
          assert.isTrue(yield* deploys.put(ended(5)));
        }),
      );
    }),
  );
});

describe("a store that can't be used says so by its name, and is left as it is:", () => {
  const untouched = (path: string, cause: StoreError.StoreUnavailable["cause"], says: string) =>
    Effect.gen(function* () {
      const before = readFileSync(file(path));
      const failed = yield* refusal(path);
      assert.strictEqual(failed.cause, cause);
      assert.include(failed.message, file(path));
      assert.include(failed.message, says);
      assert.isNotEmpty(failed.advice);
      assert.isTrue(before.equals(readFileSync(file(path))));
      assert.deepStrictEqual(readdirSync(path), ["nopea.db"]);
    });

  it.scoped("one that a newer nopea wrote", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path);
      const other = new Database(file(path));
      other.pragma(`user_version = ${latest + 1}`);
      other.close();
      yield* untouched(path, "newer_version", `its version is ${latest + 1}`);
    }),
  );

  it.scoped("another program's", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const other = new Database(file(path));
      other.exec("CREATE TABLE recipes (name TEXT)");
      other.close();
      yield* untouched(path, "other", "another program's");
    }),
  );

  it.scoped("a folder in its place", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      mkdirSync(file(path));
      const failed = yield* refusal(path);
      assert.strictEqual(failed.cause, "other");
      assert.include(failed.message, "it is a folder");
    }),
  );

  it.scoped("a file where its folder should be, or above it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "state");
      writeFileSync(path, "");
      for (const inside of [path, join(path, "deeper")]) {
        const failed = yield* refusal(inside);
        assert.strictEqual(failed.cause, "no_folder");
        assert.include(failed.message, file(inside));
      }
    }),
  );

  it.scoped("at once for 30 s, then it is tried again", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      mkdirSync(file(path));
      yield* opened(path, (_, deploys) =>
        Effect.gen(function* () {
          yield* Effect.flip(deploys.put(ended(1)));
          rmSync(file(path), { recursive: true });
          yield* TestClock.adjust("29 seconds");
          yield* Effect.flip(deploys.put(ended(1)));
          yield* TestClock.adjust("2 seconds");
          assert.isTrue(yield* deploys.put(ended(1)));
        }),
      );
    }),
  );
});

describe("without the native module the store is unavailable, and nothing else fails:", () => {
  const look = (bundled: string, path: string) =>
    Effect.gen(function* () {
      const worker = yield* start(bundled, [path, "look"]);
      yield* worker.go;
      const said = (yield* worker.said) as ReadonlyArray<StoreError.StoreUnavailable>;
      assert.strictEqual(said.length, 2);
      for (const { cause, message } of said) {
        assert.strictEqual(cause, "native_module_missing");
        assert.include(message, "better-sqlite3");
      }
    });

  it.scopedLive("not installed", () =>
    Effect.gen(function* () {
      yield* look(yield* bundle(true), yield* folder);
    }),
  );

  it.scopedLive("installed without its install script", () =>
    Effect.gen(function* () {
      const bundled = yield* bundle(true);
      const copy = join(bundled, "node_modules", "better-sqlite3");
      for (const part of ["lib", "package.json"]) {
        cpSync(join(modules, "better-sqlite3", part), join(copy, part), { recursive: true });
      }
      for (const name of ["bindings", "file-uri-to-path"]) {
        symlinkSync(join(modules, name), join(bundled, "node_modules", name));
      }
      yield* look(bundled, yield* folder);
    }),
  );
});

describe("an account that may only read", () => {
  /** `nobody`, where the tests run as root, whom file modes don't bind. */
  const uid = process.getuid?.() === 0 ? 65534 : 0;

  const look = (path: string, prepare: () => void) =>
    Effect.gen(function* () {
      const bundled = yield* bundle();
      yield* Effect.acquireRelease(Effect.sync(prepare), () =>
        Effect.sync(() => chmodSync(path, 0o700)),
      );
      const worker = yield* start(bundled, [path, "look"], { uid });
      yield* worker.go;
      return yield* worker.said;
    });

  const [first, second, third] = [id(2), id(1), id(0)];

  it.scopedLive("reads a store whose folder is read-only, and is told so when it writes", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path);
      const [read, written] = yield* look(path, () => {
        chmodSync(file(path), 0o444);
        chmodSync(path, 0o555);
      });
      assert.deepStrictEqual(read, [first, second, third]);
      assert.strictEqual((written as StoreError.StoreUnavailable).cause, "read_only");
      assert.deepStrictEqual(readdirSync(path), ["nopea.db"]);
    }),
  );

  it.scopedLive("reads a store whose file is read-only", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path);
      const [read, written] = yield* look(path, () => {
        chmodSync(file(path), 0o444);
        chmodSync(path, 0o777);
      });
      assert.deepStrictEqual(read, [first, second, third]);
      assert.strictEqual((written as StoreError.StoreUnavailable).cause, "read_only");
    }),
  );

  it.scopedLive("reads what another process is writing", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path, 2);
      yield* opened(path, (_, deploys) =>
        Effect.gen(function* () {
          yield* deploys.put(ended(2));
          const [read, written] = yield* look(path, () => {
            for (const name of readdirSync(path)) chmodSync(join(path, name), 0o444);
            chmodSync(path, 0o555);
          });
          assert.deepStrictEqual(read, [first, second, third]);
          assert.strictEqual((written as StoreError.StoreUnavailable).cause, "read_only");
        }).pipe(Effect.scoped),
      );
    }),
  );

  it.scopedLive("is told that it lacks the permission where it may not read either", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* filled(path);
      const said = (yield* look(path, () => {
        chmodSync(file(path), 0o000);
        chmodSync(path, 0o755);
      })) as ReadonlyArray<StoreError.StoreUnavailable>;
      assert.deepStrictEqual(
        said.map((one) => one.cause),
        ["permission", "permission"],
      );
      assert.deepStrictEqual(readdirSync(path), ["nopea.db"]);
    }),
  );

  it.scopedLive("is told that a store is damaged which it can't set aside", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const said = (yield* look(path, () => {
        writeFileSync(file(path), "no database ".repeat(1000), { mode: 0o444 });
        chmodSync(path, 0o555);
      })) as ReadonlyArray<StoreError.StoreUnavailable>;
      assert.deepStrictEqual(
        said.map((one) => one.cause),
        ["corrupt", "corrupt"],
      );
      assert.deepStrictEqual(readdirSync(path), ["nopea.db"]);
    }),
  );

  it.scopedLive("is told that it may not make a store", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const said = (yield* look(path, () =>
        chmodSync(path, 0o555),
      )) as ReadonlyArray<StoreError.StoreUnavailable>;
      assert.deepStrictEqual(
        said.map((one) => one.cause),
        ["permission", "permission"],
      );
    }),
  );
});

describe("migrations", () => {
  it("are one sequence without gaps, each in a file of its number and name", () => {
    const files = readdirSync(new URL("../src/migrations", import.meta.url)).filter((name) =>
      /^\d/.test(name),
    );
    assert.deepStrictEqual(
      migrations.map(({ version, name }) => `${String(version).padStart(4, "0")}_${name}.ts`),
      files.sort(),
    );
    assert.deepStrictEqual(
      migrations.map(({ version }) => version),
      migrations.map((_, index) => index + 1),
    );
    assert.strictEqual(migrations.at(-1)?.version, latest);
  });
});
