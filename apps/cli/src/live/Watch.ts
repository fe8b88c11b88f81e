/**
 * Services while they are watched: in a terminal one picture that is drawn over, in a pipe the
 * first look and then a line for each thing that changes, for a program a JSON line for each look.
 */
import { Timestamp } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import { Clock, Effect, Schedule, Stream } from "effect";
import * as Output from "../Output.js";
import { statusLines } from "../render/Status.js";
import { changeLines, type Said } from "../render/StatusChanges.js";
import { type Look, Terminal } from "../Terminal.js";
import { fit, paintFor } from "../Text.js";

type Status = Operations.Output<"status">;

/** Ages are in it, so that it is drawn again though nothing has happened. */
const TICK = Schedule.spaced("1 second");

/** No more rows than there are: the last one is the cursor's. */
const rowsOf = (status: Status, look: Look, now: number): ReadonlyArray<string> => {
  const lines = statusLines(status, look, now);
  const rows = Math.max(1, look.height - 1);
  if (lines.length <= rows) return lines;
  const left = lines.length - rows + 1;
  return [
    ...lines.slice(0, rows - 1),
    paintFor(look).dim(fit(`and ${left} more lines`, look.width)),
  ];
};

/** Draws over what it drew, and leaves the last of it where it ends. */
const picture = <E, R>(looks: Stream.Stream<Status, E, R>) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    let shown: Status | undefined;
    const draw = Effect.gen(function* () {
      if (shown === undefined) return;
      const rows = rowsOf(shown, yield* terminal.outLook, yield* Clock.currentTimeMillis);
      yield* terminal.redraw("out", rows.join("\n"));
    });
    const leave = Effect.gen(function* () {
      if (shown === undefined) return;
      yield* terminal.redraw("out", "");
      const now = yield* Clock.currentTimeMillis;
      yield* Output.lines("out", statusLines(shown, yield* terminal.outLook, now));
    });
    yield* Effect.forkScoped(Effect.repeat(draw, TICK));
    yield* looks.pipe(
      Stream.runForEach((status) =>
        Effect.zipRight(
          Effect.sync(() => (shown = status)),
          draw,
        ),
      ),
      Effect.ensuring(leave),
    );
  }).pipe(Effect.scoped);

const lines = <E, R>(looks: Stream.Stream<Status, E, R>) =>
  Effect.suspend(() => {
    let said: Said | undefined;
    return Stream.runForEach(looks, (status) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis;
        if (said === undefined) {
          said = { known: status, last: status };
          const look = yield* Effect.flatMap(Terminal, ({ outLook }) => outLook);
          return yield* Output.lines("out", statusLines(status, look, now));
        }
        const changed = changeLines(said, status);
        said = changed.said;
        const at = Timestamp.fromMillis(now);
        yield* Output.lines(
          "out",
          changed.lines.map((line) => `${at}  ${line}`),
        );
      }),
    );
  });

/** Shows each look until there are no more, or nobody reads any more what is printed. */
export const watch = <E, R>(
  looks: Stream.Stream<Status, E, R>,
  style: Output.Style,
): Effect.Effect<void, E, R | Terminal> =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    const shown = style.stream
      ? Stream.runForEach(looks, (status) =>
          Output.result("status", status, style, { table: () => [], names: [] }),
        )
      : style.quiet
        ? Stream.runDrain(looks)
        : terminal.outLive
          ? picture(looks)
          : lines(looks);
    yield* Effect.raceFirst(shown, terminal.outClosed);
  });
