/** The engine with all that it needs, in one module, so that it can be loaded when it is needed. */
import type { Service } from "@nopea/domain";
import { ClusterIdentity, Deploy, Deployer, Inspection, Intake, Recollection } from "@nopea/deploy";
import { type Cluster, type ClusterError, Leases, ProcessIdentity } from "@nopea/k8s";
import { Memory } from "@nopea/memory";
import { type Deploys, SecretDigest, Spool, type Store } from "@nopea/store";
import { Context, Effect, Layer, Option, type Scope } from "effect";

export interface Engine {
  readonly deployer: typeof Deployer.Deployer.Service;
  readonly inspector: typeof Inspection.Inspector.Service;
  readonly intake: typeof Intake.Intake.Service;
  readonly memory: typeof Memory.Memory.Service;
  /** What is known where there is no store. */
  readonly recollection: typeof Recollection;
  /** The cluster's id where there is no store to remember it. */
  readonly identify: (
    cluster: typeof Cluster.Cluster.Service,
    place: Partial<Place>,
  ) => Effect.Effect<Service.ClusterId, ClusterError.ClusterFailure>;
}

interface Place {
  readonly namespace: Service.Namespace | undefined;
  readonly service: Service.ServiceName | undefined;
}

export const make = (
  config: Store.StoreConfig,
): Effect.Effect<Engine, never, Store.Store | Deploys.Deploys | Scope.Scope> =>
  Layer.build(
    Deploy.layer.pipe(
      Layer.provide(Leases.layer),
      Layer.provide(ProcessIdentity.layer),
      Layer.provide(Spool.layer(config)),
      Layer.provide(SecretDigest.layer(config)),
      Layer.provideMerge(Memory.layer),
    ),
  ).pipe(
    Effect.map((context) => ({
      deployer: Context.get(context, Deployer.Deployer),
      inspector: Context.get(context, Inspection.Inspector),
      intake: Context.get(context, Intake.Intake),
      memory: Context.get(context, Memory.Memory),
      recollection: Recollection,
      identify: (cluster, { namespace, service }) =>
        ClusterIdentity.resolve(
          cluster,
          namespace === undefined || service === undefined
            ? Option.none()
            : Option.some({ namespace, service }),
        ),
    })),
  );
