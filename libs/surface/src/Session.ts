/**
 * What all operations of one layer share: its settings, its memory, and one connection, made when
 * the first operation asks for it. The engine is loaded as late, for what only reads memory needs
 * none of it.
 */
import type { FileSystem, Path } from "@effect/platform";
import type { Policy } from "@nopea/deploy";
import { BadInput, Service } from "@nopea/domain";
import { type Cluster, type ClusterError, Clusters } from "@nopea/k8s";
import { Deploys, Store } from "@nopea/store";
import { Cache, Context, Duration, Effect, Exit, Option, Schema, Scope } from "effect";
import type { Engine } from "./internal/engine.js";
import type { Settings } from "./Settings.js";

export type ClusterService = typeof Cluster.Cluster.Service;

/** What the kubeconfig says of the cluster; nobody was asked. */
export interface Described {
  readonly contextName: string;
  readonly server: string;
  readonly namespace?: string;
  readonly fallbackId: string;
}

export class Session extends Context.Tag("@nopea/surface/Session")<
  Session,
  {
    readonly settings: Settings;
    /** nopea's own. */
    readonly version: string;
    readonly store: typeof Store.Store.Service;
    readonly deploys: typeof Deploys.Deploys.Service;
    readonly engine: Effect.Effect<Engine>;
    /** As it is now; read for each deploy. */
    readonly policy: Effect.Effect<Policy.Policy, BadInput>;
    readonly connect: Effect.Effect<ClusterService, BadInput | ClusterError.ClusterUnreachable>;
    /** None where there is no kubeconfig, and this is no pod of a cluster. */
    readonly described: Effect.Effect<Option.Option<Described>, BadInput>;
    /** What was asked for, else the settings', else the context's, else `default`. */
    readonly namespace: (
      asked: Service.Namespace | undefined,
    ) => Effect.Effect<Service.Namespace, BadInput>;
  }
>() {}

export const make = Effect.fnUntraced(function* (settings: Settings, version: string) {
  const scope = yield* Effect.scope;
  const clusters = yield* Clusters.Clusters;
  const store = yield* Store.Store;
  const deploys = yield* Deploys.Deploys;
  const files = yield* Effect.context<FileSystem.FileSystem | Path.Path>();
  const { kubeconfig, context } = settings;

  // A connection lasts; that there was none is found out again each time.
  const connection = yield* Cache.makeWith({
    capacity: 1,
    lookup: (_: "cluster") =>
      clusters.connect({ kubeconfig, context }).pipe(Effect.provideService(Scope.Scope, scope)),
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : Duration.zero),
  });
  const described = yield* Effect.cached(
    clusters.describe({ kubeconfig, context }).pipe(
      Effect.asSome,
      Effect.catchTag("ClusterUnreachable", () => Effect.succeedNone),
    ),
  );
  const engine = yield* Effect.cached(
    Effect.promise(() => import("./internal/engine.js")).pipe(
      Effect.flatMap(({ make }) => make({ folder: settings.state })),
      Effect.provideService(Store.Store, store),
      Effect.provideService(Deploys.Deploys, deploys),
      Effect.provideService(Scope.Scope, scope),
    ),
  );
  return Session.of({
    settings,
    version,
    store,
    deploys,
    engine,
    policy: Effect.promise(() => import("./PolicyFile.js")).pipe(
      Effect.flatMap(({ load }) => load),
      Effect.provide(files),
    ),
    connect: connection.get("cluster"),
    described,
    namespace: (asked) => {
      const chosen = asked ?? settings.namespace;
      if (chosen !== undefined) return Effect.succeed(chosen);
      return Effect.flatMap(described, (found) =>
        namespaceOf(Option.getOrUndefined(found)?.namespace ?? "default"),
      );
    },
  });
});

const namespaceOf = (name: string): Effect.Effect<Service.Namespace, BadInput> =>
  Schema.is(Service.Namespace)(name)
    ? Effect.succeed(name)
    : Effect.fail(
        new BadInput({
          message: `the context's namespace ${JSON.stringify(name)} is no namespace's name`,
        }),
      );
