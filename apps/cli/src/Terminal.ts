/**
 * Where the command line reads and writes: the streams, what they can show, and the person's wish
 * to stop. Text that a closed pipe does not take any more is dropped without a word, so that
 * `nopea history web | head -1` is no error and a deploy goes on when its reader leaves.
 */
import type { PlatformError } from "@effect/platform/Error";
import { Context, type Effect, type Option, type Stream } from "effect";

export interface Look {
  readonly color: boolean;
  /** Columns; 80 where nothing is known. */
  readonly width: number;
  /** Rows; 24 where nothing is known. */
  readonly height: number;
}

export class Terminal extends Context.Tag("@nopea/cli/Terminal")<
  Terminal,
  {
    readonly stdin: Stream.Stream<Uint8Array, PlatformError>;
    readonly out: (text: string) => Effect.Effect<void>;
    readonly err: (text: string) => Effect.Effect<void>;
    /** What stdout can show. */
    readonly outLook: Effect.Effect<Look>;
    readonly errLook: Effect.Effect<Look>;
    /** Completes when whoever read stdout has gone. */
    readonly outClosed: Effect.Effect<void>;
    /** stdout is a terminal that can redraw itself. */
    readonly outLive: boolean;
    /** stderr is. */
    readonly errLive: boolean;
    /** Draws over what was last drawn; empty text takes it away. */
    readonly redraw: (stream: "out" | "err", text: string) => Effect.Effect<void>;
    /** Asks a person who is there to answer; none where nobody is. */
    readonly confirm: Option.Option<(question: string) => Effect.Effect<boolean>>;
    /** Completes at the first SIGINT or SIGTERM. A second one ends the process at once. */
    readonly interrupted: Effect.Effect<void>;
  }
>() {}
