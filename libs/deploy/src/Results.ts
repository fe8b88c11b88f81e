/** Building a deploy's result and its row: pure, from what is known of it at its end. */
import {
  Advice,
  type DeployId,
  type DeployResult,
  type Evidence,
  type KubeObject,
  type Outcome,
  type Plan,
  type Reason,
  type Risk,
  type Service,
  type Strategy,
  Timestamp,
  type Who,
  WireError,
} from "@nopea/domain";
import type { Waiter } from "@nopea/k8s";
import type { DeployRow } from "@nopea/store";
import * as Choice from "./Choice.js";

/** What is known of a deploy from its beginning. */
export interface Facts {
  readonly id: DeployId.DeployId;
  readonly ref: Service.ServiceRef;
  readonly strategy: Strategy.Strategy;
  readonly choice?: Strategy.Choice | undefined;
  readonly risk?: Risk.Risk | undefined;
  readonly overrideFreeze?: boolean | undefined;
  readonly accepted: Timestamp.Timestamp;
  readonly manifestCount: number;
  readonly who?: Who.Who | undefined;
  readonly change?: Plan.Change | undefined;
  readonly digest?: string | undefined;
  readonly rollbackOf?: DeployId.DeployId | undefined;
}

/** How it ended, or that it goes on without us. */
export interface End {
  readonly status: Outcome.Status;
  readonly ended: Timestamp.Timestamp;
  readonly verified: boolean;
  readonly differences: ReadonlyArray<DeployResult.Difference>;
  readonly applied: ReadonlyArray<DeployResult.AppliedResource>;
  readonly notApplied: ReadonlyArray<KubeObject.ObjectRef>;
  readonly unchanged: boolean;
  readonly finding?: Waiter.Finding | Failed | undefined;
  readonly configNotReloaded: ReadonlyArray<string>;
  readonly warnings: ReadonlyArray<string>;
  readonly degraded: ReadonlyArray<DeployResult.Degraded>;
}

/** A failure that is no pod's: what was refused while it was applied, an interruption, … */
export interface Failed {
  readonly reason: Reason.Reason;
  readonly message: string;
  readonly object?: KubeObject.ObjectRef | undefined;
  readonly evidence?: ReadonlyArray<Evidence.Evidence> | undefined;
  readonly advice?: string | undefined;
}

const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };

/** The facts that the choice of the strategy adds. */
export const choosing = (chosen: Choice.Chosen, risk: Risk.Risk | undefined) => ({
  strategy: chosen.strategy,
  choice: Choice.recorded(chosen),
  ...optional("risk", risk),
  ...(chosen.freeze === undefined ? {} : { overrideFreeze: true }),
});

export const errorOf = (finding: Waiter.Finding | Failed): WireError.WireError =>
  WireError.failed({
    reason: finding.reason,
    message: finding.message,
    object: finding.object,
    evidence: finding.evidence,
    advice: ("advice" in finding ? finding.advice : undefined) ?? Advice.adviceFor(finding.reason),
  });

export const result = (facts: Facts, end: End): DeployResult.DeployResult => ({
  deployId: facts.id,
  status: end.status,
  service: facts.ref.service,
  namespace: facts.ref.namespace,
  cluster: facts.ref.cluster,
  strategy: facts.strategy,
  ...optional("choice", facts.choice),
  ...optional("risk", facts.risk),
  ...optional("overrideFreeze", facts.overrideFreeze),
  durationMs: Math.max(0, Timestamp.toMillis(end.ended) - Timestamp.toMillis(facts.accepted)),
  manifestCount: facts.manifestCount,
  verified: end.verified,
  differences: end.differences,
  appliedResources: end.applied,
  ...(end.notApplied.length === 0 ? {} : { notApplied: end.notApplied }),
  unchanged: end.unchanged,
  ...(end.finding === undefined ? {} : { reason: end.finding.reason, error: errorOf(end.finding) }),
  ...optional("rollbackOf", facts.rollbackOf),
  ...optional("change", facts.change),
  ...optional("who", facts.who),
  ...(end.configNotReloaded.length === 0 ? {} : { configNotReloaded: end.configNotReloaded }),
  warnings: end.warnings,
  degraded: [...new Set(end.degraded)],
  timestamp: facts.accepted,
  ...(end.status === "progressing" ? {} : { ended: end.ended }),
});

/** Before it has an outcome. */
export const openRow = (facts: Facts, state: DeployRow.DeployState): DeployRow.DeployRow => ({
  id: facts.id,
  ref: facts.ref,
  state,
  strategy: facts.strategy,
  acceptedAt: facts.accepted,
  ...optional("rollbackOf", facts.rollbackOf),
  unchanged: false,
  ...optional("change", facts.change),
  ...optional("who", facts.who),
  ...optional("digest", facts.digest),
  origin: "local",
});

/** With its outcome. `storeOnly`: it changed nothing, and no ledger has it. */
export const endedRow = (
  facts: Facts,
  result: DeployResult.DeployResult,
  storeOnly: boolean,
): DeployRow.DeployRow => ({
  ...openRow(facts, "ended"),
  ...optional("endedAt", result.ended),
  ...(result.status === "progressing" ? {} : { outcome: result.status }),
  ...optional("reason", result.reason),
  ...optional("restored", result.restored),
  unchanged: storeOnly,
  result,
});

/** What a row of the store, or of a deploy in flight that only the ledger knows, says of a deploy. */
export const factsOf = (row: DeployRow.DeployRow, manifestCount: number): Facts => ({
  id: row.id,
  ref: row.ref,
  strategy: row.strategy,
  accepted: row.acceptedAt,
  manifestCount,
  who: row.who,
  change: row.change,
  digest: row.digest,
  rollbackOf: row.rollbackOf,
});
