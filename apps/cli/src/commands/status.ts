/** `nopea status`, once or again and again. */
import { BadInput } from "@nopea/domain";
import { type Operations, Surface } from "@nopea/surface";
import { Clock, Effect, Schedule } from "effect";
import type { Run } from "../Commands.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { noteLines } from "../render/Result.js";
import { namespaceLines, serviceLines } from "../render/Status.js";
import { type Look, Terminal } from "../Terminal.js";
import { where } from "./where.js";

const AGAIN = Schedule.spaced("2 seconds");

const viewOf =
  (status: Operations.Output<"status">, now: number) =>
  (look: Look): ReadonlyArray<string> => [
    ...("service" in status ? serviceLines(status, look, now) : namespaceLines(status, look, now)),
    ...noteLines(status.warnings, look),
  ];

const namesOf = (status: Operations.Output<"status">): ReadonlyArray<string> =>
  "service" in status ? [status.service] : status.services.map(({ service }) => service);

export const run: Run = ({ args: [service], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const terminal = yield* Terminal;
    const style = Output.styleOf(flags);
    const ask = surface.status({
      ...(service === undefined ? {} : { service }),
      ...where(flags),
    });
    const print = (status: Operations.Output<"status">, now: number) =>
      Output.result("status", status, style, {
        table: viewOf(status, now),
        names: namesOf(status),
      });
    if (flags.watch !== true) {
      const status = yield* ask;
      yield* print(status, yield* Clock.currentTimeMillis);
      return ExitCode.done;
    }
    if (style.format !== "table" && !style.stream) {
      return yield* new BadInput({
        message: "--watch with -o json or yaml would print more than one document",
        advice: "Add --stream for one JSON document a line.",
      });
    }
    const redraw = terminal.outLive && style.format === "table" && !style.quiet;
    const look = Effect.gen(function* () {
      const status = yield* ask;
      const now = yield* Clock.currentTimeMillis;
      if (!redraw) return yield* print(status, now);
      yield* terminal.redraw("out", viewOf(status, now)(yield* terminal.outLook).join("\n"));
    });
    return yield* Effect.repeat(look, AGAIN).pipe(Effect.as(ExitCode.done));
  });
