/** `nopea context`. */
import { Surface } from "@nopea/surface";
import { Clock, Effect } from "effect";
import type { Run } from "../Commands.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { contextLines } from "../render/Context.js";
import { noteLines } from "../render/Result.js";

export const run: Run = ({ args: [service = ""], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const context = yield* surface.context({
      service,
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      ...(flags.offline === undefined ? {} : { offline: true }),
    });
    const now = yield* Clock.currentTimeMillis;
    yield* Output.result("context", context, Output.styleOf(flags), {
      table: (look) => [...contextLines(context, look, now), ...noteLines(context.warnings, look)],
      names: [context.service],
    });
    return ExitCode.done;
  });
