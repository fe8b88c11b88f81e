/** What was seen: the words of the cluster that a reason rests on. Never a Secret's value. */
import { Schema } from "effect";
import { optional } from "./Wire.js";
import { ObjectRef } from "./KubeObject.js";
import { Timestamp } from "./Timestamp.js";

export const EvidenceKind = Schema.Literal(
  "condition",
  "event",
  "state",
  "exit",
  "log",
  "quota",
  "field",
  "response",
  "note",
);
export type EvidenceKind = typeof EvidenceKind.Type;

export const Evidence = Schema.Struct({
  kind: EvidenceKind,
  /** One line, or a few log lines; control characters are stripped by whoever makes it. */
  text: Schema.String,
  at: optional(Timestamp),
  object: optional(ObjectRef),
}).annotations({ identifier: "Evidence" });
export type Evidence = typeof Evidence.Type;

// Built from escapes so that no control character stands in this file: C0 but tab and newline,
// DEL, C1, and the ANSI sequences a log likes to carry.
const ANSI = new RegExp(
  "\\u001b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|[@-Z\\\\-_])",
  "g",
);
const CONTROL = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]", "g");

/** A cluster's text made safe to print: no escape sequences, no control characters, at most `limit` long. */
export const clean = (text: string, limit = 4_000): string => {
  const safe = text.replace(ANSI, "").replace(CONTROL, "");
  return safe.length > limit ? `${safe.slice(0, limit)}…` : safe;
};
