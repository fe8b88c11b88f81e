/** Who asked for a deploy. */
import { Schema } from "effect";

export const Who = Schema.Struct({
  kind: Schema.Literal("human", "ci", "agent"),
  /** At most 64 characters. */
  name: Schema.String.pipe(Schema.maxLength(64)),
}).annotations({ identifier: "Who" });
export type Who = typeof Who.Type;
