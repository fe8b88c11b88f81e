/**
 * Why something failed, told as a colleague would: what is wrong with which object, what was
 * seen, what had changed, and what to do now.
 */
import { Evidence, KubeObject, type Plan, type WireError } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { fit, indent, oneLine, paintFor, paragraph } from "../Text.js";
import { objectLines } from "./Plan.js";

/** More log lines than this tell nobody more. */
const LOG_LINES = 20;

const evidenceLines = (
  { kind, text, at }: Evidence.Evidence,
  look: Look,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  if (kind === "log") {
    const lines = Evidence.clean(text)
      .split("\n")
      .filter((line) => line.trim() !== "");
    const shown = lines.slice(-LOG_LINES);
    return [
      `  ${paint.dim("last log lines")}`,
      ...shown.map(
        (line) => `    ${paint.dim("│")} ${fit(line.replace(/\t/g, "  "), look.width - 6)}`,
      ),
    ];
  }
  const time = at === undefined ? "" : `${at.slice(11, 19)} `;
  const [first = "", ...rest] = paragraph(`${time}${oneLine(text)}`, 14, look);
  return [`  ${paint.dim(kind.padEnd(10))}  ${first.trimStart()}`, ...rest];
};

/** What is known of a failed deploy beside its error. */
export interface Around {
  readonly namespace: string;
  /** What it changed. */
  readonly objects: ReadonlyArray<Plan.PlannedObject>;
  /** `pod/container` that showed the reason. */
  readonly pods: ReadonlyArray<string>;
}

const PODS = 3;

/** The object and what is wrong with it, in the cluster's words. */
const subjectLines = (error: WireError.WireError, around: Around, look: Look) => {
  const paint = paintFor(look);
  const more = around.pods.length - PODS;
  const pods = around.pods.slice(0, PODS).join(", ");
  const where = pods === "" ? "" : `, pod ${pods}${more > 0 ? ` and ${more} more` : ""}`;
  const object =
    error.object === undefined ? "" : KubeObject.refText(error.object, around.namespace);
  const title = `${object}${where}`;
  const message = oneLine(error.message);
  // What the evidence says word for word is not said twice.
  const isSeen = error.evidence.some(({ text }) => oneLine(text).includes(message));
  return [
    ...(title === "" ? [] : [`  ${paint.bold(fit(title, look.width - 2))}`]),
    ...(isSeen ? [] : paragraph(message, 2, look)),
  ];
};

/** What was seen, what had changed and what to do, beneath a title of the caller's. */
export const causeLines = (
  error: WireError.WireError,
  around: Around,
  look: Look,
): ReadonlyArray<string> => {
  const changes = objectLines(around.objects, around.namespace, look);
  return [
    ...subjectLines(error, around, look),
    ...(error.evidence.length === 0
      ? []
      : ["", "What was seen:", ...error.evidence.flatMap((seen) => evidenceLines(seen, look))]),
    ...(changes.length === 0 ? [] : ["", "What this deploy changed:", ...changes]),
    ...(error.advice === ""
      ? []
      : ["", "What to do:", ...paragraph(oneLine(error.advice), 2, look)]),
  ];
};

/** A refusal or a mistake in the asking: nothing was begun. */
export const errorLines = (error: WireError.WireError, look: Look): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const [first = "", ...rest] = paragraph(oneLine(error.message), 7, look);
  const reason = error.reason === undefined ? "" : paint.dim(` (${error.reason})`);
  const message = [`${paint.red("error:")} ${first.trimStart()}`, ...rest];
  message.push(`${message.pop() ?? ""}${reason}`);
  return [
    ...message,
    ...error.evidence.flatMap((seen) => evidenceLines(seen, look)),
    ...(error.advice === "" ? [] : indent(paragraph(oneLine(error.advice), 0, look), 2)),
  ];
};
