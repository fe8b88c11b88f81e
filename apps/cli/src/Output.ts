/**
 * How a command prints: exactly one document on stdout for programs, or text for people; what is
 * only for people goes to stderr. Every document comes encoded from surface.
 */
import { type Progress, WireError } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import { Effect } from "effect";
import * as ExitCode from "./ExitCode.js";
import type { Flags, Format } from "./Flags.js";
import { errorLines } from "./render/Failure.js";
import { type Look, Terminal } from "./Terminal.js";

export interface Style {
  readonly format: Format;
  /** Events as JSON lines before the result. */
  readonly stream: boolean;
  readonly quiet: boolean;
}

export const styleOf = (flags: Flags): Style => ({
  format: formatOf(flags),
  stream: flags.stream === true,
  quiet: flags.quiet === true,
});

/** A drawing is text for whoever draws it; only its command knows of it. */
const formatOf = ({ json, stream, output }: Flags): Format => {
  if (json === true || stream === true) return "json";
  return output === undefined || output === "dot" || output === "mermaid" ? "table" : output;
};

export const document = (value: unknown, style: Style) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    if (style.format === "yaml") {
      const yaml = yield* Effect.promise(() => import("yaml"));
      return yield* terminal.out(yaml.stringify(value, { lineWidth: 0 }));
    }
    // One line for whoever reads line by line, else as people read JSON.
    const text = style.stream ? JSON.stringify(value) : JSON.stringify(value, null, 2);
    yield* terminal.out(`${text}\n`);
  });

/** Every operation's schemas: only who wants a document needs them. */
const encoders = Effect.map(
  Effect.promise(() => import("@nopea/surface")),
  ({ Operations }) => Operations,
);

export const lines = (stream: "out" | "err", text: ReadonlyArray<string>) =>
  Effect.flatMap(Terminal, (terminal) =>
    text.length === 0 ? Effect.void : terminal[stream](`${text.join("\n")}\n`),
  );

/** A result in the asked form. `views` are how a person, and how `-o name`, see it. */
export const result = <N extends Operations.Name>(
  name: N,
  value: Operations.Output<N>,
  style: Style,
  views: {
    readonly table: (look: Look) => ReadonlyArray<string>;
    readonly names: ReadonlyArray<string>;
    /** Where it is bad news, quiet does not hide it from people. */
    readonly isFailure?: boolean;
  },
): Effect.Effect<void, never, Terminal> =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    switch (style.format) {
      case "json":
      case "yaml":
        return yield* document((yield* encoders).encode(name, value), style);
      case "name":
        return yield* style.quiet ? Effect.void : lines("out", views.names);
      case "table": {
        if (!style.quiet) return yield* lines("out", views.table(yield* terminal.outLook));
        if (views.isFailure === true) yield* lines("err", views.table(yield* terminal.errLook));
      }
    }
  });

export const event = (progress: Progress.Progress): Effect.Effect<void, never, Terminal> =>
  Effect.gen(function* () {
    const { out } = yield* Terminal;
    yield* out(`${JSON.stringify((yield* encoders).encodeProgress(progress))}\n`);
  });

/** An error in the asked form: the one document of a program, or words on stderr. */
export const failure = (
  error: WireError.WireError,
  style: Style,
): Effect.Effect<void, never, Terminal> =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    if (style.format === "json" || style.format === "yaml") return yield* document(error, style);
    yield* lines("err", errorLines(error, yield* terminal.errLook));
  });

/** Said where it was stopped before it could answer. */
export const stopped = (
  flags: Flags,
  message: string,
): Effect.Effect<ExitCode.ExitCode, never, Terminal> =>
  failure(
    WireError.encode({ _tag: "Interrupted", reason: "interrupted", message }),
    styleOf(flags),
  ).pipe(Effect.as<ExitCode.ExitCode>(ExitCode.interrupted));
