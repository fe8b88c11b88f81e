/** What every part of a running deploy is given: its services, its facts, its events, and what it goes without. */
import type { DeployResult } from "@nopea/domain";
import type { Cluster, Leases, ProcessIdentity } from "@nopea/k8s";
import type { Memory } from "@nopea/memory";
import type { Deploys, Spool, Store } from "@nopea/store";
import { Effect } from "effect";
import type { ResolvedRequest } from "./Deployer.js";
import type { Place } from "./Ledgers.js";
import type { Outcomes } from "./Outcomes.js";
import type { ProgressLog } from "./ProgressLog.js";
import type { Recovery } from "./Recovery.js";
import type { Facts } from "./Results.js";

export interface Needs {
  readonly store: typeof Store.Store.Service;
  readonly deploys: typeof Deploys.Deploys.Service;
  readonly memory: typeof Memory.Memory.Service;
  readonly spool: typeof Spool.Spool.Service;
  readonly leases: typeof Leases.Leases.Service;
  readonly identity: typeof ProcessIdentity.ProcessIdentity.Service;
  readonly outcomes: typeof Outcomes.Service;
  readonly recovery: typeof Recovery.Service;
}

export interface Context {
  readonly needs: Needs;
  readonly cluster: typeof Cluster.Cluster.Service;
  readonly request: ResolvedRequest;
  readonly facts: Facts;
  readonly log: ProgressLog;
  readonly shortcomings: Shortcomings;
  readonly place: Place;
  readonly cancel: Effect.Effect<void>;
}

/** What the deploy does without; each is said once, as a warning that names what is missing. And other warnings. */
export class Shortcomings {
  private readonly messages = new Map<DeployResult.Degraded, string>();
  private readonly others: Array<string> = [];

  constructor(private readonly emit: ProgressLog["emit"]) {}

  readonly add = (what: DeployResult.Degraded, message: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.messages.has(what)) return Effect.void;
      this.messages.set(what, message);
      return this.emit({ type: "warning", message });
    });

  /** A warning of something that isn't missing. */
  readonly say = (message: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.others.push(message);
      return this.emit({ type: "warning", message });
    });

  get degraded(): ReadonlyArray<DeployResult.Degraded> {
    return [...this.messages.keys()];
  }

  get warnings(): ReadonlyArray<string> {
    return [...this.others, ...this.messages.values()];
  }
}
