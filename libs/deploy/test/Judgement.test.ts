import { assert, describe, it } from "@effect/vitest";
import type { Waiter } from "@nopea/k8s";
import { Judgement } from "../src/index.js";
import { object } from "./support/Ledgers.js";

const web = object("web");
const finding = (reason: Waiter.Finding["reason"]): Waiter.Finding => ({
  reason,
  message: `seen: ${reason}`,
  object: web,
  evidence: [],
});

const snapshot = (more: Partial<Waiter.Snapshot> = {}): Waiter.Snapshot => ({
  objects: [{ object: web, missing: false, ready: false, message: "0 of 1 new pods ready" }],
  terminal: [],
  standing: [],
  ready: false,
  ...more,
});

const seen = (more: Partial<Judgement.Seen> = {}): Judgement.Seen => ({
  complete: true,
  applied: [web],
  notApplied: [],
  snapshot: snapshot(),
  pastDeadline: false,
  ...more,
});

describe("a deploy that nobody follows", () => {
  it.each<[string, Judgement.Seen, string]>([
    ["all applied and ready", seen({ snapshot: snapshot({ ready: true }) }), "completed"],
    [
      "a terminal reason stands",
      seen({ snapshot: snapshot({ terminal: [finding("crash_loop")] }) }),
      "crash_loop",
    ],
    [
      "a terminal reason stands before all was applied",
      seen({
        notApplied: [object("other")],
        snapshot: snapshot({ terminal: [finding("crash_loop")] }),
      }),
      "crash_loop",
    ],
    ["still moving", seen(), "moving"],
    [
      "moving, and a cause stands that may mend itself",
      seen({ snapshot: snapshot({ standing: [finding("image_pull_failed")] }) }),
      "moving",
    ],
    ["its time is over", seen({ pastDeadline: true }), "timeout"],
    [
      "its time is over, and a cause stood",
      seen({ pastDeadline: true, snapshot: snapshot({ standing: [finding("unschedulable")] }) }),
      "unschedulable",
    ],
    [
      "not all was applied",
      seen({ notApplied: [object("other")], snapshot: snapshot({ ready: true }) }),
      "interrupted",
    ],
    [
      "its record is not whole",
      seen({ complete: false, snapshot: snapshot({ ready: true }) }),
      "interrupted",
    ],
  ])("is judged from what is live: %s", (_, what, expected) => {
    const judgement = Judgement.judge(what);
    assert.strictEqual(
      judgement.type === "failed" ? judgement.finding.reason : judgement.type,
      expected,
    );
  });

  it("is superseded where a newer one won't wait for it", () => {
    const ended = Judgement.withoutWaiting(Judgement.judge(seen()));
    assert.isTrue(ended.type === "failed" && ended.finding.reason === "superseded");
  });

  it("says what was and what was not applied", () => {
    const judgement = Judgement.judge(seen({ notApplied: [object("other")] }));
    assert.isTrue(judgement.type === "failed");
    if (judgement.type !== "failed") return;
    assert.include(judgement.finding.message, "applied ConfigMap/web");
    assert.include(judgement.finding.message, "not applied ConfigMap/other");
    const { advice } = judgement.finding as { readonly advice?: string };
    assert.include(advice ?? "", "found unchanged");
  });
});
