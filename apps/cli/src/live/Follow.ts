/**
 * Shows a deploy's events as they come: a picture that is redrawn in a terminal, plain lines
 * elsewhere, JSON lines for a program, nothing when it is to be quiet.
 */
import type { Progress } from "@nopea/domain";
import { type Chunk, Clock, Effect, Schedule, type Scope } from "effect";
import * as Output from "../Output.js";
import type { Seen } from "../render/Result.js";
import { Terminal } from "../Terminal.js";
import { frame } from "./Frame.js";
import { line, type Said } from "./Lines.js";
import * as Picture from "./Picture.js";

export interface View {
  readonly events: (events: Chunk.Chunk<Progress.Progress>) => Effect.Effect<void>;
  /** Takes the picture away, so that the result has its place. */
  readonly end: Effect.Effect<void>;
  /** What was seen on the way. */
  readonly seen: Effect.Effect<Seen>;
}

const STOPPING = "stopping, and writing down what was done; once more to leave at once";

export const follow = (
  service: string,
  style: Output.Style,
): Effect.Effect<View, never, Terminal | Scope.Scope> =>
  Effect.gen(function* () {
    const terminal = yield* Terminal;
    let picture = Picture.empty(service);
    const live = terminal.errLive && !style.quiet;
    const said: Said = new Map();
    const draw = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis;
      yield* terminal.redraw("err", frame(picture, yield* terminal.errLook, now));
    });
    if (live) yield* Effect.forkScoped(Effect.repeat(draw, Schedule.spaced("100 millis")));
    if (!style.quiet) {
      yield* terminal.interrupted.pipe(
        Effect.zipRight(Effect.sync(() => (picture = { ...picture, stopping: true }))),
        Effect.zipRight(live ? Effect.void : terminal.err(`${STOPPING}\n`)),
        Effect.forkScoped,
      );
    }
    const isDrawn = live || !(style.quiet || style.stream);
    /** What is printed of an event, if anything. */
    const take = (event: Progress.Progress) => {
      const before = picture;
      // A large set has thousands of these, which only a picture is made of.
      if (!isDrawn && (event.type === "applying" || event.type === "waiting"))
        return style.stream ? [Output.event(event)] : [];
      picture = Picture.add(before, event);
      if (style.stream) return [Output.event(event)];
      if (live || style.quiet) return [];
      const text = line(event, before, said);
      return text === undefined ? [] : [terminal.err(`${text}\n`)];
    };
    return {
      events: (events) =>
        Effect.suspend(() => Effect.all([...events].flatMap(take), { discard: true })).pipe(
          Effect.provideService(Terminal, terminal),
        ),
      end: live ? terminal.redraw("err", "") : Effect.void,
      seen: Effect.sync(() => ({
        planned: picture.planned,
        podsWith: (reason) =>
          [...picture.findings.values()]
            .filter((finding) => finding.reason === reason)
            .map(({ pod, container }) => (container === undefined ? pod : `${pod}/${container}`)),
      })),
    };
  });
