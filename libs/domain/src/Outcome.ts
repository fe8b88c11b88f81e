/** Where a deploy stands, and how it ended: reached once, never changed, always recorded. */
import { Schema } from "effect";

export const Outcome = Schema.Literal("completed", "failed", "rolledback").annotations({
  identifier: "Outcome",
});
export type Outcome = typeof Outcome.Type;

export const Status = Schema.Literal("progressing", ...Outcome.literals).annotations({
  identifier: "Status",
});
export type Status = typeof Status.Type;
