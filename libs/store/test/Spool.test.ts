import { assert, describe, it } from "@effect/vitest";
import { Deploys, Spool } from "@nopea/store";
import { Effect, Option } from "effect";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ended, folder, id, layer, row } from "./given.js";

const inFolder = <A, E>(
  path: string,
  use: (
    spool: typeof Spool.Spool.Service,
    deploys: typeof Deploys.Deploys.Service,
  ) => Effect.Effect<A, E>,
) =>
  Effect.gen(function* () {
    return yield* use(yield* Spool.Spool, yield* Deploys.Deploys);
  }).pipe(Effect.provide(layer(path)));

const files = (path: string) => readdirSync(join(path, "spool")).sort();

describe("the spool", () => {
  it.scoped("keeps rows while the store can't be written, and moves them in once it can", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const store = join(path, "nopea.db");
      mkdirSync(store);
      yield* inFolder(path, (spool, deploys) =>
        Effect.gen(function* () {
          yield* Effect.flip(deploys.put(ended(1)));
          yield* spool.put(ended(1));
          yield* spool.put(row(2, { state: "running" }));
          yield* spool.put(ended(2));
          assert.deepStrictEqual(files(path), [`${id(1)}.json`, `${id(2)}.json`]);
          const folderMode = statSync(join(path, "spool")).mode & 0o777;
          assert.strictEqual(folderMode, 0o700);
          for (const name of files(path)) {
            assert.strictEqual(statSync(join(path, "spool", name)).mode & 0o777, 0o600);
          }
          assert.strictEqual((yield* Effect.flip(spool.drain)).path, store);
        }),
      );
      assert.strictEqual(files(path).length, 2);

      rmSync(store, { recursive: true });
      yield* inFolder(path, (spool, deploys) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* spool.drain, 2);
          assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(ended(1)));
          assert.deepStrictEqual(yield* deploys.find(id(2)), Option.some(ended(2)));
          assert.deepStrictEqual(files(path), []);
          assert.strictEqual(yield* spool.drain, 0);
        }),
      );
    }),
  );

  it.scoped("is no folder until it is needed", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* inFolder(path, (spool) => spool.drain);
      assert.isFalse(existsSync(join(path, "spool")));
    }),
  );

  it.scoped("never puts a row that runs in the place of one that has ended", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* inFolder(path, (spool, deploys) =>
        Effect.gen(function* () {
          yield* spool.put(ended(1));
          yield* spool.put(row(1, { state: "running" }));
          yield* spool.drain;
          assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(ended(1)));
        }),
      );
    }),
  );

  it.scoped("takes up what a killed process had begun to move, and may do so twice", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* inFolder(path, (spool, deploys) =>
        Effect.gen(function* () {
          yield* spool.put(ended(1));
          const [name = ""] = files(path);
          const from = join(path, "spool", name);
          renameSync(from, `${from}.0b1c.taken`);
          yield* deploys.put(ended(1));
          assert.strictEqual(yield* spool.drain, 1);
          assert.deepStrictEqual(yield* deploys.find(id(1)), Option.some(ended(1)));
          assert.deepStrictEqual(files(path), []);
        }),
      );
    }),
  );

  it.scoped("sets a broken file aside by name, and moves the others", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      yield* inFolder(path, (spool, deploys) =>
        Effect.gen(function* () {
          yield* spool.put(ended(2));
          writeFileSync(join(path, "spool", `${id(1)}.json`), '{"version":1,"row":');
          assert.strictEqual(yield* spool.drain, 1);
          assert.deepStrictEqual(yield* deploys.find(id(2)), Option.some(ended(2)));
          const left = files(path);
          assert.strictEqual(left.length, 1);
          assert.match(left[0] ?? "", new RegExp(`^${id(1)}\\.json\\..*broken$`));
          assert.include(readFileSync(join(path, "spool", left[0] ?? ""), "utf8"), '"version":1');
          assert.strictEqual(yield* spool.drain, 0);
          assert.deepStrictEqual(files(path), left);
        }),
      );
    }),
  );

  it.scoped("fails by name where its folder can't be written either", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      writeFileSync(join(path, "spool"), "");
      yield* inFolder(path, (spool) =>
        Effect.gen(function* () {
          const failed = yield* Effect.flip(spool.put(ended(1)));
          assert.strictEqual(failed.cause, "no_folder");
          assert.include(failed.message, join(path, "spool"));
          assert.strictEqual((yield* Effect.flip(spool.drain)).cause, "no_folder");
        }),
      );
    }),
  );
});
