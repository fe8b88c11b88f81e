import { describe, expect, it } from "@effect/vitest";
import { type DeployId, type Service, Timestamp } from "@nopea/domain";
import { ClusterError } from "@nopea/k8s";
import { type DeployRow, Deploys, Store } from "@nopea/store";
import { Effect, Layer, Option } from "effect";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "../src/Session.js";
import * as Surface from "../src/Surface.js";

const server = "https://shop.example:6443";
const clusterId = "11111111-2222-3333-4444-555555555555" as Service.ClusterId;
const fallbackId = "ca:aa";
const namespace = "shop" as Service.Namespace;

const row = (number: number, fields: Partial<DeployRow.DeployRow> = {}): DeployRow.DeployRow => ({
  id: `01JD000000000000000000000${number}` as DeployId.DeployId,
  ref: { cluster: clusterId, namespace, service: "web" as Service.ServiceName },
  state: "ended",
  strategy: "direct",
  acceptedAt: Timestamp.fromMillis(1_700_000_000_000 + number * 60_000),
  endedAt: Timestamp.fromMillis(1_700_000_001_500 + number * 60_000),
  outcome: "completed",
  unchanged: false,
  origin: "local",
  ...fields,
});

const unreachable = new ClusterError.ClusterUnreachable({
  reason: "cluster_unreachable",
  message: "shop.example does not answer",
});

/** A real store, and a cluster that nobody answers at. */
const layer = Layer.unwrapScoped(
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "nopea-surface-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
    );
    const store = Deploys.layer.pipe(Layer.provideMerge(Store.layer({ folder })));
    const session = Layer.effect(
      Session,
      Effect.gen(function* () {
        return Session.of({
          settings: {
            kubeconfig: undefined,
            context: undefined,
            namespace,
            state: folder,
            timeoutMs: 1,
            deadlineMs: 1,
            lockTimeoutMs: 1,
            windows: {},
          },
          version: "1.2.3",
          store: yield* Store.Store,
          deploys: yield* Deploys.Deploys,
          policy: Effect.succeed({}),
          engine: Effect.die("the engine is not needed here"),
          connect: Effect.fail(unreachable),
          described: Effect.succeedSome({ contextName: "shop", server, fallbackId }),
          namespace: (asked) => Effect.succeed(asked ?? namespace),
        });
      }),
    );
    return Layer.effect(Surface.Surface, Surface.make).pipe(
      Layer.provide(session),
      Layer.provideMerge(store),
    );
  }),
);

const remember = (...rows: ReadonlyArray<DeployRow.DeployRow>) =>
  Effect.gen(function* () {
    const deploys = yield* Deploys.Deploys;
    yield* deploys.nameCluster({ server, fallbackId, id: clusterId, contextName: "shop" });
    yield* deploys.takeIn(rows, Option.none());
  });

describe("a cluster that can't be reached", () => {
  it.effect("leaves history to memory, newest first, and says so", () =>
    Effect.gen(function* () {
      yield* remember(row(1), row(2, { outcome: "failed", reason: "crash_loop" }));
      const surface = yield* Surface.Surface;
      const history = yield* surface.history({ service: "web" });
      expect(history).toMatchObject({
        namespace: "shop",
        cluster: "unreachable",
        warnings: ["answered from memory: shop.example does not answer"],
        deployments: [
          {
            status: "failed",
            reason: "crash_loop",
            durationMs: 1_500,
            error: { code: "deploy_failed", evidence: [] },
          },
          { status: "completed" },
        ],
      });
      const offline = yield* surface.history({ service: "web", offline: true, limit: 1 });
      expect(offline).toMatchObject({ cluster: "offline", warnings: [] });
      expect(offline.deployments).toHaveLength(1);
    }).pipe(Effect.provide(layer)),
  );

  it.effect("leaves status to memory: the last that completed, and the newest", () =>
    Effect.gen(function* () {
      const ref = row(1).ref;
      yield* remember(row(1), row(2, { outcome: "failed", reason: "crash_loop" }));
      const deploys = yield* Deploys.Deploys;
      yield* deploys.takeIn(
        [],
        Option.some({
          ref,
          resourceVersion: "7",
          ledger: { version: 1, current: row(1).id },
          readAt: Timestamp.fromMillis(1_700_000_000_000),
        }),
      );
      const surface = yield* Surface.Surface;
      expect(yield* surface.status({ service: "web", offline: true })).toMatchObject({
        known: true,
        ready: false,
        cluster: "offline",
        current: { deployId: row(1).id, status: "completed" },
        latest: { deployId: row(2).id, status: "failed" },
      });
      expect(yield* surface.status({})).toMatchObject({
        namespace: "shop",
        cluster: "unreachable",
        services: [{ service: "web", current: { deployId: row(1).id } }],
      });
    }).pipe(Effect.provide(layer)),
  );

  it.effect("lists what is remembered of all namespaces", () =>
    Effect.gen(function* () {
      const other = { ...row(3).ref, namespace: "other" as Service.Namespace };
      yield* remember(row(1), row(2), row(3, { ref: other }));
      const surface = yield* Surface.Surface;
      expect(yield* surface.services({ offline: true, namespace: "other" })).toMatchObject({
        services: [{ service: "web", namespace: "other", deploys: 1, deployId: row(3).id }],
      });
    }).pipe(Effect.provide(layer)),
  );

  it.effect("is what is wrong where memory does not know the service either", () =>
    Effect.gen(function* () {
      const surface = yield* Surface.Surface;
      const tags = yield* Effect.forEach([false, true], (offline) =>
        Effect.flip(surface.history({ service: "web", offline })),
      );
      expect(tags.map(({ _tag }) => _tag)).toEqual(["ClusterUnreachable", "NotFound"]);
    }).pipe(Effect.provide(layer)),
  );

  it.effect("is a finding of health, not a failure", () =>
    Effect.gen(function* () {
      const surface = yield* Surface.Surface;
      expect(yield* surface.health({})).toMatchObject({
        status: "degraded",
        version: "1.2.3",
        cluster: { reachable: false, message: "shop.example does not answer" },
        store: { available: true },
      });
    }).pipe(Effect.provide(layer)),
  );

  it.effect("refuses a deploy before anything", () =>
    Effect.gen(function* () {
      const surface = yield* Surface.Surface;
      const failure = yield* Effect.flip(
        surface.deploy({ service: "web", manifests: [] }).pipe(Surface.outcome),
      );
      expect(failure._tag).toBe("ClusterUnreachable");
    }).pipe(Effect.provide(layer)),
  );
});
