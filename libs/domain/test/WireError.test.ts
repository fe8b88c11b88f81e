import { assert, describe, it } from "@effect/vitest";
import { BadInput, WireError } from "@nopea/domain";
import { Schema } from "effect";

describe("WireError", () => {
  it("says a tag as a code, and the same word as error", () => {
    const wire = WireError.encode(
      new BadInput({ message: "web.yaml#2 has no kind", field: "kind" }),
    );
    assert.deepStrictEqual(
      [wire.error, wire.code, wire.message],
      ["bad_input", "bad_input", "web.yaml#2 has no kind"],
    );
    assert.notProperty(wire, "_tag");
  });

  it("keeps the reason, the object and the evidence of a failed deploy", () => {
    const object = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const wire = WireError.failed({
      message: "web keeps crashing",
      reason: "crash_loop",
      object,
      evidence: [{ kind: "exit", text: "exit code 1" }],
      advice: "Read the log.",
    });
    assert.strictEqual(wire.code, "deploy_failed");
    assert.deepStrictEqual(Schema.decodeUnknownSync(WireError.WireError)(wire), wire);
  });
});
