/** `nopea sandbox`: a small Kubernetes that lives until Ctrl-C. */
import { BadInput } from "@nopea/domain";
import { Effect } from "effect";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LocalRun } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { Terminal } from "../Terminal.js";

/** Writes the kubeconfig where asked, else to a folder of its own that goes when the sandbox does. */
const kubeconfigFile = (text: string, asked: string | undefined) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const folder =
          asked === undefined ? await mkdtemp(join(tmpdir(), "nopea-sandbox-")) : undefined;
        const path = folder === undefined ? resolve(asked ?? "") : join(folder, "kubeconfig");
        await writeFile(path, text, { mode: 0o600 });
        return { path, folder };
      },
      catch: (cause) =>
        new BadInput({ message: `the kubeconfig can't be written: ${(cause as Error).message}` }),
    }),
    ({ folder }) =>
      folder === undefined
        ? Effect.void
        : Effect.promise(() => rm(folder, { recursive: true, force: true })),
  );

export const run: LocalRun = ({ flags }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const terminal = yield* Terminal;
      const style = Output.styleOf(flags);
      const { startSandbox } = yield* Effect.promise(() => import("@nopea/sandbox"));
      const sandbox = yield* Effect.acquireRelease(
        Effect.tryPromise({
          try: () => startSandbox(flags.port === undefined ? {} : { port: flags.port }),
          catch: (cause) =>
            new BadInput({ message: `the sandbox can't start: ${(cause as Error).message}` }),
        }),
        (started) => Effect.promise(() => started.close()),
      );
      const { path } = yield* kubeconfigFile(sandbox.kubeconfig, flags.write);
      yield* style.format === "table" || style.format === "name"
        ? terminal.out(`${path}\n`)
        : Output.document({ kubeconfig: path }, style);
      if (!style.quiet) {
        yield* Output.lines("err", [
          "The sandbox runs until Ctrl-C. In another terminal:",
          `  nopea deploy -f examples/web -s web --kubeconfig ${path}`,
        ]);
      }
      yield* terminal.interrupted;
      return ExitCode.done;
    }),
  );
