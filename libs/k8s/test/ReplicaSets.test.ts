import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { PastDeploy } from "../src/history/PastDeploy.js";
import * as ReplicaSets from "../src/history/ReplicaSets.js";
import * as Marks from "../src/documents/Marks.js";
import { make } from "./support/FakeCluster.js";
import { at, deployment, pod, replicaSet, type Set } from "./support/Revisions.js";

const now = at(10_000);
const done = (revision: number, minute: number) =>
  deployment(revision, { progressing: ["NewReplicaSetAvailable", minute] });

const read = (
  owner: KubeObject.KubeObject,
  sets: ReadonlyArray<Set>,
  more: {
    readonly pods?: ReadonlyArray<KubeObject.KubeObject>;
    readonly marks?: ReadonlyMap<string, string>;
  } = {},
) =>
  ReplicaSets.fromObjects(
    {
      deployments: [owner],
      replicaSets: sets.map((set) => replicaSet(set)),
      ...(more.pods === undefined ? {} : { pods: more.pods }),
    },
    { now, marks: more.marks ?? new Map() },
  );

/** `2: failed crash_loop revert` for each. */
const told = (deploys: ReadonlyArray<PastDeploy>): ReadonlyArray<string> =>
  deploys.map(({ id, failed, reason, isRevert }) =>
    [
      `${id.split(".")[1]}: ${failed ? "failed" : "ok"}`,
      ...(reason === undefined ? [] : [reason]),
      ...(isRevert ? ["revert"] : []),
    ].join(" "),
  );

