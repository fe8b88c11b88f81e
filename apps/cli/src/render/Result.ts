/** How a deploy ended, in a few lines; the whole of it is in its JSON. */
import { Duration, KubeObject, type DeployResult, type Plan, Reason } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { type Paint, fit, indent, oneLine, paintFor, paragraph, plural, table } from "../Text.js";
import { causeLines } from "./Failure.js";
import { countsText, paintAction } from "./Plan.js";
import { riskLine } from "./Risk.js";

/** A set may be large: more objects than these are only counted. */
const SHOWN = 25;

const objectTable = (result: DeployResult.DeployResult, look: Look, paint: Paint) => {
  const changed = result.appliedResources.filter(({ action }) => action !== "unchanged");
  const shown = changed.slice(0, SHOWN);
  if (shown.length === 0) return [];
  const [, ...lines] = table(
    [
      { title: "", cell: (each) => KubeObject.refText(each, result.namespace), shrinks: true },
      {
        title: "",
        cell: (each) => each.action,
        paint: (text, each) => paintAction(each.action, paint, text),
      },
    ],
    shown,
    paint,
    look.width - 2,
  );
  const more = changed.length - shown.length;
  return indent([...lines, ...(more > 0 ? [paint.dim(`and ${more} more`)] : [])], 2);
};

/** Sentences that the reader should not miss, one bullet each. */
export const noteLines = (notes: ReadonlyArray<string>, look: Look): ReadonlyArray<string> => {
  const paint = paintFor(look);
  return notes.flatMap((note) =>
    paragraph(oneLine(note), 2, look).map((line, index) =>
      index === 0 ? `${paint.yellow("!")} ${line.trimStart()}` : line,
    ),
  );
};

const notes = (result: DeployResult.DeployResult): ReadonlyArray<string> => [
  ...result.warnings,
  ...(result.configNotReloaded ?? []).map(
    (name) =>
      `${name} changed, but nothing that reads it was rolled: its pods may still run on the old one (--roll-on-config rolls them).`,
  ),
  ...(result.status === "completed" && !result.verified
    ? result.differences.map(
        ({ object, fields }) =>
          `${KubeObject.refText(object, result.namespace)} is not what was applied: ${fields.join(", ")} differ.`,
      )
    : []),
  ...(result.degraded.length === 0 ? [] : [`Worked without: ${result.degraded.join(", ")}.`]),
];

const completed = (result: DeployResult.DeployResult, took: string, look: Look, paint: Paint) => {
  const where = `${result.service} in ${result.namespace}`;
  const all = plural(result.manifestCount, "object");
  if (result.unchanged) {
    const state = result.verified ? "ready and verified" : "ready";
    return [`${paint.green("✓")} ${where} is up to date: ${all} unchanged, ${state} (${took})`];
  }
  const counts = countsText(result.appliedResources.map(({ action }) => action));
  const verified = result.verified ? "ready and verified" : "ready, but not verified";
  return [
    `${paint.green("✓")} ${paint.bold(result.service)} is deployed to ${result.namespace}: ${verified} after ${took} (${counts})`,
    ...objectTable(result, look, paint),
  ];
};

const reached = (result: DeployResult.DeployResult, look: Look): ReadonlyArray<string> => {
  const left = result.notApplied ?? [];
  const names = (refs: ReadonlyArray<KubeObject.ObjectRef>) =>
    refs
      .slice(0, SHOWN)
      .map((ref) => KubeObject.refText(ref, result.namespace))
      .concat(refs.length > SHOWN ? [`and ${refs.length - SHOWN} more`] : [])
      .join(", ");
  const applied = result.appliedResources.filter(({ action }) => action !== "unchanged");
  return [
    ...(applied.length === 0 ? ["Nothing was applied."] : [`Applied: ${names(applied)}.`]),
    ...(left.length === 0 ? [] : [`Not applied: ${names(left)}.`]),
  ].flatMap((text) => paragraph(text, 0, look));
};

const broken = (
  result: DeployResult.DeployResult,
  took: string,
  look: Look,
  paint: Paint,
  seen: Seen,
) => {
  const verb = result.status === "rolledback" ? "was rolled back" : "failed";
  const title = `${paint.red("✗")} ${paint.bold(result.service)} ${verb} in ${result.namespace} after ${took}`;
  const why =
    result.reason === undefined
      ? ""
      : `: ${Reason.ruleOf(result.reason).meaning} (${paint.red(result.reason)})`;
  return [
    `${title}${why}`,
    ...(result.error === undefined
      ? []
      : causeLines(
          result.error,
          {
            namespace: result.namespace,
            objects: seen.planned.slice(0, SHOWN),
            pods: result.reason === undefined ? [] : seen.podsWith(result.reason),
          },
          look,
        )),
    "",
    ...reached(result, look),
  ];
};

const stopped = (result: DeployResult.DeployResult, took: string, look: Look, paint: Paint) => [
  `${paint.yellow("■")} ${paint.bold(result.service)} in ${result.namespace} was interrupted after ${took}`,
  ...(result.error === undefined ? [] : paragraph(oneLine(result.error.message), 2, look)),
  ...reached(result, look),
  ...(result.error === undefined || result.error.advice === ""
    ? []
    : paragraph(oneLine(result.error.advice), 0, look)),
];

/** What was seen on the way. */
export interface Seen {
  readonly planned: ReadonlyArray<Plan.PlannedObject>;
  /** `pod/container` of those that showed a reason. */
  readonly podsWith: (reason: Reason.Reason) => ReadonlyArray<string>;
}

export const resultLines = (
  result: DeployResult.DeployResult,
  look: Look,
  seen: Seen,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const took = Duration.format(result.durationMs);
  const title = (() => {
    if (result.reason === "interrupted") return stopped(result, took, look, paint);
    switch (result.status) {
      case "completed":
        return completed(result, took, look, paint);
      case "progressing":
        return [
          `${paint.cyan("…")} ${paint.bold(result.service)} is applied to ${result.namespace} (${plural(result.appliedResources.length, "object")}), and was left to become ready`,
          ...indent(wrapCommand(`nopea status ${result.service} -n ${result.namespace}`, look), 2),
        ];
      case "failed":
      case "rolledback":
        return broken(result, took, look, paint, seen);
    }
  })();
  return [
    ...title,
    ...noteLines(notes(result), look),
    ...(result.risk === undefined
      ? []
      : [paint.dim(fit(`${riskLine(result.risk)} (before it began)`, look.width))]),
    paint.dim(`deploy ${result.deployId}`),
  ];
};

const wrapCommand = (command: string, look: Look) => [fit(command, look.width - 2)];
