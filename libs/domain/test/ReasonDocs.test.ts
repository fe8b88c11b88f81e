import { readFileSync } from "node:fs";
import { assert, it } from "@effect/vitest";
import { Advice, Duration, Reason } from "@nopea/domain";

/** One row of docs/reasons.md. */
const row = (reason: Reason.Reason): string => {
  const rule = Reason.ruleOf(reason);
  const window = rule.windowMs === undefined ? "" : ` ${Duration.format(rule.windowMs)}`;
  return `| \`${reason}\` | ${rule.class}${window} | ${rule.meaning} | ${Advice.adviceFor(reason).replaceAll("|", "\\|")} |`;
};

it("docs/reasons.md has the row of every reason, and no other", () => {
  const page = readFileSync(new URL("../../../docs/reasons.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  assert.deepStrictEqual(rows, Reason.all.map(row));
});
