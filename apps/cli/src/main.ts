/** The process: what was typed in, an exit code out. The only place where effects are run. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import * as NodePath from "@effect/platform-node/NodePath";
import * as CommandExecutor from "@effect/platform/CommandExecutor";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import * as FileSystem from "@effect/platform/FileSystem";
import { Surface } from "@nopea/surface";
import { Effect, Layer, Logger, LogLevel } from "effect";
import { existsSync, readFileSync } from "node:fs";
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

/** Looks without a thread whether there is a file: every command looks for settings folder by folder. */
const files = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (files) => ({
    ...files,
    exists: (path: string) => Effect.sync(() => existsSync(path)),
  })),
).pipe(Layer.provide(NodeFileSystem.layer));

// Nothing but what a command prints is for people, unless someone looks for a bug.
const logging =
  process.env["NOPEA_LOG"] === "debug"
    ? Effect.provide(
        Layer.merge(
          Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
          Logger.minimumLogLevel(LogLevel.Debug),
        ),
      )
    : Logger.withMinimumLogLevel(LogLevel.None);

const parsed = parse(process.argv.slice(2), version);

const program = Program.needsSurface(parsed)
  ? Program.runOperation(parsed).pipe(
      Effect.provide(Surface.layer({ ...Program.settingsOf(parsed.flags), version })),
      Effect.catchAll((failure) => Program.refuse(failure, parsed.flags)),
    )
  : Program.runLocal(parsed);

// One on top of the other: layers that are merged are each built by a fiber of their own, for which
// every command would wait ten milliseconds.
const platform = NodeTerminal.layer.pipe(
  Layer.provideMerge(executor),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.provideMerge(NodePath.layer),
  Layer.provideMerge(files),
);

const done = program.pipe(Effect.provide(platform), logging);

Effect.runPromise(done).then((code) => {
  // What a pipe has not taken yet is written before the process ends.
  process.stdout.write("", () => process.exit(code));
});
