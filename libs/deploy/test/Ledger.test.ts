import { assert, describe, it } from "@effect/vitest";
import { Ledger } from "../src/index.js";
import { cluster, entry, id, inFlight, ledger, object } from "./support/Ledgers.js";

const begun = (before: Ledger.Ledger = ledger()) =>
  Ledger.begin(before, {
    inFlight: inFlight(2),
    objects: [object("settings"), object("others")],
    records: ["nopea-web-2-1"],
    cluster,
  });

const ended = (
  before: Ledger.Ledger,
  outcome: "completed" | "failed",
  applied = [object("settings", "u1"), object("others", "u2")],
) =>
  Ledger.settle(before, {
    entry: entry(2, { outcome }),
    applied,
    records: ["nopea-web-2-1"],
    becomesCurrent: outcome === "completed",
    cluster,
  });

const inventory = (of: Ledger.Ledger) =>
  of.inventory.map(({ name, uid, inSet }) => [name, uid, inSet]);

describe("a ledger", () => {
  it("has the old inventory and the planned objects from the beginning of a deploy", () => {
    const now = begun();
    assert.strictEqual(now.inFlight?.id, id(2));
    assert.deepStrictEqual(inventory(now), [
      ["settings", "u1", true],
      ["others", "", false],
    ]);
    assert.strictEqual(now.current, id(1));
    assert.strictEqual(now.records.length, 2);
  });

  it("takes a completed deploy's set as the current one", () => {
    const now = ended(begun(), "completed", [object("others", "u2")]);
    assert.isUndefined(now.inFlight);
    assert.strictEqual(now.current, id(2));
    assert.deepStrictEqual(inventory(now), [
      ["settings", "u1", false],
      ["others", "u2", true],
    ]);
    assert.deepStrictEqual(
      now.outcomes.map((one) => one.id),
      [id(2), id(1)],
    );
  });

  it("keeps the set in force where a deploy failed, and what that had created", () => {
    const now = ended(begun(), "failed");
    assert.strictEqual(now.current, id(1));
    assert.deepStrictEqual(inventory(now), [
      ["settings", "u1", true],
      ["others", "u2", false],
    ]);
  });

  it("never changes an outcome that it has", () => {
    const once = ended(begun(), "failed");
    const twice = ended(once, "completed");
    assert.deepStrictEqual(twice, once);
  });

  it("leaves another deploy in flight when one is settled late", () => {
    const now = ended(ledger({ inFlight: inFlight(3) }), "failed");
    assert.strictEqual(now.inFlight?.id, id(3));
  });

  it("marks only its own deploy as left", () => {
    assert.isTrue(Ledger.leave(begun(), id(2), []).inFlight?.left);
    assert.isFalse(Ledger.leave(begun(), id(9), []).inFlight?.left);
  });

  it("keeps the newest 200 outcomes", () => {
    const full = ledger({ outcomes: Array.from({ length: 200 }, (_, n) => entry(1_200 - n)) });
    const now = Ledger.settle(full, {
      entry: entry(1_300),
      applied: [],
      records: [],
      becomesCurrent: false,
      cluster,
    });
    assert.strictEqual(now.outcomes.length, 200);
    assert.strictEqual(now.outcomes[0]?.id, id(1_300));
    assert.strictEqual(now.outcomes.at(-1)?.id, id(1_002));
  });

  it.each<[string, Ledger.Ledger, ReadonlyArray<string>, boolean]>([
    ["the same objects as the current set's", ledger(), ["settings"], true],
    ["another object", ledger(), ["settings", "others"], false],
    ["an object less", ledger(), [], false],
    ["a failed deploy since", ended(begun(), "failed"), ["settings"], false],
    ["a deploy in flight", begun(), ["settings"], false],
    ["no current set", Ledger.empty, [], false],
  ])("needs no word of an unchanged set, or does: %s", (_, before, names, expected) => {
    assert.strictEqual(
      Ledger.isInForce(
        before,
        names.map((name) => object(name)),
      ),
      expected,
    );
  });
});
