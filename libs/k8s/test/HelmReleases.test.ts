import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect, Option } from "effect";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { History } from "../src/index.js";
import * as HelmReleases from "../src/history/HelmReleases.js";
import { denied, make } from "./support/FakeCluster.js";

/** Written by the real Helm: install, two upgrades, one that fails, a rollback; and a release that is gone. */
const recorded = (version: 3 | 4): ReadonlyArray<KubeObject.KubeObject> => {
  const file = new URL(`fixtures/helm-${version}-releases.json`, import.meta.url);
  const { items } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly items: ReadonlyArray<KubeObject.KubeObject>;
  };
  return items;
};

interface Revision {
  readonly version: number;
  readonly status?: string;
  readonly description?: string;
  /** Minutes after the first. */
  readonly minute?: number;
  readonly chart?: string;
  readonly manifest?: string;
  readonly rolledBackTo?: number;
  readonly release?: string;
}

const start = Date.parse("2026-11-24T07:00:00Z");
const time = (minute: number) => new Date(start + minute * 60_000).toISOString();

const secret = (
  name: string,
  data: string,
  more: Partial<KubeObject.ObjectMeta> = {},
): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "helm.sh/release.v1",
  metadata: { name, namespace: "shop", uid: `uid-${name}`, ...more },
  data: { release: Buffer.from(data).toString("base64") },
});

const packed = (value: unknown): string =>
  gzipSync(typeof value === "string" ? value : JSON.stringify(value)).toString("base64");

const content = (revision: Revision) => ({
  name: revision.release ?? "web",
  version: revision.version,
  namespace: "shop",
  manifest: revision.manifest ?? "",
  chart: { metadata: { version: revision.chart ?? "1.0.0" } },
  info: {
    status: revision.status ?? "superseded",
    last_deployed: time(revision.minute ?? 0),
    deleted: "",
    description: revision.description ?? "Upgrade complete",
    ...(revision.rolledBackTo === undefined ? {} : { rollback_revision: revision.rolledBackTo }),
  },
});

const stored = (revision: Revision): KubeObject.KubeObject =>
  secret(
    `sh.helm.release.v1.${revision.release ?? "web"}.v${revision.version}`,
    packed(content(revision)),
    { labels: { modifiedAt: String(start / 1_000 + (revision.minute ?? 0) * 60 + 5) } },
  );

const read = (...revisions: ReadonlyArray<Revision>) =>
  HelmReleases.fromObjects(revisions.map(stored)).deploys;

const deployment = (image: string, checksum = "a", extra = "") =>
  `---\n# Source: web/templates/web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    checksum/config: ${checksum}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: "${image}"\n${extra}`;
