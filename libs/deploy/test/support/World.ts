/**
 * The real test-bed for a test of this room: a namespace of its own, machines (each with a state
 * folder and an identity) that deploy into it, and clusters that deny, or die at a given write.
 */
import type { DeployResult, KubeObject, Progress, Service, Who } from "@nopea/domain";
import { type Cluster, ClusterError, Clusters, Leases, ProcessIdentity } from "@nopea/k8s";
import { Memory } from "@nopea/memory";
import { Deploys, SecretDigest, Spool, Store } from "@nopea/store";
import { Context, Effect, Layer, Option, Schedule, type Scope, Stream } from "effect";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { Deploy, Deployer, Ledgers, type Refusal, Settings } from "../../src/index.js";

const testbed = inject("testbed");
const kubeconfig = "kubeconfig" in testbed ? testbed.kubeconfig : "";
export const skipped = "missing" in testbed ? testbed.missing : undefined;

export type ClusterService = typeof Cluster.Cluster.Service;

export const who: Who.Who = { kind: "human", name: "test" };
export const settings: Settings.Values = { ...Settings.defaults, cooldownMs: 0 };

export const name = (prefix: string): string => `${prefix}-${randomBytes(4).toString("hex")}`;

export const world: Effect.Effect<
  { readonly cluster: ClusterService; readonly namespace: Service.Namespace },
  unknown,
  Scope.Scope
> = Effect.gen(function* () {
  const clusters = Clusters.make;
  const cluster = yield* clusters.connect({ kubeconfig });
  const namespace = name("deploy");
  yield* Effect.acquireRelease(
    cluster.create(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { fieldManager: "test" },
    ),
    () => Effect.ignore(cluster.remove({ apiVersion: "v1", kind: "Namespace", name: namespace })),
  );
  return { cluster, namespace: namespace as Service.Namespace };
});

export type Machine = Deploy.Services | Deploys.Deploys;

/** A machine with an empty state folder. `dead`: its process is gone, as others see it. */
export const machine = (
  dead = false,
): Effect.Effect<Context.Context<Machine>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "nopea-deploy-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true })),
    );
    return yield* onMachine(folder, dead);
  });

export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "nopea-deploy-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
);

export const onMachine = (
  folder: string,
  dead = false,
): Effect.Effect<Context.Context<Machine>, never, Scope.Scope> => {
  const config = { folder };
  const identity = Layer.effect(
    ProcessIdentity.ProcessIdentity,
    Effect.map(ProcessIdentity.make, (real) =>
      dead ? { ...real, self: { ...real.self, pid: 4_000_000, start: "1" } } : real,
    ),
  );
  const store = Layer.mergeAll(SecretDigest.layer(config), Spool.layer(config)).pipe(
    Layer.provideMerge(Layer.merge(Deploys.layer, Memory.layer)),
    Layer.provideMerge(Store.layer(config)),
  );
  const leases = Layer.effect(Leases.Leases, Leases.make);
  return Layer.build(
    Deploy.layer.pipe(Layer.provideMerge(store), Layer.provide(leases), Layer.provide(identity)),
  );
};

/** Until a running deploy has sent its Deployment. */
export const isThere = (cluster: ClusterService, namespace: string, name: string) =>
  cluster
    .get({ apiVersion: "apps/v1", kind: "Deployment", namespace, name })
    .pipe(
      Effect.repeat({ until: Option.isSome, schedule: Schedule.spaced("50 millis") }),
      Effect.timeout("20 seconds"),
    );

export interface Ran {
  readonly result: DeployResult.DeployResult;
  readonly events: ReadonlyArray<Progress.Progress>;
}

export interface Ask {
  readonly service: string;
  readonly namespace: Service.Namespace;
  readonly objects: ReadonlyArray<KubeObject.KubeObject>;
  readonly more?: Partial<Deployer.ResolvedRequest>;
  readonly cancel?: Effect.Effect<void>;
}

