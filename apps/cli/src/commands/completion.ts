/** `nopea completion`: prints a shell's script. */
import { BadInput } from "@nopea/domain";
import { Effect } from "effect";
import type { LocalRun } from "../Run.js";
import { script, shells } from "../Completion.js";
import * as ExitCode from "../ExitCode.js";
import { Terminal } from "../Terminal.js";

export const run: LocalRun = ({ args: [asked] }) =>
  Effect.gen(function* () {
    const shell = shells.find((each) => each === asked);
    if (shell === undefined) {
      return yield* new BadInput({
        message: `there is no completion for "${asked ?? ""}"`,
        advice: "Write bash, zsh or fish.",
      });
    }
    const terminal = yield* Terminal;
    yield* terminal.out(script(shell));
    return ExitCode.done;
  });
