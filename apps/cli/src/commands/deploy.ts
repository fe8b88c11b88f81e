/**
 * `nopea deploy`: shows the deploy while it runs and tells how it ended. Ctrl-C asks the engine
 * to stop, which records `interrupted` and says what was applied; a second one leaves at once.
 */
import { Surface } from "@nopea/surface";
import { Effect, Option, Stream } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import { follow } from "../live/Follow.js";
import * as Output from "../Output.js";
import { resultLines } from "../render/Result.js";
import { Terminal } from "../Terminal.js";
import { run as diff } from "./diff.js";
import { documents, planFlags } from "./documents.js";

export const run: Run = (invocation) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { flags } = invocation;
      const terminal = yield* Terminal;
      const style = Output.styleOf(flags);
      const early = terminal.interrupted.pipe(Effect.as(Option.none()));
      if (flags.dryRun === true) {
        const code = yield* Effect.raceFirst(Effect.asSome(diff(invocation)), early);
        if (Option.isSome(code)) return code.value;
        return yield* Output.stopped(flags, "interrupted: nothing was changed");
      }
      const surface = yield* Surface.Surface;
      const loaded = yield* Effect.raceFirst(Effect.asSome(documents(flags)), early);
      if (Option.isNone(loaded)) {
        return yield* Output.stopped(flags, "interrupted before anything was sent");
      }
      const view = yield* follow(flags.service ?? "", style);
      const ended = yield* surface
        .deploy(
          {
            ...planFlags(flags),
            manifests: loaded.value,
            ...(flags.wait === undefined ? {} : { wait: flags.wait }),
            ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
            ...(flags.deadline === undefined ? {} : { deadlineMs: flags.deadline }),
            ...(flags.lockTimeout === undefined ? {} : { lockTimeoutMs: flags.lockTimeout }),
          },
          { cancel: terminal.interrupted },
        )
        .pipe(
          Stream.mapChunksEffect((events) => Effect.as(view.events(events), events)),
          Surface.outcome,
          Effect.ensuring(view.end),
        );
      if (Option.isNone(ended)) {
        yield* Output.failure(noOutcome, style);
        return ExitCode.noOutcome;
      }
      const code = ExitCode.ofResult(ended.value, flags.wait === false);
      const seen = yield* view.seen;
      yield* Output.result("deploy", ended.value, style, {
        table: (look) => resultLines(ended.value, look, seen),
        names: [ended.value.deployId],
        isFailure: code !== ExitCode.done,
      });
      return code;
    }),
  );

const noOutcome = {
  error: "no_outcome",
  code: "no_outcome",
  message: "the wait ended before there was an outcome",
  evidence: [],
  advice: "nopea status says where it stands; the next deploy settles it.",
};
