/**
 * What memory learns from one deploy that ended: neutral, whether the deploy was nopea's own, came
 * out of a ledger, or was imported from what another tool left behind.
 */
import {
  type Outcome,
  type Plan,
  Reason,
  type Service,
  type Strategy,
  Timestamp,
} from "@nopea/domain";
import type { DeployRow } from "@nopea/store";

/** How a deploy's change looks from outside. */
export interface ChangeFacts {
  readonly kind: Plan.Change["kind"];
  readonly semver: Plan.Change["semver"];
  /** Objects (files, where it was read from a repository) and lines (fields) that it touched. */
  readonly objects: number;
  readonly lines: number;
}

export interface Lesson {
  /** Unique in a cluster: a deploy's ULID, or what an import makes of the content. */
  readonly id: string;
  readonly ref: Service.ServiceRef;
  /** When it began, and when its outcome was known; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly revealedAt: number;
  /** Absent where it isn't known. */
  readonly change?: ChangeFacts | undefined;
  readonly strategy: Strategy.Strategy;
  /** Asked for by a pipeline or an agent; absent where it isn't known. */
  readonly bot?: boolean | undefined;
  /** It is itself a step back. */
  readonly isRevert: boolean;
  readonly failed: boolean;
  readonly reason?: Reason.Reason | undefined;
  /** `deploy`: of the deploys table; `import`: from elsewhere. */
  readonly source: "deploy" | "import";
}

/**
 * What is imported again ended otherwise than was known, and replaces it. That a reason isn't given
 * any more says nothing: what showed it may be gone.
 */
export const endedOtherwise = (
  known: Pick<Lesson, "failed" | "reason">,
  again: Pick<Lesson, "failed" | "reason">,
): boolean =>
  known.failed !== again.failed || (again.reason !== undefined && again.reason !== known.reason);

/** How much an outcome counts: what the platform or an operator caused says little of the change. */
export const weightOf = ({ failed, reason }: Pick<Lesson, "failed" | "reason">): number => {
  if (!failed || reason === undefined) return 1;
  return blameWeights[Reason.ruleOf(reason).blame];
};
const blameWeights: Readonly<Record<Reason.ReasonBlame, number>> = {
  change: 1,
  platform: 0.3,
  operator: 0.1,
};

/** What of a deploy's row a lesson is made of. */
export type Ended = Pick<
  DeployRow.DeployRow,
  | "id"
  | "ref"
  | "state"
  | "unchanged"
  | "strategy"
  | "acceptedAt"
  | "endedAt"
  | "outcome"
  | "reason"
  | "rollbackOf"
  | "change"
  | "who"
>;

/** Undefined for what is no lesson: not ended, or nothing changed and nothing failed. */
export const fromRow = (row: Ended): Lesson | undefined => {
  if (row.state !== "ended" || row.unchanged || row.outcome === undefined) return undefined;
  const startedAt = Timestamp.toMillis(row.acceptedAt);
  return {
    id: row.id,
    ref: row.ref,
    startedAt,
    revealedAt: Math.max(startedAt, Timestamp.toMillis(row.endedAt ?? row.acceptedAt)),
    change: row.change,
    strategy: row.strategy,
    bot: row.who === undefined ? undefined : row.who.kind !== "human",
    isRevert: row.rollbackOf !== undefined,
    failed: isFailure(row.outcome),
    reason: row.reason,
    source: "deploy",
  };
};

/** A rollback that worked saved the service; the change failed all the same. */
const isFailure = (outcome: Outcome.Outcome): boolean => outcome !== "completed";
