/** What a deploy of these documents would do, field by field. Nothing is written anywhere. */
import { Plan, Risk, Service, Strategy, Wire } from "@nopea/domain";
import { Refusal } from "@nopea/deploy";
import { Effect, Either, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import { Session } from "../Session.js";
import { type Input, input, resolve } from "./Deploy.js";

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  strategy: Strategy.Strategy,
  choice: Strategy.Choice,
  /** Absent where nothing would change, or memory can't be asked. */
  risk: Wire.optional(Risk.Risk),
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
    const { deployer, intake } = yield* session.engine;
    const memory = yield* Effect.either(intake.takeIn(cluster, request));
    const { strategy, choice, risk, plan } = yield* deployer.plan(cluster, {
      ...request,
      dryRun: true,
    });
    return {
      service: request.service,
      namespace: request.namespace,
      strategy,
      choice,
      ...(risk === undefined ? {} : { risk }),
      unchanged: plan.unchanged,
      objects: plan.objects,
      cluster: "reachable",
      ...Either.match(memory, {
        // What is wrong with the cluster or its ledger, the plan has found out by itself.
        onLeft: (failure) =>
          failure._tag === "StoreUnavailable"
            ? { degraded: ["memory"], warnings: [failure.message, ...plan.warnings] }
            : { degraded: [], warnings: plan.warnings },
        onRight: ({ degraded, warnings }) => ({
          degraded,
          warnings: [...warnings, ...plan.warnings],
        }),
      }),
    };
  });
