import { assert, describe, it } from "@effect/vitest";
import { Restoration } from "@nopea/store";
import Database from "better-sqlite3";
import { Effect, Logger, Option, TestClock } from "effect";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { latest } from "../src/migrations/Migration.js";
import {
  allIds,
  aside,
  backedUp,
  backups,
  damagePages,
  file,
  isTidy,
  known,
  opened,
  overwrite,
  size,
  written,
} from "./disk.js";
import { at, ended, folder, id, ref, result, row } from "./given.js";
import { bundle, start, together } from "./processes.js";

describe("a damaged store is set aside and restored from its backup:", () => {
  const ways: Record<string, (path: string) => void> = {
    "a damaged header": (path) => overwrite(path, 0, 100),
    "no database at all": (path) => writeFileSync(path, "once upon a time ".repeat(1000)),
    "cut off in the middle": (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
    "cut off in the header": (path) => truncateSync(path, 50),
    "garbage in the middle": damagePages,
    "of no length": (path) => truncateSync(path, 0),
  };
  for (const [name, damage] of Object.entries(ways)) {
    it.scoped(name, () =>
      Effect.gen(function* () {
        const path = yield* folder;
        yield* backedUp(path);
        yield* TestClock.adjust("2 hours");
        damage(file(path));
        writeFileSync(`${file(path)}-wal`, "a log that was left", { mode: 0o600 });
        const before = readFileSync(file(path));

        const first = yield* known(path);
        assert.deepStrictEqual(first.ids, allIds);
        const [done, ...more] = first.restorations;
        assert.deepStrictEqual(more, []);
        assert.isDefined(done);
        assert.strictEqual(Option.getOrUndefined(done.backup)?.takenAt, "1970-01-01T00:00:00.000Z");
        const kept = Option.getOrElse(done.aside, () => "");
        assert.strictEqual(kept, `${file(path)}.corrupt-1970-01-01T02-00-00.000Z`);
        assert.isTrue(before.equals(readFileSync(kept)));
        assert.strictEqual(statSync(kept).size, before.length);
        assert.include(Restoration.describe(done), kept);
        assert.include(Restoration.describe(done), "backup of 1970-01-01T00:00:00.000Z");
        isTidy(path);

        assert.deepStrictEqual((yield* known(path)).restorations, []);
        assert.isTrue(yield* opened(path, (_, deploys) => deploys.put(ended(size))));
        assert.deepStrictEqual((yield* known(path)).ids, [id(size), ...allIds]);
      }),
    );
  }

  it.scoped("with the log that another process writes", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      const { log } = yield* written(path);
      damagePages(file(path));
      yield* known(path);
      const [name = ""] = aside(path);
      assert.isTrue(log.equals(readFileSync(`${name}-wal`)));
      assert.isTrue(existsSync(`${name}-shm`));
    }),
  );

  it.scoped("and one that is gone is restored too", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      rmSync(file(path));
      const { ids, restorations } = yield* known(path);
      assert.deepStrictEqual(ids, allIds);
      assert.deepStrictEqual(
        restorations.map((one) => [one.why, Option.isNone(one.aside)]),
        [["it is gone", true]],
      );
    }),
  );

  it.scoped("twice in one moment, and both files are kept", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      for (const text of ["first", "second"]) {
        writeFileSync(file(path), text);
        assert.deepStrictEqual((yield* known(path)).ids, allIds);
      }
      const kept = aside(path).map((name) => readFileSync(name, "utf8"));
      assert.deepStrictEqual(kept, ["first", "second"]);
    }),
  );

  it.scoped("where the daily backup finds what no query had met", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      yield* TestClock.adjust("25 hours");
      const bytes = readFileSync(file(path));
      const page = bytes.lastIndexOf("warnings");
      overwrite(file(path), page - (page % 4096), 64);
      yield* opened(path, (store) =>
        Effect.gen(function* () {
          yield* store.upkeep;
          assert.strictEqual((yield* store.restorations).length, 1);
        }),
      );
      assert.deepStrictEqual((yield* known(path)).ids, allIds);
      assert.strictEqual(aside(path).length, 1);
      assert.strictEqual(backups(path).length, 2);
    }),
  );
});

