/**
 * What a real Kubernetes and the real Helm leave behind, read back: revisions made by kubectl, and
 * releases made by Helm 3 and 4 where their programs are built. The sandbox keeps no revisions.
 */
import { assert, it } from "@effect/vitest";
import { type Cluster, Clusters, History } from "@nopea/k8s";
import { Clock, Effect, Schedule } from "effect";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { find } from "../../tools/testbed/programs.mjs";
import { describeCluster } from "../harness/Cluster.js";

type ClusterService = typeof Cluster.Cluster.Service;

const read = (cluster: ClusterService, namespace: string) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    return yield* History.read(cluster, namespace, { now, marks: new Map() });
  });

const told = ({ service, failed, reason, isRevert, change }: History.PastDeploy): string =>
  [
    `${service}: ${failed ? "failed" : "ok"}`,
    reason ?? "",
    isRevert ? "revert" : "",
    change?.kind ?? "unknown",
    change?.semver ?? "",
  ]
    .filter((word) => word !== "")
    .join(" ");

/** Until it reads as wanted: controllers write when they come to it. */
const untilRead = (cluster: ClusterService, namespace: string, wanted: ReadonlyArray<string>) =>
  read(cluster, namespace).pipe(
    Effect.tap(({ deploys }) =>
      Effect.try(() => assert.sameMembers(deploys.map(told), [...wanted])),
    ),
    Effect.retry(Schedule.spaced("500 millis").pipe(Schedule.intersect(Schedule.recurs(40)))),
  );

