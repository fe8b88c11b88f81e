/** What would change, object by object and field by field, as a person reads it. */
import { KubeObject, Plan, type Risk, type Strategy } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { fit, oneLine, type Paint, paintFor, paragraph, plural } from "../Text.js";
import { riskLine } from "./Risk.js";

const MARKS: Readonly<Record<Plan.PlanAction, string>> = {
  created: "+",
  configured: "~",
  recreated: "±",
  adopted: "~",
  pruned: "-",
  unchanged: " ",
  unknown: "?",
  skipped: " ",
};

export const paintAction = (action: Plan.PlanAction, paint: Paint, text: string): string => {
  switch (action) {
    case "created":
      return paint.green(text);
    case "pruned":
      return paint.red(text);
    case "configured":
    case "recreated":
    case "adopted":
      return paint.yellow(text);
    case "unknown":
      return paint.magenta(text);
    default:
      return paint.dim(text);
  }
};

/** A value on one line, as YAML would have it; text is quoted only where it must be. */
const valueText = (value: unknown): string =>
  typeof value === "string" && value !== "" && !/^\s|\s$|\n/.test(value)
    ? value
    : JSON.stringify(value);

const fieldLines = (field: Plan.FieldChange, look: Look, paint: Paint): ReadonlyArray<string> => {
  const { path, before, after } = field;
  const shown = (value: unknown) => (value === undefined ? "" : oneLine(valueText(value)));
  const room = look.width - 6;
  if (before === undefined && after === undefined) {
    return [`      ${paint.dim(fit(`${path} ${field.change}`, room))}`];
  }
  const short = `${path}: ${[shown(before), shown(after)].filter((text) => text !== "").join(" → ")}`;
  if (field.change === "changed" && short.length > room) {
    return [
      `      ${fit(`${path}:`, room)}`,
      `        ${paint.red(fit(`- ${shown(before)}`, room - 2))}`,
      `        ${paint.green(fit(`+ ${shown(after)}`, room - 2))}`,
    ];
  }
  switch (field.change) {
    case "added":
      return [`      ${paint.green(fit(`+ ${path}: ${shown(after)}`, room))}`];
    case "removed":
      return [`      ${paint.red(fit(`- ${path}: ${shown(before)}`, room))}`];
    case "changed":
      return [`      ${fit(short, room)}`];
  }
};

/** `2 created, 1 configured`; the actions in the order of what they do. */
export const countsText = (actions: ReadonlyArray<Plan.PlanAction>): string => {
  const sums = new Map<Plan.PlanAction, number>();
  for (const action of actions) sums.set(action, (sums.get(action) ?? 0) + 1);
  return Plan.PlanAction.literals
    .filter((action) => sums.has(action))
    .map((action) => `${sums.get(action)} ${action}`)
    .join(", ");
};

/** Objects that change, with their fields; those that don't are only counted. */
export const objectLines = (
  objects: ReadonlyArray<Plan.PlannedObject>,
  namespace: string,
  look: Look,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  return objects
    .filter(({ action }) => action !== "unchanged")
    .flatMap(({ object, action, note, fields }) => {
      const title = `${MARKS[action]} ${KubeObject.refText(object, namespace)} ${action}`;
      const noted = note === undefined ? title : `${title}: ${oneLine(note)}`;
      const shown = action === "created" ? [] : fields;
      return [
        `  ${paintAction(action, paint, fit(noted, look.width - 2))}`,
        ...shown.flatMap((field) => fieldLines(field, look, paint)),
      ];
    });
};

export interface Diff {
  readonly service: string;
  readonly namespace: string;
  readonly unchanged: boolean;
  readonly objects: ReadonlyArray<Plan.PlannedObject>;
  readonly choice: Strategy.Choice;
  readonly risk?: Risk.Risk;
}

export const diffLines = (diff: Diff, look: Look): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const total = plural(diff.objects.length, "object");
  if (diff.unchanged) {
    return [
      `${paint.green("=")} ${diff.service} in ${diff.namespace}: nothing would change (${total})`,
    ];
  }
  return [
    `${diff.service} in ${diff.namespace}: ${countsText(diff.objects.map(({ action }) => action))}`,
    ...objectLines(diff.objects, diff.namespace, look),
    ...(diff.risk === undefined
      ? []
      : [
          riskLine(diff.risk),
          // What was wanted and can't be done is a warning.
          ...(diff.choice.wanted === undefined ? paragraph(oneLine(diff.choice.why), 2, look) : []),
        ]),
  ];
};
