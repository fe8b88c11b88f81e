/** A look at a Lease without taking it. */
import { Clock, Effect, Option } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import type { ProcessIdentity } from "./ProcessIdentity.js";
import { holderGone } from "./holderGone.js";
import * as Rules from "./leaseRules.js";

export interface Look {
  /** `host, process 1`. */
  readonly holder: string | undefined;
  readonly looksExpired: boolean;
}

export const peekLease = (
  process: typeof ProcessIdentity.Service,
  cluster: typeof Cluster.Service,
  namespace: string,
  name: string,
): Effect.Effect<Look, ClusterFailure> =>
  Effect.gen(function* () {
    const lease = yield* cluster.get({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace,
      name,
    });
    const identity = Option.isSome(lease) ? Rules.identityIn(lease.value) : undefined;
    if (Option.isNone(lease) || identity === undefined) {
      return { holder: undefined, looksExpired: true };
    }
    const serverNowMs = (yield* Clock.currentTimeMillis) + (yield* cluster.clockSkewMs);
    return {
      holder: Rules.holderText(identity),
      looksExpired:
        Rules.looksExpired(lease.value, serverNowMs) || (yield* holderGone(process, identity)),
    };
  });
