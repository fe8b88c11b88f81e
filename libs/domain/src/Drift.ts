/** One object's live state against what was last applied and what is wanted. */
import { Schema } from "effect";
import { ObjectRef } from "./KubeObject.js";

/**
 * Three-way: `git_change` = only what is wanted moved, `manual_drift` = only the cluster did,
 * `conflict` = both did, `new_resource` = wanted, never applied, not there; `needs_apply` =
 * there but never applied by nopea; `missing` = applied and gone.
 */
export const DriftState = Schema.Literal(
  "no_drift",
  "git_change",
  "manual_drift",
  "conflict",
  "new_resource",
  "needs_apply",
  "missing",
).annotations({ identifier: "DriftState" });
export type DriftState = typeof DriftState.Type;

export const Drift = Schema.Struct({
  object: ObjectRef,
  state: DriftState,
  /** Paths such as `spec.replicas` or `data["key"]`. */
  fields: Schema.Array(Schema.String),
}).annotations({ identifier: "Drift" });
export type Drift = typeof Drift.Type;
