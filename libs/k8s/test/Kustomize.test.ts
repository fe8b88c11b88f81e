import { FileSystem } from "@effect/platform";
import { NodeContext } from "@effect/platform-node";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { buildKustomization } from "../src/documents/kustomize.js";

/** A PATH on which nothing is but these programs (shell scripts), for as long as the scope. */
const onlyPrograms = (programs: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem;
    const folder = yield* fs.makeTempDirectoryScoped();
    for (const [name, script] of Object.entries(programs)) {
      yield* fs.writeFileString(`${folder}/${name}`, `#!/bin/sh\n${script}\n`);
      yield* fs.chmod(`${folder}/${name}`, 0o755);
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const before = process.env["PATH"];
        process.env["PATH"] = folder;
        return before;
      }),
      (before) => Effect.sync(() => (process.env["PATH"] = before)),
    );
  });

const built = buildKustomization("overlay").pipe(
  Effect.map((bytes) => new TextDecoder().decode(bytes)),
);

describe("a kustomize folder", () => {
  it.scopedLive("is built by kustomize where it is there", () =>
    Effect.gen(function* () {
      yield* onlyPrograms({ kustomize: 'echo "kustomize $*"', kubectl: 'echo "kubectl $*"' });
      assert.strictEqual(yield* built, "kustomize build overlay\n");
    }).pipe(Effect.provide(NodeContext.layer)),
  );

  it.scopedLive("is built by kubectl where only that is", () =>
    Effect.gen(function* () {
      yield* onlyPrograms({ kubectl: 'echo "kubectl $*"' });
      assert.strictEqual(yield* built, "kubectl kustomize overlay\n");
    }).pipe(Effect.provide(NodeContext.layer)),
  );

  it.scopedLive("says what to install where neither is", () =>
    Effect.gen(function* () {
      yield* onlyPrograms({});
      const error = yield* Effect.flip(built);
      assert.include(error.message, "overlay: building a kustomization needs kustomize or kubectl");
      assert.include(error.advice ?? "", "Install kustomize");
    }).pipe(Effect.provide(NodeContext.layer)),
  );

  it.scopedLive("tells what a build that fails wrote to its standard error", () =>
    Effect.gen(function* () {
      yield* onlyPrograms({ kustomize: 'echo "Error: no such base" >&2; exit 1' });
      const error = yield* Effect.flip(built);
      assert.include(error.message, "kustomize build failed: Error: no such base");
    }).pipe(Effect.provide(NodeContext.layer)),
  );
});
