import { assert, describe, it } from "@effect/vitest";
import { Evidence } from "@nopea/domain";

const ESC = String.fromCharCode(27);

describe("Evidence.clean", () => {
  it("takes colours, cursor movements and window titles out of a log line", () => {
    assert.strictEqual(
      Evidence.clean(`${ESC}[31mred${ESC}[0m ${ESC}[2J${ESC}]0;title${String.fromCharCode(7)}end`),
      "red end",
    );
  });

  it("takes control characters out but keeps tabs and line ends", () => {
    assert.strictEqual(Evidence.clean("a\tb\nc\r\u0000d\u009be"), "a\tb\ncde");
  });

  it("says when it cut a long text", () => {
    assert.strictEqual(Evidence.clean("abcdef", 3), "abc…");
  });
});
