/** `nopea memory …`: what was learnt, taken in and given out. */
import { BadInput } from "@nopea/domain";
import { Surface } from "@nopea/surface";
import { Effect, Stream } from "effect";
import { readFile, writeFile } from "node:fs/promises";
import type { Run } from "../Commands.js";
import * as ExitCode from "../ExitCode.js";
import type { Flags } from "../Flags.js";
import * as Output from "../Output.js";
import { importLines } from "../render/MemoryImport.js";
import { Terminal } from "../Terminal.js";

const unreadable = (source: string, cause: unknown) =>
  new BadInput({ message: `${source} can't be read: ${(cause as Error).message}`, source });

/** The lines that were asked for; undefined where the cluster was. */
const linesOf = ({ file: [path] = [], fromStdin, allNamespaces }: Flags) =>
  Effect.gen(function* () {
    if (path === undefined && fromStdin !== true) return undefined;
    if (path !== undefined && path !== "-" && fromStdin === true) {
      return yield* new BadInput({ message: "both -f and --from-stdin say what to read" });
    }
    if (allNamespaces === true) {
      return yield* new BadInput({
        message: "-A is for what the cluster knows: lines name their own namespaces",
      });
    }
    const { stdin } = yield* Terminal;
    const text =
      path === undefined || path === "-"
        ? yield* stdin.pipe(
            Stream.decodeText(),
            Stream.mkString,
            Effect.mapError((cause) => unreadable("standard input", cause)),
          )
        : yield* Effect.tryPromise({
            try: () => readFile(path, "utf8"),
            catch: (cause) => unreadable(path, cause),
          });
    return text.split("\n");
  });

export const importing: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const lines = yield* linesOf(flags);
    const result = yield* surface.memoryImport({
      source: lines === undefined ? "cluster" : "jsonl",
      ...(lines === undefined ? {} : { lines }),
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      ...(flags.allNamespaces === undefined ? {} : { allNamespaces: true }),
    });
    // Of lines that were given, not one could be understood.
    const isFailure =
      lines !== undefined && result.skipped.length > 0 && result.taken + result.known === 0;
    yield* Output.result("memoryImport", result, Output.styleOf(flags), {
      table: (look) => importLines(result, look),
      names: [],
      isFailure,
    });
    return isFailure ? ExitCode.badInput : ExitCode.done;
  });

export const exporting: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const style = Output.styleOf(flags);
    const result = yield* surface.memoryExport({
      ...(flags.service === undefined ? {} : { service: flags.service }),
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      ...(flags.offline === undefined ? {} : { offline: true }),
    });
    const { write } = flags;
    if (write === undefined) {
      yield* Output.result("memoryExport", result, style, {
        table: () => result.lines,
        names: result.lines,
      });
    } else {
      yield* Effect.tryPromise({
        try: () => writeFile(write, result.lines.map((line) => `${line}\n`).join("")),
        catch: (cause) =>
          new BadInput({ message: `${write} can't be written: ${(cause as Error).message}` }),
      });
    }
    // Standard output is for the lines alone.
    if (!style.quiet && style.format === "table") {
      yield* Output.lines(
        "err",
        result.warnings.map((warning) => `! ${warning}`),
      );
    }
    return ExitCode.done;
  });
