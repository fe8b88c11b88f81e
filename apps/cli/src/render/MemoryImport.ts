/** What an import has taught memory, and what it could not take. */
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { oneLine, paintFor, paragraph, plural } from "../Text.js";
import { noteLines } from "./Result.js";

export const importLines = (
  { taken, revised, known, skipped, warnings }: Operations.Output<"memoryImport">,
  look: Look,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const newOnes = `${plural(taken, "deploy")} learnt`;
  const others = [
    ...(revised === 0
      ? []
      : [
          `${revised} learnt anew (${revised === 1 ? "it" : "they"} ended otherwise than was known)`,
        ]),
    ...(known === 0 ? [] : [`${known} known already`]),
    ...(skipped.length === 0 ? [] : [paint.yellow(`${skipped.length} skipped`)]),
  ];
  return [
    [taken === 0 ? newOnes : paint.green(newOnes), ...others].join(", "),
    ...skipped.flatMap(({ line, object, why }) =>
      paragraph(oneLine(`${object ?? `line ${line ?? "?"}`}: ${why}`), 2, look),
    ),
    ...noteLines(warnings, look),
  ];
};
