/** Who asked for a deploy. */
import { Schema } from "effect";

/** How many characters of a name are kept. */
export const NAME_LIMIT = 64;

export const Who = Schema.Struct({
  kind: Schema.Literal("human", "ci", "agent"),
  name: Schema.String.pipe(Schema.maxLength(NAME_LIMIT)),
}).annotations({ identifier: "Who" });
export type Who = typeof Who.Type;
