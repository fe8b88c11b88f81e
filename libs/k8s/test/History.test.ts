import { assert, describe, it } from "@effect/vitest";
import type { Service } from "@nopea/domain";
import * as History from "../src/history/History.js";
import type { PastDeploy } from "../src/history/PastDeploy.js";

const part = (subject: string, second: number, more: Partial<PastDeploy> = {}): PastDeploy => ({
  id: `${subject}.${second}`,
  parts: [`${subject}.${second}`],
  subject,
  namespace: "shop" as Service.Namespace,
  service: "web" as Service.ServiceName,
  startedAt: second * 1_000,
  revealedAt: second * 1_000,
  change: { kind: "manifests", semver: "none", objects: 1, lines: 2 },
  strategy: "direct",
  isRevert: false,
  failed: false,
  ...more,
});

const ids = (parts: ReadonlyArray<PastDeploy>) => History.merged(parts).map(({ id }) => id);

describe("History", () => {
  it("tells of a deploy once, however many objects it rolled out", () => {
    const image = { kind: "image", semver: "patch", objects: 1, lines: 1 } as const;
    assert.deepStrictEqual(
      History.merged([
        part("web", 100, { revealedAt: 160_000, change: image }),
        part("worker", 101, { failed: true, reason: "crash_loop", revealedAt: 130_000 }),
      ]),
      [
        part("web", 100, {
          parts: ["web.100", "worker.101"],
          revealedAt: 130_000,
          change: { kind: "image", semver: "patch", objects: 2, lines: 3 },
          failed: true,
          reason: "crash_loop",
        }),
      ],
    );
  });

  it("keeps apart: two revisions of one object, other services, other namespaces, later ones", () => {
    assert.strictEqual(ids([part("web", 0), part("web", 5)]).length, 2);
    assert.strictEqual(
      ids([part("web", 0), part("api", 1, { service: "api" as Service.ServiceName })]).length,
      2,
    );
    assert.strictEqual(
      ids([part("web", 0), part("web2", 1, { namespace: "b" as Service.Namespace })]).length,
      2,
    );
    assert.strictEqual(ids([part("web", 0), part("worker", 61)]).length, 2);
  });

  it("lets Helm's record speak for what it rolled out, also after a long hook, but not of how it ended", () => {
    const change = { kind: "image", semver: "major", objects: 5, lines: 50 } as const;
    const helm = part("helm/shop/web", 0, { change, revealedAt: 300_000 });
    const workload = part("web", 290, {
      failed: true,
      reason: "progress_deadline_exceeded",
      revealedAt: 900_000,
    });
    assert.deepStrictEqual(History.merged([workload, helm]), [
      {
        ...helm,
        parts: [helm.id, workload.id],
        failed: true,
        reason: "progress_deadline_exceeded",
        revealedAt: 900_000,
      },
    ]);
  });

  it("says why rather than that it took too long", () => {
    const [deploy] = History.merged([
      part("helm/shop/web", 0, { failed: true, reason: "timeout" }),
      part("web", 1, { failed: true, reason: "image_not_found" }),
    ]);
    assert.strictEqual(deploy?.reason, "image_not_found");
  });

  it("gives what was rolled out to the right one of two releases that came soon after each other", () => {
    const first = part("helm/shop/web", 0);
    const second = part("helm/shop/web", 3, { startedAt: 3_700, revealedAt: 3_700 });
    const workload = part("web", 3, { failed: true });
    assert.deepStrictEqual(
      History.merged([first, workload, second]).map(({ failed }) => failed),
      [false, true],
    );
  });

  it("says the same whatever the order it reads in", () => {
    const parts = [part("web", 0), part("worker", 1), part("web", 90), part("worker", 91)];
    assert.deepStrictEqual(ids(parts), ["web.0", "web.90"]);
    assert.deepStrictEqual(ids([...parts].reverse()), ["web.0", "web.90"]);
  });
});
