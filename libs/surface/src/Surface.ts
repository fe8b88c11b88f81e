/**
 * nopea for programs: one method per operation, derived from the table, so that it can't lag
 * behind. `surface.history({ service: "web" })` answers once; `surface.deploy({ … })` is a stream
 * of events of which the last holds the result (`result` keeps only that one).
 */
import type { DeployResult, Progress } from "@nopea/domain";
import { Context, type Effect, Option, Stream } from "effect";
import type * as Operation from "./Operation.js";
import type { All } from "./Operations.js";

export type Methods = { readonly [Name in keyof All]: Operation.Method<All[Name]> };

export class Surface extends Context.Tag("@nopea/surface/Surface")<Surface, Methods>() {}

/** Runs a deploy to its end and answers its result; none where the wait ended before an outcome. */
export const outcome = <E, R>(
  events: Stream.Stream<Progress.Progress, E, R>,
): Effect.Effect<Option.Option<DeployResult.DeployResult>, E, R> =>
  Stream.runFold(events, Option.none<DeployResult.DeployResult>(), (last, event) =>
    event.type === "outcome" ? Option.some(event.result) : last,
  );
