/**
 * One run of the command line, from what was typed to an exit code. Whatever goes wrong is said
 * once, in the form that was asked for.
 */
import { BadInput, WireError } from "@nopea/domain";
import type { Manifests, NotFound, Operations, Surface } from "@nopea/surface";
import { Cause, Effect } from "effect";
import {
  isLocal,
  type LocalCommand,
  locals,
  type OperationCommand,
  operations,
} from "./Commands.js";
import * as ExitCode from "./ExitCode.js";
import type { Flags } from "./Flags.js";
import * as Output from "./Output.js";
import type { Parsed } from "./Parser.js";
import { Terminal } from "./Terminal.js";

/** What the flags say of the settings; the rest is surface's to find. */
export const settingsOf = ({ kubeconfig, context, namespace, state }: Flags) => ({
  kubeconfig,
  context,
  namespace,
  state,
});

/** Says why nothing was done. */
export const refuse = (
  failure: Operations.Failure,
  flags: Flags,
): Effect.Effect<ExitCode.ExitCode, never, Terminal> =>
  Output.failure(WireError.encode(failure), Output.styleOf(flags)).pipe(
    Effect.as(ExitCode.ofFailure(failure)),
  );

/** A bug of ours: said as such, and never an outcome of a deploy. */
const crash = (cause: Cause.Cause<never>, flags: Flags) =>
  Output.failure(
    WireError.encode({
      _tag: "Internal",
      message: `nopea has a bug here: ${Cause.pretty(cause).split("\n")[0] ?? ""}`,
      advice: "Please report it, with the command that was typed. NOPEA_LOG=debug says more.",
    }),
    Output.styleOf(flags),
  ).pipe(Effect.zipRight(Effect.logDebug(cause)), Effect.as<ExitCode.ExitCode>(ExitCode.failed));

const guarded = <R>(
  work: Effect.Effect<ExitCode.ExitCode, Operations.Failure | BadInput | NotFound, R>,
  flags: Flags,
  endsItself: boolean,
): Effect.Effect<ExitCode.ExitCode, never, R | Terminal> =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    const stop = terminal.interrupted.pipe(
      Effect.zipRight(
        flags.watch === true
          ? Effect.succeed<ExitCode.ExitCode>(ExitCode.interrupted)
          : Output.stopped(flags, "interrupted before there was an answer"),
      ),
    );
    return yield* work.pipe(
      (running) => (endsItself ? running : Effect.raceFirst(running, stop)),
      Effect.catchAll((failure) => refuse(failure, flags)),
      Effect.catchAllCause((cause) => crash(cause, flags)),
    );
  });

const mistake = (parsed: Extract<Parsed, { type: "mistake" }>) =>
  refuse(new BadInput({ message: parsed.message, advice: parsed.advice }), parsed.flags);

type Command<Name> = Extract<Parsed, { type: "command" }> & { readonly name: Name };

/** Deploy, status and the like; the others are the terminal's own, help and mistakes. */
export const needsSurface = (parsed: Parsed): parsed is Command<OperationCommand> =>
  parsed.type === "command" && !isLocal(parsed.name);

export const runOperation = ({
  name,
  args,
  flags,
}: Command<OperationCommand>): Effect.Effect<
  ExitCode.ExitCode,
  never,
  Surface.Surface | Manifests.Manifests | Terminal
> => {
  const { load, endsItself } = operations[name];
  return guarded(
    Effect.flatMap(Effect.promise(load), ({ run }) => run({ args, flags })),
    flags,
    endsItself === true,
  );
};

export const runLocal = (
  parsed: Exclude<Parsed, Command<OperationCommand>>,
): Effect.Effect<ExitCode.ExitCode, never, Terminal> => {
  switch (parsed.type) {
    case "text":
      return Effect.flatMap(Terminal, ({ out }) => out(parsed.text)).pipe(
        Effect.as<ExitCode.ExitCode>(ExitCode.done),
      );
    case "mistake":
      return mistake(parsed);
    case "command": {
      const { name, args, flags } = parsed as Command<LocalCommand>;
      return guarded(
        Effect.flatMap(Effect.promise(locals[name].load), ({ run }) => run({ args, flags })),
        flags,
        true,
      );
    }
  }
};
