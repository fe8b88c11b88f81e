import { describe, expect, it } from "@effect/vitest";
import { Service } from "@nopea/domain";
import type { History } from "@nopea/k8s";
import type { Lesson } from "@nopea/memory";
import { Schema } from "effect";
import { news } from "../src/PastDeploys.js";

const MINUTE = 60_000;
const ref = Schema.decodeSync(Service.ServiceRef)({
  cluster: "c1",
  namespace: "shop",
  service: "web",
});

/** The third revision of a Deployment, and one of another that was rolled out with it. */
const past = (more: Partial<History.PastDeploy> = {}): History.PastDeploy => ({
  id: "uid-web.3",
  parts: ["uid-web.3", "uid-worker.2"],
  subject: "apps/Deployment/shop/web",
  namespace: ref.namespace,
  service: ref.service,
  startedAt: 100 * MINUTE,
  revealedAt: 101 * MINUTE,
  strategy: "direct",
  isRevert: false,
  failed: false,
  ...more,
});

const lesson = (more: Partial<Lesson.Lesson> = {}): Lesson.Lesson => ({
  id: "uid-web.3",
  ref,
  startedAt: 100 * MINUTE,
  revealedAt: 101 * MINUTE,
  strategy: "direct",
  isRevert: false,
  failed: false,
  source: "import",
  ...more,
});

const of = (deploy: History.PastDeploy, known: ReadonlyArray<Lesson.Lesson>) =>
  news(deploy, ref.cluster, {
    byId: new Map(known.map((each) => [each.id, each])),
    deploys: new Map([["shop/web", known.filter(({ source }) => source === "deploy")]]),
  });

const broken = { failed: true, reason: "crash_loop" } as const;

describe("a past deploy", () => {
  it("is a lesson where nothing is known of it", () => {
    expect(of(past(broken), [])).toEqual(lesson(broken));
  });

  it("is none where one of nopea's own deploys made it", () => {
    const own = (startedAt: number) =>
      lesson({ id: "own", source: "deploy", startedAt, revealedAt: startedAt + MINUTE });
    expect(of(past(), [own(99.5 * MINUTE)])).toBeUndefined();
    expect(of(past(), [own(90 * MINUTE)])).toBeDefined();
  });

  it.each<
    readonly [string, Partial<Lesson.Lesson>, Partial<History.PastDeploy>, "kept" | "revised"]
  >([
    ["ended as it was known", {}, {}, "kept"],
    ["turned out to have failed", {}, { failed: true }, "revised"],
    ["recovered, as its controller says", broken, {}, "revised"],
    [
      "failed, and was followed by something newer much later",
      broken,
      { isInferred: true },
      "kept",
    ],
    ["failed for a reason that is known now", { failed: true }, broken, "revised"],
    ["failed for a reason that nothing shows any more", broken, { failed: true }, "kept"],
    [
      "failed for a reason, and then was given up",
      broken,
      { failed: true, reason: "rollout_aborted" },
      "kept",
    ],
    [
      "took too long, and is known now to crash",
      { failed: true, reason: "progress_deadline_exceeded" },
      broken,
      "revised",
    ],
    ["was nopea's own", { source: "deploy" }, broken, "kept"],
  ])("that %s is told apart", (_, known, again, expected) => {
    const found = of(past(again), [lesson(known)]);
    expect(found === undefined ? "kept" : "revised").toBe(expected);
  });

  it("replaces what it was known as, whichever of its parts that was", () => {
    const found = of(past(broken), [lesson({ id: "uid-worker.2" })]);
    expect(found).toMatchObject({ id: "uid-worker.2", ...broken });
  });
});
