/**
 * What a command's exit code says, in one table. A new way to fail, or a new reason, does not
 * build until it has its place here.
 */
import type { DeployResult, Outcome, Reason } from "@nopea/domain";
import type { Operations } from "@nopea/surface";

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 130;

/** Done; for `diff`: nothing would change. */
export const done = 0 as const;
/** The deploy failed or was rolled back; for `diff`: something would change. */
export const failed = 1 as const;
/** Bad usage or bad input. */
export const badInput = 2 as const;
export const notFound = 3 as const;
/** The deploy was not begun: a lock, a full queue, a freeze window, a permission, another owner. */
export const refused = 4 as const;
export const unreachable = 5 as const;
/** The wait ended before there was an outcome. */
export const noOutcome = 6 as const;
export const interrupted = 130 as const;

/** What a reason means where it kept a deploy from beginning. */
const refusalByReason: Readonly<Record<Reason.Reason, ExitCode>> = {
  image_reference_invalid: refused,
  image_not_found: refused,
  image_pull_denied: refused,
  image_pull_failed: refused,
  container_config_missing: refused,
  container_start_failed: refused,
  crash_loop: refused,
  out_of_memory: refused,
  probe_failing: refused,
  lifecycle_hook_failed: refused,
  volume_unavailable: refused,
  sandbox_failed: refused,
  unschedulable: refused,
  evicted: refused,
  quota_exceeded: refused,
  admission_denied: refused,
  job_failed: refused,
  pvc_unbound: refused,
  progress_deadline_exceeded: refused,
  timeout: refused,
  forbidden: refused,
  field_conflict: refused,
  immutable_field: badInput,
  invalid_object: badInput,
  object_too_large: badInput,
  unknown_kind: badInput,
  namespace_terminating: refused,
  crd_invalid: refused,
  cluster_unreachable: unreachable,
  api_unavailable: unreachable,
  engine_unavailable: refused,
  engine_did_not_roll: refused,
  rollout_aborted: refused,
  rollout_lost: refused,
  superseded: refused,
  interrupted,
};

const byReason = (failure: { readonly reason?: Reason.Reason }): ExitCode =>
  failure.reason === undefined ? refused : refusalByReason[failure.reason];

type Tag = Operations.Failure["_tag"];

const byTag: {
  readonly [Name in Tag]: (failure: Extract<Operations.Failure, { _tag: Name }>) => ExitCode;
} = {
  BadInput: () => badInput,
  NotFound: () => notFound,
  QueueFull: () => refused,
  Locked: () => refused,
  FreezeWindow: () => refused,
  Refused: byReason,
  StoreUnavailable: () => refused,
  ClusterUnreachable: () => unreachable,
  ApiFailure: byReason,
};

export const ofFailure = (failure: Operations.Failure): ExitCode =>
  (byTag[failure._tag] as (failure: Operations.Failure) => ExitCode)(failure);

const byStatus: Readonly<Record<Outcome.Status, ExitCode>> = {
  completed: done,
  failed,
  rolledback: failed,
  progressing: noOutcome,
};

/** `left`: it was asked not to wait, so that `progressing` is what was wanted. */
export const ofResult = (result: DeployResult.DeployResult, left: boolean): ExitCode =>
  result.reason === "interrupted"
    ? interrupted
    : left && result.status === "progressing"
      ? done
      : byStatus[result.status];
