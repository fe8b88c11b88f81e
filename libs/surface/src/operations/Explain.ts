/**
 * Which strategy a deploy of the service would take now, by which rule and from which figures. It
 * is chosen by the function that deploys choose by; of a change it knows nothing, which `diff`
 * does.
 */
import { Risk, Service, Strategy, Wire, WireError } from "@nopea/domain";
import { Choice } from "@nopea/deploy";
import { Clock, Effect, Either, Option, Schema } from "effect";
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
  /** What would be asked for. */
  strategy: Wire.optional(Strategy.Strategy),
  overrideFreeze: Wire.optionalKey(Schema.Boolean, "override_freeze"),
  /** Answer from the store alone, without asking the cluster. */
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "ExplainInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  known: Schema.Boolean,
  /** Absent where a deploy would be refused. */
  strategy: Wire.optional(Strategy.Strategy),
  choice: Wire.optional(Strategy.Choice),
  /** Why a deploy would be refused now. */
  refusal: Wire.optional(WireError.WireError),
  risk: Risk.Risk,
  ...Reach.fields,
}).annotations({ identifier: "ExplainResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"explain", Input, Output, Failure, "once"> = {
  name: "explain",
  summary: "Say which strategy a deploy would take now, by which rule and figures",
  impact: "read",
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
    const policy = yield* session.policy;
    const reading = yield* Reading.begin({ ...asked, namespace });
    const now = yield* Clock.currentTimeMillis;
    const who = yield* Caller.fromEnvironment;
    const { risk, known } = yield* Memory.context(reading, place, {
      at: now,
      bot: who.kind !== "human",
    });
    const chosen = Choice.choose({
      asked: asked.strategy,
      policy,
      ref: place,
      now,
      overrideFreeze: asked.overrideFreeze === true,
      risk,
      // None is built in yet.
      engine: Option.none(),
      ...(yield* Memory.rolling(reading, place)),
    });
    const answer = { ...place, known, risk };
    return Either.match(chosen, {
      onLeft: (refusal) => ({
        ...answer,
        refusal: WireError.encode(refusal),
        ...Reading.marks(reading),
      }),
      // That what is wanted can't be done is a part of `why`.
      onRight: ({ warning: _, ...choice }) => ({
        ...answer,
        strategy: choice.strategy,
        choice: Choice.recorded(choice),
        ...Reading.marks(
          Reading.add(reading, { degraded: [], warnings: Choice.warnings(choice, who) }),
        ),
      }),
    });
  });
