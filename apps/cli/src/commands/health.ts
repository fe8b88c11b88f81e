/** `nopea health`: 0 where the cluster answers, 5 where it doesn't. */
import { Surface } from "@nopea/surface";
import { Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { healthLines } from "../render/Health.js";
import { noteLines } from "../render/Result.js";
import { where } from "./where.js";

export const run: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const health = yield* surface.health({
      ...where(flags),
    });
    const fine = health.cluster.reachable || flags.offline === true;
    yield* Output.result("health", health, Output.styleOf(flags), {
      table: (look) => [...healthLines(health, look), ...noteLines(health.warnings, look)],
      names: [health.status],
      isFailure: !fine,
    });
    return fine ? ExitCode.done : ExitCode.unreachable;
  });
