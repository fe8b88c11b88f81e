/**
 * A Lease as a lock between machines. It serialises, it can't fence: whoever holds one asks
 * `ensureHeld` before each request.
 */
import { Context, Effect, Layer, type Scope } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { acquireLease } from "./acquireLease.js";
import { type Look, peekLease } from "./peekLease.js";
import {
  LeaseLost,
  LeaseTaken,
  type HeldLease,
  type LeaseHolder,
  type LeaseRequest,
} from "./Lease.js";
import * as ProcessIdentity from "./ProcessIdentity.js";

export { LeaseLost, LeaseTaken, type HeldLease, type LeaseHolder, type LeaseRequest };

export class Leases extends Context.Tag("@nopea/k8s/Leases")<
  Leases,
  {
    /**
     * Takes the Lease for the scope; renewed every 5 s; released (holderIdentity cleared) when the scope closes.
     * A Lease of that name without the labels is another's: an `ApiFailure` of reason `field_conflict`.
     */
    readonly acquire: (
      cluster: typeof Cluster.Service,
      request: LeaseRequest,
    ) => Effect.Effect<HeldLease, LeaseTaken | ClusterFailure, Scope.Scope>;
    /**
     * The holder (`host, process 1`), and whether the Lease looks expired: no holder, a holder whose
     * process is gone as far as can be seen from here, or a renewTime 30 s behind the API server's
     * clock. A hint, for readers.
     */
    readonly peek: (
      cluster: typeof Cluster.Service,
      namespace: string,
      name: string,
    ) => Effect.Effect<Look, ClusterFailure>;
  }
>() {}

export const make: Effect.Effect<typeof Leases.Service, never, ProcessIdentity.ProcessIdentity> =
  Effect.gen(function* () {
    const identity = yield* ProcessIdentity.ProcessIdentity;
    return {
      acquire: Effect.fn("Leases.acquire")(
        (cluster: typeof Cluster.Service, request: LeaseRequest) =>
          acquireLease(identity, cluster, request),
      ),
      peek: Effect.fn("Leases.peek")(
        (cluster: typeof Cluster.Service, namespace: string, name: string) =>
          peekLease(identity, cluster, namespace, name),
      ),
    };
  });

export const layer: Layer.Layer<Leases> = Layer.effect(Leases, make).pipe(
  Layer.provide(ProcessIdentity.layer),
);
