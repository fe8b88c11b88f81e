/** The process: what was typed in, an exit code out. The only place where effects are run. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import * as NodePath from "@effect/platform-node/NodePath";
import * as CommandExecutor from "@effect/platform/CommandExecutor";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import type * as FileSystem from "@effect/platform/FileSystem";
import { Surface } from "@nopea/surface";
import { Effect, Layer, Logger, LogLevel } from "effect";
import { readFileSync } from "node:fs";
import * as NodeTerminal from "./NodeTerminal.js";
import { parse } from "./Parser.js";
import * as Program from "./Program.js";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { readonly version: string };

/** Other programs are for kustomize alone: what runs them is loaded when one is. */
const executor = Layer.effect(
  CommandExecutor.CommandExecutor,
  Effect.map(Effect.context<FileSystem.FileSystem>(), (context) =>
    CommandExecutor.makeExecutor((command) =>
      Effect.promise(() => import("@effect/platform-node/NodeCommandExecutor")).pipe(
        Effect.flatMap(({ layer }) =>
          Effect.provide(
            Effect.flatMap(CommandExecutor.CommandExecutor, ({ start }) => start(command)),
            Layer.provide(layer, Layer.succeedContext(context)),
          ),
        ),
      ),
    ),
  ),
);

const platform = executor.pipe(
  Layer.provideMerge(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, FetchHttpClient.layer)),
);

// Nothing but what a command prints is for people, unless someone looks for a bug.
const logging = Layer.merge(
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
  Logger.minimumLogLevel(process.env["NOPEA_LOG"] === "debug" ? LogLevel.Debug : LogLevel.None),
);

const parsed = parse(process.argv.slice(2), version);

const program = Program.needsSurface(parsed)
  ? Program.runOperation(parsed).pipe(
      Effect.provide(Surface.layer({ ...Program.settingsOf(parsed.flags), version })),
      Effect.catchAll((failure) => Program.refuse(failure, parsed.flags)),
    )
  : Program.runLocal(parsed);

const done = program.pipe(Effect.provide(Layer.mergeAll(NodeTerminal.layer, platform, logging)));

Effect.runPromise(done).then((code) => {
  // What a pipe has not taken yet is written before the process ends.
  process.stdout.write("", () => process.exit(code));
});