describeCluster(
  "past deploys",
  (place) => {
    const command = (program: string, namespace: string, args: ReadonlyArray<string>) =>
      Effect.sync(() => {
        const done = spawnSync(find(program) ?? program, ["--namespace", namespace, ...args], {
          env: { ...process.env, KUBECONFIG: place.kubeconfig },
          encoding: "utf8",
        });
        return { code: done.status, text: `${done.stdout}${done.stderr}` };
      });
    const succeed = (program: string, namespace: string, ...args: ReadonlyArray<string>) =>
      Effect.tap(command(program, namespace, args), ({ code, text }) =>
        assert.strictEqual(code, 0, text),
      );
    const inNamespace = <A, E>(
      body: (cluster: ClusterService, namespace: string) => Effect.Effect<A, E>,
    ) =>
      Effect.gen(function* () {
        const clusters = yield* Clusters.Clusters;
        const cluster = yield* clusters.connect({ kubeconfig: place.kubeconfig });
        return yield* body(cluster, place.namespace);
      }).pipe(Effect.scoped, Effect.provide(Clusters.layer));

    it.live("reads what kubectl rolled out, one that failed, and the step back", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const kubectl = (...args: ReadonlyArray<string>) =>
            succeed("kubectl", namespace, ...args);
          yield* kubectl("create", "deployment", "web", "--image=example.org/app:1.0.0");
          yield* kubectl("rollout", "status", "deployment/web", "--timeout=30s");
          yield* untilRead(cluster, namespace, ["web: ok manifests none"]);
          yield* kubectl("set", "image", "deployment/web", "app=example.org/app:pull-fails");
          yield* untilRead(cluster, namespace, ["web: failed image_not_found image other"]);
          const first = yield* read(cluster, namespace);
          yield* kubectl("rollout", "undo", "deployment/web");
          yield* kubectl("rollout", "status", "deployment/web", "--timeout=30s");
          const { deploys } = yield* untilRead(cluster, namespace, [
            "web: failed image other",
            "web: ok revert image other",
          ]);
          assert.strictEqual(deploys[0]?.id, first.deploys[0]?.id);
          assert.isTrue(deploys.every((each) => each.revealedAt >= each.startedAt));
        }),
      ),
    );

    it.live("reads the revisions of StatefulSets and DaemonSets", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const folder = mkdtempSync(join(tmpdir(), "nopea-past-"));
          const template = {
            metadata: { labels: { app: "db" } },
            spec: { containers: [{ name: "app", image: "example.org/app:1.0.0" }] },
          };
          const objects = ["StatefulSet", "DaemonSet"].map((kind) => ({
            apiVersion: "apps/v1",
            kind,
            metadata: { name: kind === "StatefulSet" ? "db" : "agent" },
            spec: {
              ...(kind === "StatefulSet" ? { serviceName: "db" } : {}),
              selector: { matchLabels: { app: "db" } },
              template,
            },
          }));
          const path = join(folder, "set.json");
          writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
          yield* succeed("kubectl", namespace, "apply", "-f", path);
          rmSync(folder, { recursive: true });
          yield* untilRead(cluster, namespace, [
            "db: ok manifests none",
            "agent: ok manifests none",
          ]);
          const image = "app=example.org/app:bad-name";
          yield* succeed("kubectl", namespace, "set", "image", "statefulset/db", image);
          yield* succeed("kubectl", namespace, "set", "image", "daemonset/agent", image);
          yield* untilRead(cluster, namespace, [
            "db: failed image_reference_invalid image other",
            "agent: failed image_reference_invalid image other",
          ]);
        }),
      ),
    );

    const argo =
      find("rollouts-controller") === undefined ? ": rollouts-controller is not built" : "";
    it.live(
      `reads what Argo Rollouts rolled out, and why one was given up${argo}`,
      (context) =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            const rollouts = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
            const created = yield* Effect.promise(() => place.api.post(rollouts, ROLLOUT));
            if (created.status === 404) return context.skip("there is no Argo Rollouts here");
            assert.strictEqual(created.status, 201, created.text);
            yield* untilRead(cluster, namespace, ["web: ok manifests none"]);
            const roll = (image: string) =>
              Effect.promise(() =>
                place.api.merge(`${rollouts}/web`, {
                  spec: { template: { spec: { containers: [{ name: "app", image }] } } },
                }),
              );
            yield* roll("example.org/app:1.1.0");
            // One that something newer soon took the place of isn't decided.
            yield* untilRead(cluster, namespace, ["web: ok image minor"]);
            yield* roll("example.org/app:pull-fails");
            const { deploys } = yield* untilRead(cluster, namespace, [
              "web: failed image_not_found image other",
            ]);
            assert.deepStrictEqual(
              deploys.map(({ strategy }) => strategy),
              ["canary"],
            );
            // As `kubectl argo rollouts abort` does; the pods that showed why go.
            yield* Effect.promise(() =>
              place.api.merge(`${rollouts}/web/status`, { status: { abort: true } }),
            );
            const later = yield* untilRead(cluster, namespace, [
              "web: failed rollout_aborted image other",
            ]);
            assert.strictEqual(later.deploys[0]?.id, deploys[0]?.id);
            yield* roll("example.org/app:1.1.0");
            yield* untilRead(cluster, namespace, [
              "web: failed image other",
              "web: ok revert image other",
            ]);
          }),
        ),
      90_000,
    );

    it.live("names a kind that this account may not list, and reads the others", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          yield* succeed(
            "kubectl",
            namespace,
            "create",
            "deployment",
            "web",
            "--image=example.org/app:1",
          );
          yield* untilRead(cluster, namespace, ["web: ok manifests none"]);
          const blind = {
            ...cluster,
            listMetadata: () =>
              cluster.list({
                apiVersion: "v1",
                kind: "Secret",
                namespace,
                fieldSelector: "no=good",
              }),
          };
          const found = yield* read(blind, namespace);
          assert.deepStrictEqual(found.deploys.map(told), ["web: ok manifests none"]);
          assert.deepStrictEqual(
            found.skipped.map(({ object }) => object),
            ["releases of Helm"],
          );
        }),
      ),
    );

    for (const [helm, version] of [
      ["helm3", 3],
      ["helm", 4],
    ] as const) {
      const built = find(helm) !== undefined;
      const lacking = built ? "" : `: ${helm} is not built`;
      it.live.skipIf(!built)(
        `reads the releases of Helm ${version}, and each deploy once${lacking}`,
        () =>
          inNamespace((cluster, namespace) =>
            Effect.gen(function* () {
              const chart = mkdtempSync(join(tmpdir(), "nopea-chart-"));
              const release = (
                args: ReadonlyArray<string>,
                { chartVersion = "1.0.0", timeout = "30s" } = {},
              ) =>
                Effect.gen(function* () {
                  mkdirSync(join(chart, "templates"), { recursive: true });
                  writeFileSync(
                    join(chart, "Chart.yaml"),
                    `apiVersion: v2\nname: shop\nversion: ${chartVersion}\n`,
                  );
                  writeFileSync(join(chart, "values.yaml"), "tag: 1.0.0\n");
                  writeFileSync(join(chart, "templates", "web.yaml"), CHART);
                  return yield* command(helm, namespace, [...args, "--wait", "--timeout", timeout]);
                });
              yield* release(["install", "shop", chart]);
              yield* release(["upgrade", "shop", chart, "--set", "tag=1.1.0"]);
              const failed = yield* release(["upgrade", "shop", chart, "--set", "tag=pull-fails"], {
                chartVersion: "2.0.0",
                timeout: "3s",
              });
              assert.notStrictEqual(failed.code, 0);
              yield* release(["rollback", "shop"]);
              rmSync(chart, { recursive: true });
              const { deploys } = yield* untilRead(cluster, namespace, [
                "shop: ok manifests none",
                "shop: ok image minor",
                "shop: failed timeout image major",
                "shop: ok revert image major",
              ]);
              const again = yield* read(cluster, namespace);
              assert.deepStrictEqual(again.deploys, deploys);
            }),
          ),
        120_000,
      );
    }
  },
  ["real"],
);

/** Five seconds without progress are too many. */
const ROLLOUT = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    replicas: 2,
    progressDeadlineSeconds: 5,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "app", image: "example.org/app:1.0.0" }] },
    },
    strategy: {
      canary: {
        steps: [{ setWeight: 50 }, { pause: { duration: "1s" } }],
      },
    },
  },
};

const CHART = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: web
          image: "example.org/shop:{{ .Values.tag }}"
`;
