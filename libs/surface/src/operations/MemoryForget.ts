/**
 * Forget what a service's deploys taught: they stay in its history, and teach nothing any more. The
 * mark goes into the cluster's ledger, so that no machine learns from them again.
 */
import { DeployId, Service, Wire } from "@nopea/domain";
import { Forgetting } from "@nopea/deploy";
import { Effect, Option, Schema } from "effect";
import * as Caller from "../Caller.js";
import * as Memory from "../Memory.js";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  service: Service.ServiceName,
  namespace: Wire.optional(Service.Namespace),
}).annotations({ identifier: "MemoryForgetInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  /** Lessons that were taken back. */
  forgotten: Schema.NonNegativeInt,
  /** Deploys up to this id teach nothing any more. */
  learnAfter: Wire.key(DeployId.DeployId, "learn_after"),
  ...Reach.fields,
}).annotations({ identifier: "MemoryForgetResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"memoryForget", Input, Output, Failure, "once"> = {
  name: "memoryForget",
  summary: "Forget what a service's deploys taught; its history stays",
  impact: "destructive",
  scope: "service",
  input,
  output,
  failure,
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = yield* session.namespace(asked.namespace);
    const place = { namespace, service: asked.service };
    const begun = yield* Reading.begin(place);
    // Forgotten here alone, it would be learnt again from the ledger.
    if (Option.isSome(begun.unreachable)) return yield* begun.unreachable.value;
    const ref = yield* Memory.refOf(begun, place);
    const { memory } = yield* session.engine;
    const { context, reading } = yield* Memory.context(begun, place, yield* Caller.fromEnvironment);
    const rows = yield* Memory.history(reading, place, 1);
    if (Option.isNone(ref) || (!context.known && rows.length === 0))
      return yield* Memory.unknown(reading, place);
    const learnAfter = yield* DeployId.make;
    const marked = yield* Effect.either(Forgetting.mark(yield* session.connect, place, learnAfter));
    const told =
      marked._tag === "Right"
        ? reading
        : Reading.add(reading, {
            degraded: ["ledger"],
            warnings: [
              `${marked.left.message}: forgotten here, but other machines still learn from it`,
            ],
          });
    const forgotten = yield* memory.forget(ref.value, learnAfter).pipe(
      // A store that comes back reads the mark before it answers.
      Effect.catchTag("StoreUnavailable", (failure) =>
        marked._tag === "Right"
          ? Effect.succeed(context.risk.basedOn.service)
          : Effect.fail(failure),
      ),
    );
    return { ...place, forgotten, learnAfter, ...Reading.marks(told) };
  });
