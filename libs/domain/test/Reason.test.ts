import { assert, describe, it } from "@effect/vitest";
import { Advice, Reason } from "@nopea/domain";

describe("Reason", () => {
  it("gives a window to each reason of that class, and to no other", () => {
    for (const reason of Reason.all) {
      const rule = Reason.ruleOf(reason);
      assert.strictEqual(rule.windowMs !== undefined, rule.class === "window", reason);
    }
  });

  it("has something to advise for each", () => {
    for (const reason of Reason.all) assert.match(Advice.adviceFor(reason), /\.$/, reason);
  });

  it("has wire names in snake_case", () => {
    for (const reason of Reason.all) assert.match(reason, /^[a-z]+(_[a-z]+)*$/);
  });
});
