/** `nopea services`: of a namespace, or of all that are known of. */
import { Surface } from "@nopea/surface";
import { Clock, Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { noteLines } from "../render/Result.js";
import { servicesLines } from "../render/Services.js";
import { where } from "./where.js";

export const run: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const services = yield* surface.services({
      ...where(flags),
    });
    const now = yield* Clock.currentTimeMillis;
    yield* Output.result("services", services, Output.styleOf(flags), {
      table: (look) => [
        ...servicesLines(services, look, now),
        ...noteLines(services.warnings, look),
      ],
      names: services.services.map(({ namespace, service }) => `${namespace}/${service}`),
    });
    return ExitCode.done;
  });
