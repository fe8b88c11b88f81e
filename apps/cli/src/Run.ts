/** The work of a command, which each file in `commands/` exports as `run`. */
import type { BadInput } from "@nopea/domain";
import type { Manifests, NotFound, Operations, Surface } from "@nopea/surface";
import type { Effect } from "effect";
import type { ExitCode } from "./ExitCode.js";
import type { Flags } from "./Flags.js";
import type { Terminal } from "./Terminal.js";

export interface Invocation {
  readonly args: ReadonlyArray<string>;
  readonly flags: Flags;
}

/** Of a command that asks surface. */
export type Run = (
  invocation: Invocation,
) => Effect.Effect<ExitCode, Operations.Failure, Surface.Surface | Manifests.Manifests | Terminal>;

/** Of one that needs nothing but the terminal. */
export type LocalRun = (
  invocation: Invocation,
) => Effect.Effect<ExitCode, BadInput | NotFound, Terminal>;
