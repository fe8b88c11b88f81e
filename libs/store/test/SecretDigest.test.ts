import { assert, describe, it } from "@effect/vitest";
import { SecretDigest } from "@nopea/store";
import { Effect } from "effect";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./given.js";

const digest = (path: string, value: string) =>
  Effect.flatMap(SecretDigest.SecretDigest, (it) => it.digest(value)).pipe(
    Effect.provide(SecretDigest.layer({ folder: path })),
  );

describe("a Secret's digest", () => {
  it.scoped("is the HMAC-SHA-256 under the key of its state folder, and stays the same", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "state");
      const first = yield* digest(path, "hunter2");
      assert.deepStrictEqual(readdirSync(path), ["secret.key"]);
      const key = readFileSync(join(path, "secret.key"));
      assert.strictEqual(first, createHmac("sha256", key).update("hunter2").digest("hex"));
      assert.strictEqual(yield* digest(path, "hunter2"), first);
      assert.notStrictEqual(yield* digest(path, "hunter3"), first);
      assert.notStrictEqual(yield* digest(yield* folder, "hunter2"), first);
    }),
  );

  it.scoped("keeps its key for its owner alone", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "state");
      yield* digest(path, "x");
      assert.strictEqual(statSync(path).mode & 0o777, 0o700);
      assert.strictEqual(statSync(join(path, "secret.key")).mode & 0o777, 0o600);
    }),
  );

  it.scoped("fails by name where the key is damaged, or can't be made", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      writeFileSync(join(path, "secret.key"), "short");
      const damaged = yield* Effect.flip(digest(path, "x"));
      assert.strictEqual(damaged.cause, "corrupt");
      assert.include(damaged.message, "32 bytes");
      const nowhere = yield* Effect.flip(digest(join(path, "secret.key", "deeper"), "x"));
      assert.strictEqual(nowhere.cause, "no_folder");
    }),
  );
});
