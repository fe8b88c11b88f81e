/**
 * One process among many: `worker FOLDER COMMAND [ARG…]`. It says `ready`, waits for a line, does
 * what the command says and prints one JSON line for each thing done. `NOPEA_TEST_UID` makes it
 * an unprivileged account once all is loaded, since file modes do not bind root.
 * `NOPEA_TEST_KILL`: it kills itself instead of making its nth change to the names of files.
 */
import { Deploys, SecretDigest, type StoreError } from "@nopea/store";
import { Effect, Logger } from "effect";
import { promises, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import { ended, layer, ref, row } from "./given.js";

const [folder = "", command = "", ...args] = process.argv.slice(2);

const say = (value: unknown) => Effect.sync(() => void writeSync(1, `${JSON.stringify(value)}\n`));

const failure = ({ cause, message }: StoreError.StoreUnavailable) => say({ cause, message });

const commands: Record<
  string,
  Effect.Effect<unknown, StoreError.StoreUnavailable, Deploys.Deploys | SecretDigest.SecretDigest>
> = {
  /** accept FIRST COUNT LIMIT */
  accept: Effect.gen(function* () {
    const deploys = yield* Deploys.Deploys;
    const [first = 0, count = 0, limit = 0] = args.map(Number);
    for (let n = first; n < first + count; n += 1) {
      yield* say(yield* deploys.accept(row(n), limit, `worker ${first}`));
    }
  }),
  /** put FIRST: for ever, each row from accepted to ended; says a row's number once it has ended. */
  put: Effect.gen(function* () {
    const deploys = yield* Deploys.Deploys;
    for (let n = Number(args[0]); ; n += 1) {
      yield* deploys.accept(row(n), 1_000_000, "worker");
      yield* deploys.put(row(n, { state: "running" }));
      yield* deploys.put(ended(n));
      yield* say(n);
    }
  }),
  /** What can be read, then what comes of a write. */
  look: Effect.gen(function* () {
    const deploys = yield* Deploys.Deploys;
    yield* Effect.matchEffect(deploys.history(ref(), 10), {
      onFailure: failure,
      onSuccess: (rows) => say(rows.map((one) => one.id)),
    });
    yield* Effect.matchEffect(deploys.put(ended(99)), { onFailure: failure, onSuccess: say });
  }),
  digest: Effect.gen(function* () {
    const { digest } = yield* SecretDigest.SecretDigest;
    yield* say(yield* digest("hunter2"));
  }),
};

const uid = Number(process.env["NOPEA_TEST_UID"] ?? 0);
if (uid !== 0) {
  const { default: Database } = await import("better-sqlite3");
  new Database(":memory:").close();
  process.setgid?.(uid);
  process.setuid?.(uid);
}

const killAt = Number(process.env["NOPEA_TEST_KILL"] ?? 0);
if (killAt !== 0) {
  let changes = 0;
  const killing = <Args extends ReadonlyArray<unknown>, A>(change: (...args: Args) => A) => {
    return (...args: Args): A => {
      changes += 1;
      if (changes === killAt) process.kill(process.pid, "SIGKILL");
      return change(...args);
    };
  };
  promises.copyFile = killing(promises.copyFile);
  promises.rename = killing(promises.rename);
  promises.link = killing(promises.link);
  promises.rm = killing(promises.rm);
  syncBuiltinESMExports();
}

/** What is logged is not what is said. */
const logging = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger));

const lines = createInterface({ input: process.stdin });
writeSync(1, "ready\n");
lines.once("line", () => {
  lines.close();
  const program = commands[command];
  if (program === undefined) throw new Error(`no command ${command}`);
  void Effect.runPromise(program.pipe(Effect.provide(layer(folder)), Effect.provide(logging)));
});
