/** What the store's tests begin with: a state folder, a service, a row of it. */
import { DeployId, type DeployResult, Service, Timestamp } from "@nopea/domain";
import { Deploys, type DeployRow, SecretDigest, Spool, Store } from "@nopea/store";
import { Effect, Layer, Schema } from "effect";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "nopea-store-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
);

/** A process's view of the state folder: what each test's program is provided with. */
export const layer = (path: string) =>
  Layer.mergeAll(Spool.layer({ folder: path }), SecretDigest.layer({ folder: path })).pipe(
    Layer.provideMerge(Deploys.layer),
    Layer.provideMerge(Store.layer({ folder: path })),
  );

const decodeRef = Schema.decodeSync(Service.ServiceRef);

export const ref = (service = "web", namespace = "shop", cluster = "c1"): Service.ServiceRef =>
  decodeRef({ cluster, namespace, service });

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The `n`th id: ids sort as their numbers do. */
export const id = (n: number): DeployId.DeployId => {
  let text = "";
  for (let rest = n; text.length < 25; rest = Math.floor(rest / 32))
    text = digits[rest % 32] + text;
  return Schema.decodeSync(DeployId.DeployId)(`0${text}`);
};

export const at = (n: number): Timestamp.Timestamp =>
  Timestamp.fromMillis(Date.UTC(2026, 0, 1) + n * 1000);

export const row = (n: number, over: Partial<DeployRow.DeployRow> = {}): DeployRow.DeployRow => ({
  id: id(n),
  ref: ref(),
  state: "accepted",
  strategy: "direct",
  acceptedAt: at(n),
  unchanged: false,
  origin: "local",
  ...over,
});

export const result = (
  n: number,
  over: Partial<DeployResult.DeployResult> = {},
): DeployResult.DeployResult => ({
  deployId: id(n),
  status: "completed",
  service: ref().service,
  namespace: ref().namespace,
  cluster: ref().cluster,
  strategy: "direct",
  durationMs: 1200,
  manifestCount: 1,
  verified: true,
  differences: [],
  appliedResources: [],
  unchanged: false,
  warnings: [],
  degraded: [],
  timestamp: at(n),
  ...over,
});

export const ended = (n: number, over: Partial<DeployRow.DeployRow> = {}): DeployRow.DeployRow =>
  row(n, {
    state: "ended",
    endedAt: at(n + 1),
    outcome: "completed",
    result: result(n),
    ...over,
  });
