/**
 * What a deploy would do, object by object, as the API server's own dry-run says. A value of a
 * Secret is never in it: only that it changed.
 */
import { Schema } from "effect";
import { optional } from "./Wire.js";
import { ObjectRef } from "./KubeObject.js";

export const PlanAction = Schema.Literal(
  "created",
  "configured",
  "unchanged",
  "recreated",
  "adopted",
  "pruned",
  "unknown",
  "skipped",
).annotations({ identifier: "PlanAction" });
export type PlanAction = typeof PlanAction.Type;

export const FieldChange = Schema.Struct({
  /** `spec.template.spec.containers[name=web].image` */
  path: Schema.String,
  change: Schema.Literal("added", "removed", "changed"),
  /** Absent for a Secret's values and where there is none. */
  before: optional(Schema.Unknown),
  after: optional(Schema.Unknown),
}).annotations({ identifier: "FieldChange" });
export type FieldChange = typeof FieldChange.Type;

export const PlannedObject = Schema.Struct({
  object: ObjectRef,
  source: Schema.String,
  action: PlanAction,
  /** Why `unknown`, from whom `adopted`, why `recreated` or `skipped`. */
  note: optional(Schema.String),
  fields: Schema.Array(FieldChange),
}).annotations({ identifier: "PlannedObject" });
export type PlannedObject = typeof PlannedObject.Type;

export const Plan = Schema.Struct({
  objects: Schema.Array(PlannedObject),
  /** True where there is nothing to do. */
  unchanged: Schema.Boolean,
  warnings: Schema.Array(Schema.String),
}).annotations({ identifier: "Plan" });
export type Plan = typeof Plan.Type;

/** How many objects of each action. */
export const counts = (plan: Plan): Readonly<Partial<Record<PlanAction, number>>> => {
  const sums: Partial<Record<PlanAction, number>> = {};
  for (const { action } of plan.objects) sums[action] = (sums[action] ?? 0) + 1;
  return sums;
};

/** What kind of change a deploy was, for memory. */
export const Change = Schema.Struct({
  kind: Schema.Literal("image", "config", "manifests"),
  semver: Schema.Literal("major", "minor", "patch", "other", "none"),
  /** How many objects changed, and how many fields in them. */
  objects: Schema.NonNegativeInt,
  lines: Schema.NonNegativeInt,
}).annotations({ identifier: "Change" });
export type Change = typeof Change.Type;
