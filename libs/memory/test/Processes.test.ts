import { assert, describe, it } from "@effect/vitest";
import { Memory } from "@nopea/memory";
import { Store } from "@nopea/store";
import { Chunk, Effect, Option, Stream } from "effect";
import { build } from "esbuild";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DAY, folder, HOUR, inMemory, layer, ref, sharedHistory, T0 } from "./given.js";

const require = createRequire(import.meta.url);

/** `learner.ts` in a folder of its own, beside which the native module is found. */
const bundled = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "nopea-learner-"));
    await build({
      entryPoints: [fileURLToPath(new URL("learner.ts", import.meta.url))],
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      target: "node20",
      format: "esm",
      conditions: ["@nopea/source"],
      external: ["better-sqlite3"],
      banner: {
        js: "import{createRequire as cr}from'node:module';const require=cr(import.meta.url);",
      },
      logLevel: "error",
    });
    const modules = dirname(dirname(require.resolve("better-sqlite3/package.json")));
    await symlink(modules, join(folder, "node_modules"));
    return folder;
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
);

/** A learner that is ready to go; killed where it still runs at the end. */
const start = (home: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [join(home, "learner.mjs"), ...args])),
    (child) => Effect.sync(() => void child.kill("SIGKILL")),
  ).pipe(Effect.tap(isReady));

const isReady = (child: ChildProcessWithoutNullStreams) =>
  Effect.promise(
    () =>
      new Promise<void>((resolve, reject) => {
        createInterface({ input: child.stdout }).once("line", () => resolve());
        child.once("close", (code) => reject(new Error(`it ended early: ${code}`)));
      }),
  );

const ended = (child: ChildProcessWithoutNullStreams) =>
  Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        let errors = "";
        child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
        child.once("close", (code) => resolve(code === 0 ? "" : `exit ${code}: ${errors}`));
      }),
  );

const at = T0 + 365 * DAY;

/** What was counted, and how likely the next deploys are to fail. */
const answers = Effect.gen(function* () {
  const memory = yield* Memory.Memory;
  const store = yield* Store.Store;
  const lessons = Chunk.toReadonlyArray(yield* Stream.runCollect(memory.exportLessons({})));
  const { waiting } = yield* memory.stats({});
  const graph = yield* memory.graph({ cluster: ref().cluster });
  const counted = yield* store.read(
    (sql) => sql`SELECT c.learnt, c.failed, n.namespace, n.learnt AS "inNamespace",
        n.failed AS "failedInNamespace", s.service, s.learnt AS "ofService",
        s.failed AS "failedOfService", s.blamed
      FROM memory_clusters c JOIN memory_namespaces n ON n.cluster = c.id
      JOIN memory_services s ON s.namespace = n.id ORDER BY n.namespace, s.service`,
  );
  const contexts = yield* Effect.forEach(["web", "api", "redis", "cron"], (service) =>
    memory.context(ref(service), { at: at - 364 * DAY + HOUR, bot: true }),
  );
  return {
    exact: {
      lessons: lessons.map(({ id, failed, reason }) => [id, failed, reason]).sort(),
      waiting,
      counted,
      edges: graph.edges
        .map(({ relation, from, to, observations }) => [relation, from, to, observations].join(" "))
        .sort(),
      based: contexts.map(({ risk }) => risk.basedOn),
    },
    probabilities: contexts.map(({ risk }) => risk.probability),
  };
});

describe("many processes that learn at once into one store", () => {
  it.scopedLive(
    "learn what one would have learnt: nothing is lost, and nothing counts twice",
    () =>
      Effect.gen(function* () {
        const path = yield* folder;
        const home = yield* bundled;
        const numbers = ["0", "1", "2", "3"];
        const learners = yield* Effect.forEach(
          numbers,
          (number) => start(home, [path, number, `${numbers.length}`]),
          { concurrency: "unbounded" },
        );
        for (const { stdin } of learners) stdin.end("go\n");
        assert.deepStrictEqual(
          yield* Effect.forEach(learners, ended, { concurrency: "unbounded" }),
          numbers.map(() => ""),
        );
        const many = yield* Effect.provide(answers, layer(path));
        const one = yield* inMemory((memory, deploys, store) =>
          Effect.gen(function* () {
            yield* deploys.takeIn(sharedHistory, Option.none());
            yield* memory.catchUp;
            return yield* answers.pipe(
              Effect.provideService(Memory.Memory, memory),
              Effect.provideService(Store.Store, store),
            );
          }),
        );
        assert.strictEqual(one.exact.lessons.length, sharedHistory.length);
        assert.deepStrictEqual(many.exact, one.exact);
        many.probabilities.forEach((probability, i) =>
          assert.approximately(probability, one.probabilities[i] ?? NaN, 0.01),
        );
      }),
    60_000,
  );
});