describe("ReplicaSets", () => {
  it("tells when each revision began, what changed, and how it ended", () => {
    const { deploys } = read(done(3, 502), [
      { revision: 1, minute: 0 },
      { revision: 2, minute: 200, image: "app:1.1.0" },
      { revision: 3, minute: 500, image: "app:2.0.0", env: "fast" },
    ]);
    assert.deepStrictEqual(told(deploys), ["1: ok", "2: ok", "3: ok"]);
    assert.deepStrictEqual(
      deploys.map(({ startedAt, revealedAt, change }) => ({ startedAt, revealedAt, change })),
      [
        {
          startedAt: at(0),
          revealedAt: at(0),
          change: { kind: "manifests", semver: "none", objects: 1, lines: 3 },
        },
        {
          startedAt: at(200),
          revealedAt: at(200),
          change: { kind: "image", semver: "minor", objects: 1, lines: 1 },
        },
        {
          startedAt: at(500),
          revealedAt: at(502),
          change: { kind: "image", semver: "major", objects: 1, lines: 3 },
        },
      ],
    );
    assert.deepStrictEqual(
      [
        ...new Set(
          deploys.map(({ namespace, service, strategy, bot }) =>
            [namespace, service, strategy, bot].join(),
          ),
        ),
      ],
      ["shop,web,direct,"],
    );
  });

  it("gives a revision the same id whenever it is read", () => {
    const sets: ReadonlyArray<Set> = [
      { revision: 1, minute: 0 },
      { revision: 2, minute: 200, image: "app:2" },
    ];
    const ids = (deploys: ReadonlyArray<PastDeploy>) => deploys.map(({ id }) => id);
    const first = ids(read(done(2, 201), sets).deploys);
    assert.deepStrictEqual(first, ["uid-web.1", "uid-web.2"]);
    const later = read(done(3, 900), [...sets, { revision: 3, minute: 899, image: "app:3" }]);
    assert.deepStrictEqual(ids(later.deploys).slice(0, 2), first);
  });

  it.each<readonly [string, Set, { readonly kind: string; readonly semver: string }]>([
    [
      "an image",
      { revision: 2, minute: 1, image: "app:1.0.1" },
      { kind: "image", semver: "patch" },
    ],
    [
      "another tag",
      { revision: 2, minute: 1, image: "app:main" },
      { kind: "image", semver: "other" },
    ],
    ["a checksum", { revision: 2, minute: 1, checksum: "b" }, { kind: "config", semver: "none" }],
    ["a variable", { revision: 2, minute: 1, env: "b" }, { kind: "manifests", semver: "none" }],
    [
      "a checksum and more",
      { revision: 2, minute: 1, checksum: "b", env: "b" },
      { kind: "manifests", semver: "none" },
    ],
  ])("says what kind of change it was: %s", (_, second, expected) => {
    const { deploys } = read(done(2, 1), [{ revision: 1, minute: 0 }, second]);
    assert.deepInclude(deploys.at(-1)?.change ?? {}, { ...expected, objects: 1 });
  });

  it("does not say what changed where the revision before is gone", () => {
    const { deploys } = read(done(7, 300), [
      { revision: 4, minute: 0 },
      { revision: 7, minute: 300, image: "app:2" },
    ]);
    assert.deepStrictEqual(
      deploys.map(({ change }) => change),
      [undefined, undefined],
    );
  });

  it.each<readonly [string, KubeObject.KubeObject, ReadonlyArray<Set>, ReadonlyArray<string>]>([
    [
      "went back to the same template at once: the one between failed",
      done(3, 210),
      [
        { revision: 3, history: "1", minute: 0 },
        { revision: 2, minute: 200, image: "app:2" },
      ],
      ["1: ok", "2: failed", "3: ok revert"],
    ],
    [
      "went back after hours: nobody knows of the one between",
      done(3, 400),
      [
        { revision: 3, history: "1", minute: 0 },
        { revision: 2, minute: 200, image: "app:2" },
      ],
      ["1: ok", "3: ok revert"],
    ],
    [
      "went back to the images of before in a new template",
      done(3, 211),
      [
        { revision: 1, minute: 0 },
        { revision: 2, minute: 200, image: "app:2" },
        { revision: 3, minute: 210, env: "new" },
      ],
      ["1: ok", "2: failed", "3: ok revert"],
    ],
    [
      "an earlier step back has no time of its own",
      done(4, 500),
      [
        { revision: 3, history: "1", minute: 0 },
        { revision: 2, minute: 200, image: "app:2" },
        { revision: 4, minute: 499, image: "app:4" },
      ],
      ["1: ok", "4: ok"],
    ],
    [
      "one that was soon replaced by a newer one is not known",
      done(3, 500),
      [
        { revision: 1, minute: 0 },
        { revision: 2, minute: 200, image: "app:2" },
        { revision: 3, minute: 230, image: "app:3" },
      ],
      ["1: ok", "3: ok"],
    ],
  ])("%s", (_, owner, sets, expected) => {
    assert.deepStrictEqual(told(read(owner, sets).deploys), expected);
  });

  it("knows the time of the step back, and of the failure before it, from the Deployment", () => {
    const [, failed, back] = read(done(3, 210), [
      { revision: 3, history: "1", minute: 0 },
      { revision: 2, minute: 200, image: "app:2" },
    ]).deploys;
    assert.strictEqual(failed?.revealedAt, at(210));
    assert.strictEqual(back?.startedAt, at(210));
  });

  const one: ReadonlyArray<Set> = [{ revision: 1, minute: 0 }];
  it.each<readonly [string, KubeObject.KubeObject, ReadonlyArray<Set>, ReadonlyArray<string>]>([
    [
      "its deadline exceeded: failed",
      deployment(1, { progressing: ["ProgressDeadlineExceeded", 10] }),
      one,
      ["1: failed progress_deadline_exceeded"],
    ],
    [
      "its pods refused by a quota: failed with that",
      deployment(1, { progressing: ["ProgressDeadlineExceeded", 10] }),
      [
        {
          revision: 1,
          minute: 0,
          conditions: [
            {
              type: "ReplicaFailure",
              status: "True",
              reason: "FailedCreate",
              message:
                'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
            },
          ],
        },
      ],
      ["1: failed quota_exceeded"],
    ],
    ["under way: not known", deployment(1, { progressing: ["ReplicaSetUpdated", 1] }), one, []],
    [
      "paused: not known",
      deployment(1, { progressing: ["NewReplicaSetAvailable", 1], spec: { paused: true } }),
      one,
      [],
    ],
    [
      "scaled to nothing: not known",
      deployment(1, { progressing: ["NewReplicaSetAvailable", 1], spec: { replicas: 0 } }),
      one,
      [],
    ],
    [
      "not yet seen by its controller: not known",
      deployment(1, { progressing: ["NewReplicaSetAvailable", 1], observed: 2 }),
      one,
      [],
    ],
    ["newer than its newest ReplicaSet: not known", done(2, 1), one, []],
    [
      "without a deadline, and available: ok",
      deployment(1, { spec: { progressDeadlineSeconds: 2_147_483_647 } }),
      [{ revision: 1, minute: 0, available: 1 }],
      ["1: ok"],
    ],
    [
      "without a deadline, and not available: not known",
      deployment(1, { spec: { progressDeadlineSeconds: 2_147_483_647 } }),
      one,
      [],
    ],
    [
      "being deleted: not read",
      deployment(1, {
        progressing: ["NewReplicaSetAvailable", 1],
        meta: { deletionTimestamp: "2026-11-24T07:00:00Z" },
      }),
      one,
      [],
    ],
  ])("judges the current revision: %s", (_, owner, sets, expected) => {
    assert.deepStrictEqual(told(read(owner, sets).deploys), expected);
  });

  it.each<readonly [string, string | undefined, string, ReadonlyArray<string>]>([
    [
      "is known to never run",
      "InvalidImageName",
      "ReplicaSetUpdated",
      ["1: failed image_reference_invalid"],
    ],
    ["may yet run", "ContainerCreating", "ReplicaSetUpdated", []],
    ["runs", undefined, "ReplicaSetUpdated", []],
    [
      "says more than the deadline",
      "InvalidImageName",
      "ProgressDeadlineExceeded",
      ["1: failed image_reference_invalid"],
    ],
  ])(
    "looks at the pods of a revision that is not available: one that %s",
    (_, waiting, reason, expected) => {
      const owner = deployment(1, { progressing: [reason, 1] });
      const pods = [pod("uid-web-0", "ReplicaSet", waiting, 1)];
      assert.deepStrictEqual(told(read(owner, one, { pods }).deploys), expected);
    },
  );

  it.each<readonly [string, Partial<KubeObject.ObjectMeta>, string]>([
    ["its own name", {}, "web"],
    ["its instance label", { labels: { "app.kubernetes.io/instance": "shop-web" } }, "shop-web"],
    [
      "its Helm release before its label",
      {
        labels: { "app.kubernetes.io/instance": "label" },
        annotations: {
          "deployment.kubernetes.io/revision": "1",
          "meta.helm.sh/release-name": "release",
        },
      },
      "release",
    ],
    [
      "nopea's mark before all",
      { labels: { [Marks.MEMBER_LABEL]: "applyset-x", "app.kubernetes.io/instance": "label" } },
      "marked",
    ],
    ["not someone else's mark", { labels: { [Marks.MEMBER_LABEL]: "applyset-y" } }, "web"],
    [
      "not a label that names no service",
      { labels: { "app.kubernetes.io/instance": "Shop_Web" } },
      "web",
    ],
  ])("calls the service by %s", (_, meta, expected) => {
    const owner = deployment(1, { progressing: ["NewReplicaSetAvailable", 1], meta });
    const marks = new Map([["applyset-x", "marked"]]);
    assert.strictEqual(String(read(owner, one, { marks }).deploys[0]?.service), expected);
  });

  it("skips a Deployment whose name no service can have, by its name", () => {
    const owner = deployment(1, {
      progressing: ["NewReplicaSetAvailable", 1],
      meta: { name: "a.b" },
    });
    const { deploys, skipped } = read(owner, one);
    assert.deepStrictEqual(deploys, []);
    assert.strictEqual(skipped[0]?.object, "Deployment/a.b in shop");
  });

  it("takes no harm from annotations that are no numbers, and from ReplicaSets of nobody", () => {
    const odd = replicaSet({ revision: 1, minute: 0 });
    const bad = ["x", "-1", "1e9", "99999999999999999999", ""].map((text, index) => ({
      ...odd,
      metadata: {
        ...odd.metadata,
        name: `odd-${index}`,
        annotations: { "deployment.kubernetes.io/revision": text },
      },
    }));
    const { ownerReferences: _, ...alone } = odd.metadata;
    const found = ReplicaSets.fromObjects(
      { deployments: [done(1, 1)], replicaSets: [...bad, { ...odd, metadata: alone }, odd] },
      { now, marks: new Map() },
    );
    assert.deepStrictEqual(told(found.deploys), ["1: ok"]);
  });

  it.effect("asks for pods only of what does not run, and does without them where it may not", () =>
    Effect.gen(function* () {
      const objects = {
        Deployment: [deployment(1, { progressing: ["ProgressDeadlineExceeded", 1] })],
        ReplicaSet: [replicaSet({ revision: 1, minute: 0 })],
        Pod: [pod("uid-web-0", "ReplicaSet", "InvalidImageName", 1)],
      };
      const options = { now, marks: new Map() };
      const { cluster } = yield* make({ objects });
      const asked: Array<string | undefined> = [];
      const seen = yield* ReplicaSets.read(
        {
          ...cluster,
          list: (collection) => {
            if (collection.kind === "Pod") asked.push(collection.labelSelector);
            return cluster.list(collection);
          },
        },
        "shop",
        options,
      );
      assert.deepStrictEqual(told(seen.deploys), ["1: failed image_reference_invalid"]);
      assert.deepStrictEqual(asked, ["pod-template-hash=0"]);
      const blind = yield* make({ objects, denies: ["Pod"] });
      const found = yield* ReplicaSets.read(blind.cluster, "shop", options);
      assert.deepStrictEqual(told(found.deploys), ["1: failed progress_deadline_exceeded"]);
    }),
  );
});
