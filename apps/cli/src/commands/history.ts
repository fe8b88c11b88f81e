/** `nopea history`. */
import { Surface } from "@nopea/surface";
import { Clock, Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { historyLines } from "../render/History.js";
import { noteLines } from "../render/Result.js";
import { where } from "./where.js";

export const run: Run = ({ args: [service = ""], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const history = yield* surface.history({
      service,
      ...where(flags),
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    });
    const now = yield* Clock.currentTimeMillis;
    yield* Output.result("history", history, Output.styleOf(flags), {
      table: (look) => [...historyLines(history, look, now), ...noteLines(history.warnings, look)],
      names: history.deployments.map(({ deployId }) => deployId),
    });
    return ExitCode.done;
  });
