/**
 * What an apply of a set would do: the API server's own dry-run of every object, in parallel,
 * against what is live.
 */
import type { KubeObject, Plan } from "@nopea/domain";
import type { Option } from "effect";
import type { ManifestEntry } from "./ManifestSet.js";

export interface PlanOptions {
  readonly fieldManager: string;
  /** Take fields from other managers. */
  readonly force: boolean;
  /** Take objects over from Helm, Argo CD, Flux or another service. */
  readonly takeOver: boolean;
  /** Labels that every sent object gets (our mark). */
  readonly labels: Readonly<Record<string, string>>;
  /** What nopea last applied, by `KubeObject.refKey`: decides who may take back which field. */
  readonly lastApplied: ReadonlyMap<string, KubeObject.KubeObject>;
}

/** One object of a plan, with what the apply needs to know of it. */
export interface PlannedEntry {
  readonly entry: ManifestEntry;
  readonly planned: Plan.PlannedObject;
  /** What is sent: marked, replicas left to their owner, as the plan found right. */
  readonly send: KubeObject.KubeObject;
  readonly live: Option.Option<KubeObject.KubeObject>;
  /** The dry-run's answer; none where it is `unknown`. */
  readonly predicted: Option.Option<KubeObject.KubeObject>;
  /** Fields that may be taken without being asked: the whole conflict lies in what nopea last applied. */
  readonly force: boolean;
  /** JSON patch of managedFields that folds an earlier manager's fields into ours, before the apply. */
  readonly adopt: Option.Option<ReadonlyArray<unknown>>;
  /** Delete first, then create. */
  readonly recreate: boolean;
}

export interface SetPlan {
  readonly entries: ReadonlyArray<PlannedEntry>;
  readonly plan: Plan.Plan;
}
