import { assert, describe, it } from "@effect/vitest";
import Database from "better-sqlite3";
import { Effect, TestClock } from "effect";
import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrations } from "../src/migrations/all.js";
import { latest } from "../src/migrations/Migration.js";
import { backedUp, backups, file, isTidy, known, opened, size } from "./disk.js";
import { at, ended, folder, id } from "./given.js";
import { bundle, together } from "./processes.js";

describe("backups", () => {
  it.scoped("are taken daily, after the work; the newest three are kept", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const work = (n: number) =>
        opened(path, (store, deploys) => Effect.zipRight(deploys.put(ended(n)), store.upkeep));
      yield* work(1);
      assert.deepStrictEqual(backups(path), ["nopea-1970-01-01T00-00-00.000Z.db"]);
      yield* TestClock.adjust("23 hours");
      yield* work(2);
      assert.strictEqual(backups(path).length, 1);
      for (const n of [3, 4, 5]) {
        yield* TestClock.adjust("1 day");
        yield* work(n);
      }
      assert.deepStrictEqual(backups(path), [
        "nopea-1970-01-02T23-00-00.000Z.db",
        "nopea-1970-01-03T23-00-00.000Z.db",
        "nopea-1970-01-04T23-00-00.000Z.db",
      ]);
      assert.strictEqual(statSync(join(path, "backups")).mode & 0o777, 0o700);
      for (const [n, name] of backups(path).entries()) {
        const one = join(path, "backups", name);
        assert.strictEqual(statSync(one).mode & 0o777, 0o600);
        const db = new Database(one, { readonly: true });
        assert.strictEqual(db.pragma("integrity_check", { simple: true }), "ok");
        const rows = db.prepare("SELECT COUNT(*) AS n FROM deploys").get();
        assert.deepStrictEqual(rows, { n: n + 3 });
        db.close();
      }
      assert.strictEqual(backups(path).length, 3);
      isTidy(path);
    }),
  );

  it.scoped("of a time to come count for nothing while there is another", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      const from = join(path, "backups", backups(path)[0] ?? "");
      renameSync(from, join(path, "backups", "nopea-2099-01-01T00-00-00.000Z.db"));
      yield* opened(path, (store, deploys) =>
        Effect.zipRight(deploys.put(ended(size)), store.upkeep),
      );
      assert.strictEqual(backups(path).length, 2);
      writeFileSync(file(path), "broken");
      assert.strictEqual((yield* known(path)).ids.length, size + 1);
    }),
  );

  it.scoped("that a killed process had begun are cleared away, and never taken for one", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      mkdirSync(join(path, "backups"), { recursive: true });
      writeFileSync(join(path, "backups", "new-0b1c"), "half of it");
      yield* backedUp(path);
      assert.strictEqual(backups(path).length, 1);
      assert.match(backups(path)[0] ?? "", /^nopea-/);
    }),
  );

  /** A store as the first version wrote it. */
  const old = (path: string) => {
    const db = new Database(file(path));
    for (const statement of migrations[0]?.statements("sqlite") ?? []) db.exec(statement);
    db.pragma(`application_id = ${0x6e6f7065}`);
    db.pragma("user_version = 1");
    db.exec(`INSERT INTO deploys (id, cluster, namespace, service, state, origin, owner, strategy,
      accepted_at, ended_at, outcome, unchanged) VALUES ('${id(1)}', 'c1', 'shop', 'web', 'ended',
      'local', '', 'direct', '${at(1)}', '${at(2)}', 'completed', 0)`);
    db.close();
  };

  it.scoped("are taken before a migration", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      old(path);
      assert.deepStrictEqual((yield* known(path)).ids, [id(1)]);
      const [name = ""] = backups(path);
      const before = new Database(join(path, "backups", name), { readonly: true });
      assert.strictEqual(before.pragma("user_version", { simple: true }), 1);
      before.close();
      writeFileSync(file(path), "broken");
      assert.deepStrictEqual((yield* known(path)).ids, [id(1)]);
      assert.strictEqual(
        yield* opened(path, (store) => Effect.map(store.health, ({ version }) => version)),
        latest,
      );
    }),
  );

  it.scoped("that can't be taken leave the store as it is", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      old(path);
      writeFileSync(join(path, "backups"), "in the way");
      const failed = yield* Effect.flip(opened(path, (_, deploys) => deploys.put(ended(2))));
      assert.include(failed.message, join(path, "backups"));
      const after = new Database(file(path), { readonly: true });
      assert.strictEqual(after.pragma("user_version", { simple: true }), 1);
      after.close();
    }),
  );

  it.scopedLive(
    "before a migration are one, however many processes find the old store",
    () =>
      Effect.gen(function* () {
        const path = yield* folder;
        old(path);
        const bundled = yield* bundle();
        const said = yield* together(
          bundled,
          [1, 2, 3, 4].map(() => [path, "look"]),
        );
        for (const [ids] of said) assert.include(ids as ReadonlyArray<string>, id(1));
        assert.strictEqual(backups(path).length, 1);
      }),
    60_000,
  );
});