describe("the chain goes on where a backup is no good:", () => {
  /** Three backups, of one deploy more each. */
  const threeDays = (path: string) =>
    Effect.forEach(
      [1, 2, 3],
      (day) =>
        opened(path, (store, deploys) =>
          Effect.zipRight(deploys.put(ended(day)), store.upkeep),
        ).pipe(Effect.zipRight(TestClock.adjust("1 day"))),
      { discard: true },
    );
  const backup = (path: string, n: number) => join(path, "backups", backups(path)[n] ?? "");

  it.scoped("the next older one is taken, and the damaged one set aside", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* threeDays(path);
      const newest = backup(path, 2);
      damagePages(newest);
      const bytes = readFileSync(newest);
      writeFileSync(file(path), "broken");
      assert.deepStrictEqual((yield* known(path)).ids, [id(2), id(1)]);
      assert.isTrue(bytes.equals(readFileSync(`${newest}.corrupt`)));
      assert.isFalse(existsSync(newest));
    }),
  );

  it.scoped("one of a newer version is passed over, and stays", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* threeDays(path);
      const newest = new Database(backup(path, 2));
      newest.pragma(`user_version = ${latest + 1}`);
      newest.close();
      writeFileSync(file(path), "broken");
      assert.deepStrictEqual((yield* known(path)).ids, [id(2), id(1)]);
      assert.strictEqual(backups(path).length, 3);
    }),
  );

  it.scoped("the newest of all is damaged, cut off, no file: each step is a line in the log", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* threeDays(path);
      truncateSync(backup(path, 2), 5000);
      writeFileSync(backup(path, 1), "broken");
      rmSync(backup(path, 0));
      mkdirSync(join(path, "backups", "nopea-1970-01-01T00-00-00.000Z.db"));
      writeFileSync(file(path), "broken too");
      const lines: Array<string> = [];
      const logger = Logger.make(({ message }) => lines.push(String(message)));
      const { ids, restorations } = yield* known(path).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      );
      assert.deepStrictEqual(ids, []);
      assert.deepStrictEqual(
        restorations.map((one) => Option.isNone(one.backup)),
        [true],
      );
      assert.include(restorations.map(Restoration.describe).join(), "no good backup");
      const steps = [
        /nopea\.db can't be used: .*not a database/,
        /backup .*03T.* is not good/,
        /backup .*02T.* is not good/,
        /01T.*db can't be used/,
        /nopea\.db is set aside as .*corrupt-1970-01-04T00-00-00\.000Z/,
        /no good backup: the store .* is begun anew/,
        /the ledgers/,
      ];
      assert.strictEqual(lines.length, steps.length, lines.join("\n"));
      for (const [at, step] of steps.entries()) assert.match(lines[at] ?? "", step);
    }),
  );

  it.scoped("without any the store is begun anew, and works", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      writeFileSync(file(path), "broken");
      yield* opened(path, (store, deploys) =>
        Effect.gen(function* () {
          assert.isTrue(yield* deploys.put(ended(1)));
          assert.strictEqual((yield* store.restorations).length, 1);
          assert.strictEqual((yield* store.health).rows, 1);
        }),
      );
      assert.deepStrictEqual((yield* known(path)).ids, [id(1)]);
      const [name = ""] = aside(path);
      assert.strictEqual(readFileSync(name, "utf8"), "broken");
    }),
  );
});

