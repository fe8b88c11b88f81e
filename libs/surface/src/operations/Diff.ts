/** What a deploy of these documents would do, field by field. Nothing is written anywhere. */
import { Plan, Service, Strategy } from "@nopea/domain";
import { Refusal } from "@nopea/deploy";
import { Schema } from "effect";
import * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import { type Input, input } from "./Deploy.js";

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  strategy: Strategy.Strategy,
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
