/** What memory says of a service before a deploy: its risk and why, what breaks it, what to do. */
import { DeployContext, Service, Wire } from "@nopea/domain";
import { Effect, Schema } from "effect";
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
  /** Answer from the store alone, without asking the cluster. */
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "ContextInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  ...DeployContext.DeployContext.fields,
  ...Reach.fields,
}).annotations({ identifier: "ContextResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"context", Input, Output, Failure, "once"> = {
  name: "context",
  summary: "Say what memory knows of a service before a deploy: risk, patterns, advice",
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
    const { context, reading } = yield* Memory.context(
      yield* Reading.begin({ ...asked, namespace }),
      { namespace, service: asked.service },
      yield* Caller.fromEnvironment,
    );
    return { ...context, ...Reading.marks(reading) };
  });
