/** Starts workers: `worker.ts`, bundled once for each test file, as processes of their own. */
import { Effect, type Scope } from "effect";
import { build } from "esbuild";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
export const modules = dirname(dirname(require.resolve("better-sqlite3/package.json")));

/** Bundles the worker into a new folder, which the native module is linked into unless `bare`. */
export const bundle = (bare = false): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "nopea-worker-"));
      await chmod(folder, 0o755);
      await build({
        entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
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
      if (!bare) await symlink(modules, join(folder, "node_modules"));
      return folder;
    }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
  );

/** What `worker.ts` does besides its command. */
export interface Options {
  readonly uid?: number;
  readonly killAt?: number;
}

export class Worker {
  readonly lines: Array<string> = [];
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<void>;
  private waiting: ReadonlyArray<() => void> = [];
  private errors = "";

  constructor(bundled: string, args: ReadonlyArray<string>, { uid = 0, killAt = 0 }: Options) {
    this.child = spawn(process.execPath, [join(bundled, "worker.mjs"), ...args], {
      env: { ...process.env, NOPEA_TEST_UID: String(uid), NOPEA_TEST_KILL: String(killAt) },
    });
    this.child.stderr.on("data", (data: Buffer) => (this.errors += data.toString()));
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      for (const look of this.waiting) look();
    });
    this.closed = new Promise((resolve) => this.child.once("close", () => resolve()));
  }

  /** Waits until `count` lines have come. */
  until(count: number): Effect.Effect<void> {
    return Effect.promise(() =>
      Promise.race([
        new Promise<void>((resolve) => {
          const look = () => this.lines.length >= count && resolve();
          this.waiting = [...this.waiting, look];
          look();
        }),
        this.closed.then(() => {
          if (this.lines.length < count) throw new Error(`the worker ended early: ${this.errors}`);
        }),
      ]),
    );
  }

  readonly go = Effect.sync(() => void this.child.stdin.end("go\n"));

  readonly kill = Effect.promise(() => {
    this.child.kill("SIGKILL");
    return this.closed;
  });

  /** True where a signal ended it. */
  readonly wasKilled: Effect.Effect<boolean> = Effect.promise(async () => {
    await this.closed;
    return this.child.signalCode === "SIGKILL";
  });

  /** What it said after `ready`, once it has ended. */
  readonly said: Effect.Effect<ReadonlyArray<unknown>> = Effect.promise(async () => {
    await this.closed;
    if (this.child.exitCode !== 0) throw new Error(`the worker failed: ${this.errors}`);
    return this.answers;
  });

  get answers(): ReadonlyArray<unknown> {
    return this.lines.slice(1).map((line) => JSON.parse(line) as unknown);
  }
}

/** A worker that is ready to go; killed where it still runs at the end. */
export const start = (
  bundled: string,
  args: ReadonlyArray<string>,
  options: Options = {},
): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(bundled, args, options)),
    (worker) => worker.kill,
  ).pipe(Effect.tap((worker) => worker.until(1)));

/** Starts one for each list of arguments, lets all go at once, and answers what each said. */
export const together = (bundled: string, all: ReadonlyArray<ReadonlyArray<string>>) =>
  Effect.gen(function* () {
    const workers = yield* Effect.forEach(all, (args) => start(bundled, args), {
      concurrency: "unbounded",
    });
    yield* Effect.forEach(workers, (worker) => worker.go);
    return yield* Effect.forEach(workers, (worker) => worker.said);
  });