export const requestOf = (ask: Ask): Deployer.ResolvedRequest => ({
  service: ask.service as Service.ServiceName,
  namespace: ask.namespace,
  manifests: ask.objects.map((object, index) => ({ object, source: `test.yaml#${index + 1}` })),
  who,
  ...ask.more,
});

export const deploy = (
  on: Context.Context<Machine>,
  cluster: ClusterService,
  ask: Ask,
): Effect.Effect<Ran, Refusal.Refusal> =>
  Context.get(on, Deployer.Deployer)
    .run(cluster, requestOf(ask), { cancel: ask.cancel ?? Effect.never })
    .pipe(
      Stream.runCollect,
      Effect.map((chunk) => {
        const events = [...chunk];
        const last = events.at(-1);
        if (last?.type !== "outcome") throw new Error(`the last event is ${last?.type ?? "none"}`);
        return { result: last.result, events };
      }),
      Effect.provideService(Settings.Settings, settings),
    );

export const ledgerOf = (cluster: ClusterService, namespace: string, service: string) =>
  Effect.map(
    Ledgers.read(cluster, { namespace, service }),
    (stored) => Option.getOrThrow(stored).ledger,
  );

export const configMap = (
  name: string,
  data: Readonly<Record<string, string>>,
): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

export const deployment = (
  name: string,
  tag: string,
  more: Readonly<Record<string, unknown>> = {},
): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "web", image: `example.org/web:${tag}`, ...more }] },
    },
  },
});

const forbidden = (verb: string, kind: string) =>
  new ClusterError.ApiFailure({
    message: `${kind} is forbidden: the account may not ${verb} it`,
    reason: "forbidden",
    status: 403,
    statusReason: "Forbidden",
    verb,
    causes: [],
  });

/** A cluster that answers as one where nothing may be done with `kind`. */
export const denying = (cluster: ClusterService, kind: string): ClusterService => {
  const unless = <A>(
    asked: string,
    verb: string,
    effect: Effect.Effect<A, ClusterError.ClusterFailure>,
  ) => (asked === kind ? Effect.fail(forbidden(verb, kind)) : effect);
  return {
    ...cluster,
    get: (ref) => unless(ref.kind, "get", cluster.get(ref)),
    list: (of) => unless(of.kind, "list", cluster.list(of)),
    listMetadata: (of) => unless(of.kind, "list", cluster.listMetadata(of)),
    create: (object, options) => unless(object.kind, "create", cluster.create(object, options)),
    replace: (object, options) => unless(object.kind, "update", cluster.replace(object, options)),
    patch: (ref, patch) => unless(ref.kind, "patch", cluster.patch(ref, patch)),
    remove: (ref, options) => unless(ref.kind, "delete", cluster.remove(ref, options)),
  };
};

/**
 * A cluster as a process sees it that is killed at its n-th write (from 1): that write never
 * returns, nor does anything after it. `reached`: the write's own request arrives all the same.
 */
export const dyingAt = (
  cluster: ClusterService,
  n: number,
  reached: boolean,
): { readonly cluster: ClusterService; readonly died: Effect.Effect<void> } => {
  let writes = 0;
  let dead = false;
  let tell: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const alive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => (dead ? Effect.never : effect));
  const write = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      if (dead) return Effect.never;
      writes += 1;
      if (writes < n) return effect;
      dead = true;
      return Effect.zipRight(
        Effect.zipRight(reached ? Effect.ignore(effect) : Effect.void, Effect.sync(tell)),
        Effect.never,
      );
    });
  return {
    died: Effect.promise(() => told),
    cluster: {
      ...cluster,
      get: (ref) => alive(cluster.get(ref)),
      list: (of) => alive(cluster.list(of)),
      create: (object, options) => write(cluster.create(object, options)),
      replace: (object, options) => write(cluster.replace(object, options)),
      apply: (object, options) =>
        options.dryRun === true
          ? alive(cluster.apply(object, options))
          : write(cluster.apply(object, options)),
      patch: (ref, patch) => write(cluster.patch(ref, patch)),
      remove: (ref, options) => write(cluster.remove(ref, options)),
    },
  };
};
