/** `nopea context`. */
import { Surface } from "@nopea/surface";
import { Clock, Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { contextLines } from "../render/Context.js";
import { noteLines } from "../render/Result.js";
import { where } from "./where.js";

export const run: Run = ({ args: [service = ""], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const context = yield* surface.context({
      service,
      ...where(flags),
    });
    const now = yield* Clock.currentTimeMillis;
    yield* Output.result("context", context, Output.styleOf(flags), {
      table: (look) => [...contextLines(context, look, now), ...noteLines(context.warnings, look)],
      names: [context.service],
    });
    return ExitCode.done;
  });
