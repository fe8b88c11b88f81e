/** Nothing is known by that name: neither in the cluster nor in the store. */
import { Wire } from "@nopea/domain";
import { Schema } from "effect";

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  message: Schema.String,
  advice: Wire.optional(Schema.String),
}) {}