const settings = (value: string) =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  key: ${value}\n`;

describe("HelmReleases", () => {
  for (const version of [3, 4] as const) {
    it(`reads what Helm ${version} has written`, () => {
      const { deploys, skipped } = HelmReleases.fromObjects(recorded(version));
      assert.deepStrictEqual(skipped, []);
      assert.deepStrictEqual(
        deploys.map(({ service, namespace, change, failed, reason, isRevert }) => ({
          service: `${namespace}/${service}`,
          kind: change?.kind,
          semver: change?.semver,
          objects: change?.objects,
          failed,
          reason,
          isRevert,
        })),
        [
          {
            service: "shop/shop",
            kind: "manifests",
            semver: "none",
            objects: 2,
            failed: false,
            reason: undefined,
            isRevert: false,
          },
          {
            service: "shop/shop",
            kind: "image",
            semver: "patch",
            objects: 1,
            failed: false,
            reason: undefined,
            isRevert: false,
          },
          {
            service: "shop/shop",
            kind: "config",
            semver: "none",
            objects: 2,
            failed: false,
            reason: undefined,
            isRevert: false,
          },
          {
            service: "shop/shop",
            kind: "image",
            semver: "major",
            objects: 2,
            failed: true,
            reason: "timeout",
            isRevert: false,
          },
          {
            service: "shop/shop",
            kind: "image",
            semver: "major",
            objects: 2,
            failed: false,
            reason: undefined,
            isRevert: true,
          },
        ],
      );
      assert.isTrue(deploys.every((each) => each.revealedAt >= each.startedAt));
      assert.strictEqual(new Set(deploys.map(({ id }) => id)).size, 5);
    });
  }

  it.each<readonly [string, boolean | undefined]>([
    ["deployed", false],
    ["superseded", false],
    ["failed", true],
    ["pending-install", undefined],
    ["pending-upgrade", undefined],
    ["pending-rollback", undefined],
    ["uninstalled", undefined],
    ["uninstalling", undefined],
    ["unknown", undefined],
  ])("takes the status %s for failed: %s", (status, failed) => {
    assert.strictEqual(read({ version: 1, status })[0]?.failed, failed);
  });

  it("takes one that was rolled back within half an hour for failed, and one later for not", () => {
    const history = (minute: number) =>
      read(
        { version: 1 },
        { version: 2, minute: 100 },
        { version: 3, minute: 100 + minute, description: "Rollback to 1", status: "deployed" },
      ).map(({ failed, isRevert }) => [failed, isRevert]);
    assert.deepStrictEqual(history(20), [
      [false, false],
      [true, false],
      [false, true],
    ]);
    assert.deepStrictEqual(history(40)[1], [false, false]);
  });

  it("knows a rollback that failed by Helm 4's own field, and by Helm 3's words", () => {
    const failed = { version: 3, status: "failed", description: "gone wrong" };
    assert.isTrue(read({ ...failed, rolledBackTo: 1 })[0]?.isRevert);
    assert.isTrue(read({ ...failed, description: 'Rollback "web" failed: x' })[0]?.isRevert);
    assert.isFalse(read(failed)[0]?.isRevert);
  });

  it.each([
    ['Upgrade "web" failed: timed out waiting for the condition', "timeout"],
    ['Upgrade "web" failed: context deadline exceeded', "timeout"],
    ['pods "web" is forbidden: exceeded quota: q, requested: pods=1', "quota_exceeded"],
    ['admission webhook "p.example.org" denied the request: no', "admission_denied"],
    ["pre-upgrade hooks failed: job failed: BackoffLimitExceeded", "job_failed"],
    ['Deployment.apps "web" is invalid: spec.selector: field is immutable', "immutable_field"],
    ['no matches for kind "Nope" in version "a/v1"', "unknown_kind"],
    ['conflict occurred: Apply failed with 1 conflict: conflict with "x"', "field_conflict"],
    ['deployments.apps is forbidden: User "x" cannot patch', "forbidden"],
    ['Release "web" failed: context canceled', "interrupted"],
    ["something that nobody has seen", undefined],
  ])("reads the reason out of %j", (description, reason) => {
    assert.strictEqual(read({ version: 1, status: "failed", description })[0]?.reason, reason);
  });

  it.each<
    readonly [string, string, string, { readonly kind: string; readonly semver: string }, string]
  >([
    [
      "an image",
      deployment("r.example.org:5000/web:1.0.0"),
      deployment("r.example.org:5000/web:1.1.0"),
      { kind: "image", semver: "minor" },
      "1.0.0",
    ],
    [
      "only the chart's version",
      deployment("web:1"),
      deployment("web:1"),
      { kind: "manifests", semver: "major" },
      "2.0.0",
    ],
    [
      "a ConfigMap and the checksum that follows it",
      deployment("web:1", "a") + settings("a"),
      deployment("web:1", "b") + settings("b"),
      { kind: "config", semver: "none" },
      "1.0.0",
    ],
    [
      "a field",
      deployment("web:1"),
      deployment("web:1", "a", "  replicas: 3\n"),
      { kind: "manifests", semver: "none" },
      "1.0.0",
    ],
  ])("says what changed: %s", (_, before, after, expected, chart) => {
    const [, second] = read(
      { version: 1, manifest: before },
      { version: 2, manifest: after, chart, minute: 100 },
    );
    assert.deepInclude(second?.change ?? {}, expected);
  });

  it("does not say what changed where the revision before is gone", () => {
    const [fourth, sixth] = read({ version: 4 }, { version: 6, minute: 100 });
    assert.isUndefined(fourth?.change);
    assert.isUndefined(sixth?.change);
  });

  it("reads a release from before Helm compressed them", () => {
    const name = "sh.helm.release.v1.web.v1";
    const data = Buffer.from(JSON.stringify(content({ version: 1 }))).toString("base64");
    assert.strictEqual(HelmReleases.fromObjects([secret(name, data)]).deploys.length, 1);
  });

  it.each<readonly [string, string, RegExp]>([
    ["no base64", "!!!", /no base64/],
    ["nothing", "", /no base64/],
    ["no gzip", Buffer.from("hello").toString("base64"), /no JSON/],
    ["a cut gzip", packed(content({ version: 2 })).slice(0, 80), /can't be unpacked/],
    ["no release", packed({ name: "web" }), /lacks a name/],
    ["a list", packed([1]), /lacks a name/],
    ["a bomb", packed("a".repeat(40 * 1024 * 1024)), /more than 32 MiB/],
    ["a deep one", packed(`${"[".repeat(1_000_000)}`), /no JSON|can't be unpacked/],
  ])("skips a Secret that holds %s by its name, and reads the others", (_, data, why) => {
    const { deploys, skipped } = HelmReleases.fromObjects([
      stored({ version: 1 }),
      secret("sh.helm.release.v1.web.v2", data),
      stored({ version: 3, minute: 200 }),
    ]);
    assert.deepStrictEqual(
      deploys.map(({ startedAt }) => startedAt - start),
      [0, 200 * 60_000],
    );
    assert.strictEqual(skipped.length, 1);
    assert.strictEqual(skipped[0]?.object, "Secret/sh.helm.release.v1.web.v2 in shop");
    assert.match(skipped[0]?.why ?? "", why);
  });

  it("skips a release whose name no service can have", () => {
    const { deploys, skipped } = HelmReleases.fromObjects([
      stored({ version: 1, release: "web.example" }),
    ]);
    assert.deepStrictEqual(deploys, []);
    assert.strictEqual(skipped[0]?.object, "Helm release web.example");
  });

  it.effect("asks for names first, then for one Secret after the other", () =>
    Effect.gen(function* () {
      const secrets = [1, 2, 3].map((version) => stored({ version, minute: version * 100 }));
      const { cluster } = yield* make({ objects: { Secret: secrets } });
      const asked: Array<unknown> = [];
      const found = yield* HelmReleases.read(
        {
          ...cluster,
          list: () => Effect.die("a whole list of Secrets was asked for"),
          listMetadata: (collection) => {
            asked.push(collection);
            return cluster.listMetadata(collection);
          },
          get: (ref) =>
            ref.name.endsWith(".v2") ? Effect.succeed(Option.none()) : cluster.get(ref),
        },
        "shop",
      );
      assert.deepInclude(asked[0], {
        namespace: "shop",
        fieldSelector: "type=helm.sh/release.v1",
      });
      assert.strictEqual(found.deploys.length, 2);
    }),
  );

  it.effect("names a source that may not be read, and goes on with the others", () =>
    Effect.gen(function* () {
      const { cluster } = yield* make({
        denies: ["ReplicaSet"],
        objects: { Secret: [stored({ version: 1, status: "deployed" })] },
      });
      const found = yield* History.read(
        {
          ...cluster,
          listMetadata: (collection) => cluster.listMetadata(collection),
          get: cluster.get,
        },
        "shop",
        { now: start, marks: new Map() },
      );
      assert.deepStrictEqual(
        found.deploys.map(({ service }) => String(service)),
        ["web"],
      );
      assert.deepStrictEqual(found.skipped, [
        { object: "ReplicaSets of Deployments", why: denied("list", "ReplicaSet").message },
      ]);
    }),
  );
});
