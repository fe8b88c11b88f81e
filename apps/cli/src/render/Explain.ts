/** How the next deploy would be carried out, and why. */
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { oneLine, paintFor, paragraph } from "../Text.js";
import { driverLines, riskText } from "./Risk.js";

type Explanation = Operations.Output<"explain">;

export const explainLines = (
  { service, namespace, strategy, choice, refusal, risk }: Explanation,
  look: Look,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const where = `${paint.bold(service)} in ${namespace}`;
  const answer =
    refusal === undefined
      ? [
          `${where} would be deployed ${paint.bold(strategy ?? "")}`,
          ...paragraph(oneLine(choice?.why ?? ""), 2, look),
        ]
      : [
          `${where} would ${paint.red("not be deployed")} now`,
          ...paragraph(oneLine(refusal.message), 2, look),
          ...paragraph(oneLine(refusal.advice), 2, look),
        ];
  return risk === undefined
    ? [...answer, "", "Nothing would change."]
    : [...answer, "", `The risk is ${riskText(risk, paint)}:`, ...driverLines(risk, look)];
};
