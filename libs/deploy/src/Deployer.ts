/**
 * One deploy, from its documents to its outcome: the only applier, and the only place that ends
 * a deploy. The result is recorded whatever happens; a failed deploy is a value, not an error.
 */
import type { DeployRequest, Plan, Progress, Service, Strategy, Who } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import { Context, type Effect, type Stream } from "effect";
import type { Refusal } from "./Refusal.js";

/** A request after surface settled what it left open. */
export interface ResolvedRequest extends DeployRequest.DeployRequest {
  readonly namespace: Service.Namespace;
  readonly who: Who.Who;
}

export interface PlanAnswer {
  readonly strategy: Strategy.Strategy;
  readonly plan: Plan.Plan;
}

export class Deployer extends Context.Tag("@nopea/deploy/Deployer")<
  Deployer,
  {
    /**
     * Runs the deploy while the stream is pulled. The last event is `outcome`. `cancel` ends it
     * as `failed/interrupted` when it completes; an interruption of the fiber does the same,
     * without anyone left to read the event.
     */
    readonly run: (
      cluster: typeof Cluster.Cluster.Service,
      request: ResolvedRequest,
      options: { readonly cancel: Effect.Effect<void> },
    ) => Stream.Stream<Progress.Progress, Refusal>;
    /** Steps 1 to 4 alone: no lock, nothing written. */
    readonly plan: (
      cluster: typeof Cluster.Cluster.Service,
      request: ResolvedRequest,
    ) => Effect.Effect<PlanAnswer, Refusal>;
  }
>() {}
