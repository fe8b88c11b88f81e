/** What was asked for can't be understood or isn't allowed: nothing was sent, nothing recorded. */
import { Schema } from "effect";
import { optional } from "./Wire.js";
import { ObjectRef } from "./KubeObject.js";
import { Reason } from "./Reason.js";

export class BadInput extends Schema.TaggedError<BadInput>()("BadInput", {
  /** A whole sentence: which file, document or argument, which field, and what is wrong with it. */
  message: Schema.String,
  /** `file.yaml#3`, where it came from a document. */
  source: optional(Schema.String),
  /** `metadata.name`, where one field is to blame. */
  field: optional(Schema.String),
  object: optional(ObjectRef),
  reason: optional(Reason),
  advice: optional(Schema.String),
}) {}
