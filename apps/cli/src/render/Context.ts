/** What memory says of a service, the way a colleague would who was there each time. */
import { type DeployContext, Duration, Timestamp } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { age, oneLine, paintFor, paragraph, plural, table } from "../Text.js";
import { statusText } from "./History.js";
import { driverLines, percent, riskText } from "./Risk.js";

type Context = Operations.Output<"context">;

/** About one in how many. */
const oneIn = ({ known, risk: { probability } }: Context): string => {
  const n = Math.round(1 / Math.max(probability, 0.001));
  const deploys = known ? "deploys like its last one" : "first deploys here";
  return n <= 1 ? `most ${deploys} fail` : `about 1 in ${n} ${deploys} fails`;
};

/** How often it is expected is said with what to do about it. */
const patternLines = (context: Context, look: Look, now: number): ReadonlyArray<string> => {
  if (context.failurePatterns.length === 0) return [];
  const paint = paintFor(look);
  const [, ...lines] = table<DeployContext.FailurePattern>(
    [
      { title: "", cell: ({ error }) => error, paint: (text) => paint.red(text) },
      {
        title: "",
        cell: ({ observations, evidence: [newest] }) =>
          newest === undefined
            ? plural(observations, "time")
            : `${plural(observations, "time")}, last ${age(now - Timestamp.toMillis(newest.at))} ago`,
      },
      { title: "", cell: ({ evidence: [newest] }) => oneLine(newest?.text ?? ""), shrinks: true },
    ],
    context.failurePatterns,
    paint,
    look.width - 2,
  );
  return ["", "What breaks it:", ...lines.map((line) => `  ${line}`)];
};

const pairLines = (context: Context, look: Look): ReadonlyArray<string> => {
  if (context.conditionalPatterns.length === 0) return [];
  return [
    "",
    "It fails when another was deployed shortly before:",
    ...context.conditionalPatterns.flatMap((pattern) =>
      paragraph(
        `${pattern.when} within ${Duration.format(pattern.withinMs)}: ${pattern.with.failed} of ${pattern.with.deploys} such deploys failed, against ${pattern.otherwise.failed} of ${pattern.otherwise.deploys} otherwise${pattern.now ? " (it was, just now)" : ""}`,
        2,
        look,
      ),
    ),
  ];
};

const outcomeLines = (context: Context, look: Look, now: number): ReadonlyArray<string> => {
  if (context.lastOutcomes.length === 0) return [];
  const paint = paintFor(look);
  const shown: Array<string> = [];
  let room = look.width - 2;
  for (const { at, outcome, reason } of context.lastOutcomes) {
    const text = outcome === "completed" ? "completed" : (reason ?? outcome);
    const ago = `${age(now - Timestamp.toMillis(at))} ago`;
    room -= `${text} ${ago}, `.length;
    // As many as fit, the newest at any rate.
    if (room < 0 && shown.length > 0) break;
    shown.push(`${statusText(outcome, paint, text)} ${ago}`);
  }
  return ["", "Last outcomes, newest first:", `  ${shown.join(", ")}`];
};

/** `now` in milliseconds since the epoch, for the ages. */
export const contextLines = (context: Context, look: Look, now: number): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const { risk, dependencies, recommendations } = context;
  const together = dependencies
    .map(({ target, weight }) => `${target} (${percent(weight)} of its deploys)`)
    .join(", ");
  return [
    `${paint.bold(context.service)} in ${context.namespace}: risk ${riskText(risk, paint)}, ${oneIn(context)}`,
    ...driverLines(risk, look),
    ...patternLines(context, look, now),
    ...pairLines(context, look),
    ...(together === ""
      ? []
      : ["", "Deployed within an hour of it:", ...paragraph(together, 2, look)]),
    ...outcomeLines(context, look, now),
    ...(recommendations.length === 0
      ? []
      : [
          "",
          "What to do:",
          ...recommendations.flatMap((sentence) => paragraph(oneLine(sentence), 2, look)),
        ]),
  ];
};
