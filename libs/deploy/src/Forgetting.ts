/** The mark in a service's ledger up to which its outcomes are history, and never lessons. */
import type { DeployId } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import { Effect, Option } from "effect";
import type * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";

/** Moves the mark forward, never back; a service without a ledger has nothing to mark. */
export const mark: (
  cluster: typeof Cluster.Cluster.Service,
  place: Ledgers.Place,
  upTo: DeployId.DeployId,
) => Effect.Effect<void, Ledgers.Failure> = Effect.fn("Forgetting.mark")(
  function* (cluster, place, upTo) {
    yield* Ledgers.update(cluster, place, (stored) =>
      Effect.succeed(
        Option.flatMap(stored, ({ ledger }) =>
          (ledger.learnAfter ?? "") >= upTo
            ? Option.none()
            : Option.some<Ledger.Ledger>({ ...ledger, learnAfter: upTo }),
        ),
      ),
    );
  },
);
