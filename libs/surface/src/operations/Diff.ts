/** What a deploy of these documents would do, field by field. Nothing is written anywhere. */
import { Plan, Service, Strategy } from "@nopea/domain";
import { Refusal } from "@nopea/deploy";
import { Effect, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import { Session } from "../Session.js";
import { type Input, input, resolve } from "./Deploy.js";

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  strategy: Strategy.Strategy,
  choice: Strategy.Choice,
  unchanged: Schema.Boolean,
  objects: Schema.Array(Plan.PlannedObject),
  ...Reach.fields,
}).annotations({ identifier: "DiffResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"diff", Input, Output, Refusal.Refusal, "once"> = {
  name: "diff",
  summary: "Show what a deploy would change, without changing anything",
  impact: "read",
  scope: "service",
  input,
  output,
  failure: Refusal.Refusal,
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const request = yield* resolve(asked);
    const cluster = yield* session.connect;
    const { deployer } = yield* session.engine;
    const { strategy, choice, plan } = yield* deployer.plan(cluster, { ...request, dryRun: true });
    return {
      service: request.service,
      namespace: request.namespace,
      strategy,
      choice,
      unchanged: plan.unchanged,
      objects: plan.objects,
      cluster: "reachable",
      degraded: [],
      warnings: plan.warnings,
    };
  });
