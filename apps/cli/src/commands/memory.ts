/** `nopea memory …`: what was learnt, taken in and given out. */
import { BadInput } from "@nopea/domain";
import { Surface } from "@nopea/surface";
import { Effect, Option, Stream } from "effect";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import type { Flags } from "../Flags.js";
import * as Output from "../Output.js";
import { cutWords, dot, graphLines, mermaid } from "../render/MemoryGraph.js";
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

/** Mermaid draws no more than this unless it is configured to, and nobody sees more (`maxEdges`). */
const MOST_DRAWN = 500;

export const graph: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const { output } = flags;
    const isDrawn = output === "dot" || output === "mermaid";
    const limit = flags.limit ?? (isDrawn ? MOST_DRAWN : undefined);
    const result = yield* surface.memoryGraph({
      ...where(flags),
      ...(flags.service === undefined ? {} : { service: flags.service }),
      ...(limit === undefined ? {} : { limit }),
    });
    yield* Output.result("memoryGraph", result, Output.styleOf(flags), {
      table: (look) => {
        if (output === "dot") return dot(result);
        if (output === "mermaid") return mermaid(result);
        return [...graphLines(result, look, flags.limit), ...noteLines(result.warnings, look)];
      },
      names: result.nodes.map(({ id }) => id),
    });
    // Standard output is for the drawing alone.
    if (isDrawn && flags.quiet !== true) {
      const notes = [...result.warnings, ...(result.truncated ? [cutWords(result)] : [])];
      yield* Output.lines(
        "err",
        notes.map((note) => `! ${note}`),
      );
    }
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
      lines !== undefined &&
      result.skipped.length > 0 &&
      result.taken + result.revised + result.known === 0;
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
    const { write } = flags;
    const isDocument = style.format === "json" || style.format === "yaml";
    const ask = {
      ...(flags.service === undefined ? {} : { service: flags.service }),
      ...where(flags),
    };
    const warnings = new Set<string>();
    // A document is one; lines are printed part by part.
    const kept: Array<string> = [];
    const keep =
      write !== undefined
        ? yield* appending(write)
        : isDocument
          ? (lines: ReadonlyArray<string>) => Effect.sync(() => void kept.push(...lines))
          : style.quiet
            ? () => Effect.void
            : (lines: ReadonlyArray<string>) => Output.lines("out", lines);
    let part = yield* surface.memoryExport(ask);
    for (;;) {
      for (const warning of part.warnings) warnings.add(warning);
      yield* keep(part.lines);
      if (part.next === undefined) break;
      part = yield* surface.memoryExport({ ...ask, after: part.next });
    }
    if (write === undefined && isDocument) {
      const whole = { ...part, lines: kept, warnings: [...warnings] };
      yield* Output.result("memoryExport", whole, style, { table: () => [], names: [] });
    }
    // Standard output is for the lines alone.
    if (!style.quiet && !isDocument) {
      yield* Output.lines(
        "err",
        [...warnings].map((warning) => `! ${warning}`),
      );
    }
    return ExitCode.done;
  });

/** Begins the file anew, and answers what adds lines to it. */
const appending = (path: string) => {
  const attempt = (run: () => Promise<void>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new BadInput({ message: `${path} can't be written: ${(cause as Error).message}` }),
    });
  return Effect.as(
    attempt(() => writeFile(path, "")),
    (lines: ReadonlyArray<string>) =>
      attempt(() => appendFile(path, lines.map((line) => `${line}\n`).join(""))),
  );
};