describe("a restored store", () => {
  it.scoped("takes the ledgers in again, and judges nothing that was under way at the backup", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const copy = { ref: ref(), resourceVersion: "17", ledger: {}, readAt: at(1) };
      const left = result(4, { status: "progressing" });
      yield* opened(path, (store, deploys) =>
        Effect.gen(function* () {
          yield* deploys.takeIn([ended(1, { origin: "ledger" })], Option.some(copy));
          yield* deploys.accept(row(2), 10, "a process");
          yield* deploys.put(row(3, { state: "running" }));
          yield* deploys.put(row(4, { state: "running", result: left }));
          yield* deploys.put(row(5, { state: "settling", outcome: "failed", result: result(5) }));
          yield* store.upkeep;
        }),
      );
      writeFileSync(file(path), "broken");
      yield* opened(path, (_, deploys) =>
        Effect.gen(function* () {
          const open = yield* deploys.open(ref());
          assert.deepStrictEqual(
            open.map((one) => one.row.id),
            [id(4), id(5)],
          );
          const history = yield* deploys.history(ref(), 10);
          assert.deepStrictEqual(
            history.map((one) => one.id),
            [id(5), id(4), id(1)],
          );
          const { cluster, namespace } = ref();
          const versions = yield* deploys.ledgerVersions(cluster, namespace);
          assert.notStrictEqual(versions.get(ref().service), "17");
          const count = deploys.services({}).pipe(Effect.map(([one]) => one?.deploys));
          assert.strictEqual(yield* count, 3);
          // The ledger's word, and that of a process which went on.
          yield* deploys.takeIn([ended(2, { origin: "ledger", outcome: "failed" })], Option.none());
          yield* deploys.put(ended(3));
          assert.strictEqual(yield* count, 5);
          assert.strictEqual((yield* deploys.history(ref(), 10)).length, 5);
        }),
      );
    }),
  );

  it.scoped("is what others write to that had the old one open", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      yield* opened(path, (store, deploys) =>
        Effect.gen(function* () {
          yield* deploys.history(ref(), 1);
          writeFileSync(file(path), "broken");
          yield* known(path);
          assert.isTrue(yield* deploys.put(ended(size)));
          assert.deepStrictEqual(yield* store.restorations, []);
        }),
      );
      assert.deepStrictEqual((yield* known(path)).ids, [id(size), ...allIds]);
    }),
  );

  it.scoped("gets what was being written as the old one was set aside", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* backedUp(path);
      let runs = 0;
      yield* opened(path, (store, deploys) =>
        store.transaction(() =>
          Effect.gen(function* () {
            yield* deploys.put(ended(size));
            runs += 1;
            if (runs > 1) return;
            for (const log of ["", "-wal", "-shm"]) {
              renameSync(file(path) + log, `${file(path)}.corrupt-then${log}`);
            }
          }),
        ),
      );
      assert.strictEqual(runs, 2);
      assert.deepStrictEqual((yield* known(path)).ids, [id(size), ...allIds]);
    }),
  );
});

describe("processes that find a damaged store", () => {
  it.scopedLive(
    "at once restore it once, and all go on",
    () =>
      Effect.gen(function* () {
        const bundled = yield* bundle();
        for (const hasBackup of [true, false]) {
          const path = yield* folder;
          if (hasBackup) yield* backedUp(path);
          writeFileSync(file(path), "broken");
          const said = yield* together(
            bundled,
            [1, 2, 3, 4].map((first) => [path, "accept", `${1000 * first}`, "20", "1000000"]),
          );
          assert.deepStrictEqual(
            said.map((answers) => answers.length),
            [20, 20, 20, 20],
          );
          assert.strictEqual(aside(path).length, 1);
          const open = yield* opened(path, (_, deploys) => deploys.open(ref()));
          assert.strictEqual(open.length, 80);
          assert.strictEqual((yield* known(path)).ids.length, hasBackup ? size + 80 : 80);
        }
      }),
    60_000,
  );

  it.scopedLive(
    "are killed at any step: the next one ends it, and nothing is lost",
    () =>
      Effect.gen(function* () {
        const bundled = yield* bundle();
        const whole = yield* folder;
        yield* backedUp(whole);
        let steps = 0;
        for (let killAt = 1; ; killAt += 1) {
          const path = yield* folder;
          cpSync(whole, path, { recursive: true });
          const { log } = yield* written(path);
          damagePages(file(path));
          const bytes = readFileSync(file(path));
          const worker = yield* start(bundled, [path, "look"], { killAt });
          yield* worker.go;
          if (!(yield* worker.wasKilled)) break;
          steps += 1;
          const { ids } = yield* known(path);
          assert.deepStrictEqual(ids, allIds, `killed at step ${killAt}`);
          const kept = aside(path);
          assert.strictEqual(kept.length, 1, `killed at step ${killAt}`);
          assert.isTrue(bytes.equals(readFileSync(kept[0] ?? "")));
          assert.isTrue(log.equals(readFileSync(`${kept[0]}-wal`)));
        }
        assert.isAbove(steps, 5);
      }),
    120_000,
  );
});
