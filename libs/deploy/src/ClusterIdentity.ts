/**
 * By which id a cluster goes: the UID of its `kube-system` namespace; where that can't be read,
 * what a ledger says of it (written by the first who could), else the fallback of the connection.
 */
import type { Service } from "@nopea/domain";
import type { Cluster, ClusterError } from "@nopea/k8s";
import type { Deploys, StoreError } from "@nopea/store";
import { Effect, Option } from "effect";
import { isDenied } from "./internal/failures.js";
import * as Ledgers from "./Ledgers.js";
import type { Refused } from "./Refusal.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** `place`: a service whose ledger may be asked. */
export const resolve = (
  cluster: ClusterService,
  place: Option.Option<Ledgers.Place>,
): Effect.Effect<Service.ClusterId, ClusterError.ClusterFailure> =>
  Effect.gen(function* () {
    const id = yield* cluster.id;
    if (Option.isSome(id)) return id.value;
    if (Option.isNone(place)) return cluster.fallbackId;
    const stored = yield* Ledgers.read(cluster, place.value).pipe(
      Effect.catchIf(
        (failure): failure is Refused | ClusterError.ApiFailure =>
          failure._tag === "Refused" || isDenied(failure),
        // Whoever needs the ledger itself will hear of it.
        () => Effect.succeedNone,
      ),
    );
    return Option.getOrUndefined(stored)?.ledger.cluster ?? cluster.fallbackId;
  });

/** For offline use, and so that what was kept under the fallback is found under the id. */
export const remember = (
  deploys: typeof Deploys.Deploys.Service,
  cluster: ClusterService,
  id: Service.ClusterId,
): Effect.Effect<void, StoreError.StoreUnavailable> =>
  deploys.nameCluster({
    server: cluster.server,
    fallbackId: cluster.fallbackId,
    id,
    contextName: cluster.contextName,
  });
