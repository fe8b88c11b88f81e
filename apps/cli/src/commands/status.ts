/** `nopea status`, once or for as long as it is watched. */
import { BadInput } from "@nopea/domain";
import { type Operations, Surface } from "@nopea/surface";
import { Clock, Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import { watch } from "../live/Watch.js";
import * as Output from "../Output.js";
import { statusLines } from "../render/Status.js";
import { where } from "./where.js";

const namesOf = (status: Operations.Output<"status">): ReadonlyArray<string> =>
  "service" in status ? [status.service] : status.services.map(({ service }) => service);

export const run: Run = ({ args: [service], flags }) =>
  Effect.gen(function* () {
    const { status } = yield* Surface.Surface;
    const style = Output.styleOf(flags);
    const asked = { ...(service === undefined ? {} : { service }), ...where(flags) };
    if (flags.watch === true) {
      if (style.format !== "table" && !style.stream) {
        return yield* new BadInput({
          message: `--watch with -o ${style.format} would print more than one document`,
          advice: "Add --stream for one JSON document a line.",
        });
      }
      return yield* Effect.as(watch(status.watch(asked), style), ExitCode.done);
    }
    const found = yield* status(asked);
    const now = yield* Clock.currentTimeMillis;
    yield* Output.result("status", found, style, {
      table: (look) => statusLines(found, look, now),
      names: namesOf(found),
    });
    return ExitCode.done;
  });
