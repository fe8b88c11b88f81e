/** `nopea memory …`: what was learnt, taken in and given out. */
import { BadInput } from "@nopea/domain";
import { Surface } from "@nopea/surface";
import { Effect, Option, Stream } from "effect";
import { readFile, writeFile } from "node:fs/promises";
import type { Run } from "../Commands.js";
import * as ExitCode from "../ExitCode.js";
import type { Flags } from "../Flags.js";
import * as Output from "../Output.js";
import { dot, graphLines, mermaid } from "../render/MemoryGraph.js";
import { importLines } from "../render/MemoryImport.js";
import { statsLines } from "../render/MemoryStats.js";
import { noteLines } from "../render/Result.js";
import { Terminal } from "../Terminal.js";
import { plural } from "../Text.js";
import { where } from "./where.js";

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

export const stats: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const result = yield* surface.memoryStats(where(flags));
    yield* Output.result("memoryStats", result, Output.styleOf(flags), {
      table: (look) => [...statsLines(result, look), ...noteLines(result.warnings, look)],
      names: [result.path],
    });
    return ExitCode.done;
  });

export const graph: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const { output } = flags;
    const result = yield* surface.memoryGraph({
      ...where(flags),
      ...(flags.service === undefined ? {} : { service: flags.service }),
    });
    yield* Output.result("memoryGraph", result, Output.styleOf(flags), {
      table: (look) => {
        if (output === "dot") return dot(result);
        if (output === "mermaid") return mermaid(result);
        return [...graphLines(result, look), ...noteLines(result.warnings, look)];
      },
      names: result.nodes.map(({ id }) => id),
    });
    return ExitCode.done;
  });

export const forgetting: Run = ({ args: [service = ""], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const { confirm } = yield* Terminal;
    const ask = { service, ...where(flags) };
    if (flags.yes !== true) {
      const { namespace } = yield* surface.context(ask);
      const question = `Forget what the deploys of ${service} in ${namespace} taught, on every machine?`;
      const said = yield* Option.match(confirm, {
        onNone: () =>
          Effect.fail(
            new BadInput({
              message: "forgetting can't be undone, and there is nobody here to ask",
              advice: "Say --yes.",
            }),
          ),
        onSome: (confirm) => confirm(question),
      });
      if (!said) {
        yield* Output.lines("err", ["Nothing was forgotten."]);
        return ExitCode.refused;
      }
    }
    const result = yield* surface.memoryForget(ask);
    yield* Output.result("memoryForget", result, Output.styleOf(flags), {
      table: (look) => [
        `forgot what ${plural(result.forgotten, "deploy")} of ${result.service} in ${result.namespace} taught; history keeps them`,
        ...noteLines(result.warnings, look),
      ],
      names: [result.service],
    });
    return ExitCode.done;
  });

export const importing: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const lines = yield* linesOf(flags);
    const result = yield* surface.memoryImport({
      source: lines === undefined ? "cluster" : "jsonl",
      ...(lines === undefined ? {} : { lines }),
      // As in kubectl, all namespaces are all of them, whichever was named.
      ...(flags.allNamespaces === true
        ? { allNamespaces: true }
        : flags.namespace === undefined
          ? {}
          : { namespace: flags.namespace }),
    });
    // Of lines that were given, not one could be understood.
    const isFailure =
      lines !== undefined && result.skipped.length > 0 && result.taken + result.revised + result.known === 0;
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
      ...where(flags),
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
