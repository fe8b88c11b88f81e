/** How the next deploy would be carried out, and why. */
import type { Strategy } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { oneLine, paintFor, paragraph } from "../Text.js";
import { driverLines, riskText } from "./Risk.js";

type Explanation = Operations.Output<"explain">;

const ways: Readonly<Record<Strategy.Strategy, string>> = {
  direct: "directly",
  canary: "as a canary",
  blue_green: "blue-green",
};

/** Which change all of it is about, where that isn't the one at hand. */
const judgedText = ({ judged, service, namespace }: Explanation): string | undefined => {
  const command = `nopea explain ${service} -n ${namespace} -f <its manifests>`;
  switch (judged) {
    case "documents":
      return undefined;
    case "last":
      return `This judges a change like its last one. To judge the change at hand: ${command}; what it would do, object by object: nopea diff.`;
    case "any":
      return `nopea has learnt from no deploy of ${service} yet: this is what can be said of any. To judge the change at hand: ${command}; what it would do, object by object: nopea diff.`;
  }
};

export const explainLines = (explanation: Explanation, look: Look): ReadonlyArray<string> => {
  const { service, namespace, strategy, choice, refusal, risk } = explanation;
  const paint = paintFor(look);
  const where = `${paint.bold(service)} in ${namespace}`;
  const answer =
    strategy === undefined || refusal !== undefined
      ? [
          `${where} would ${paint.red("not be deployed")} now`,
          // It says of which service too, as it must where nobody asked.
          ...paragraph(
            oneLine(refusal?.message ?? "").replace(
              `${service} in ${namespace} is not deployed now: `,
              "",
            ),
            2,
            look,
          ),
          ...paragraph(oneLine(refusal?.advice ?? ""), 2, look),
        ]
      : [
          `${where} would be deployed ${paint.bold(ways[strategy])}`,
          ...paragraph(oneLine(choice?.why ?? ""), 2, look),
        ];
  const risks =
    risk === undefined
      ? ["Nothing would change."]
      : [`The risk is ${riskText(risk, paint)}:`, ...driverLines(risk, look)];
  const judged = judgedText(explanation);
  return [
    ...answer,
    "",
    ...risks,
    ...(judged === undefined ? [] : ["", ...paragraph(judged, 0, look)]),
  ];
};
