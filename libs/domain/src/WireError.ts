/**
 * One error, everywhere: what a person or program reads when something was refused or failed.
 * `encode` is the only encoder; a tag never leaves the process but as its `code`.
 */
import { Schema } from "effect";
import { optional } from "./Wire.js";
import { Evidence } from "./Evidence.js";
import { ObjectRef } from "./KubeObject.js";
import { Reason } from "./Reason.js";

export const WireError = Schema.Struct({
  /** The same word as `code`: the key that nopea's older clients read. */
  error: Schema.String,
  code: Schema.String,
  reason: optional(Reason),
  message: Schema.String,
  object: optional(ObjectRef),
  evidence: Schema.Array(Evidence),
  /** What to do next, in a sentence or two. */
  advice: Schema.String,
}).annotations({ identifier: "WireError" });
export type WireError = typeof WireError.Type;

/** The fields every typed error of nopea may carry beside its message. */
export interface ErrorShape {
  readonly _tag: string;
  readonly message: string;
  readonly reason?: Reason | undefined;
  readonly object?: ObjectRef | undefined;
  readonly evidence?: ReadonlyArray<Evidence> | undefined;
  readonly advice?: string | undefined;
}

/** `QueueFull` → `queue_full`. */
export const codeOf = (tag: string): string =>
  tag.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

export const encode = (error: ErrorShape): WireError => {
  const code = codeOf(error._tag);
  return {
    error: code,
    code,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    message: error.message,
    ...(error.object === undefined ? {} : { object: error.object }),
    evidence: error.evidence ?? [],
    advice: error.advice ?? "",
  };
};

/** The error of a deploy that ran and failed: code `deploy_failed`, and its reason. */
export const failed = (fields: Omit<ErrorShape, "_tag"> & { readonly reason: Reason }): WireError =>
  encode({ ...fields, _tag: "DeployFailed" });
