/**
 * What one rule of diagnosis says: a reason, and what it rests on. Rules are pure; whether a
 * sign ends the wait is decided elsewhere, from its class, its age and the other pods.
 */
import { Evidence, Timestamp, type Reason } from "@nopea/domain";
import {
  type Condition,
  conditionSaidAt,
  eventAt,
  type KubeEvent,
  millis,
  type Terminated,
} from "./Pod.js";

export interface Sign {
  readonly reason: Reason.Reason;
  /** Where this case differs from the reason's own class. */
  readonly class?: Reason.ReasonClass;
  /** A clause in Kubernetes' own words where it has some. */
  readonly message: string;
  readonly container?: string;
  readonly evidence: ReadonlyArray<Evidence.Evidence>;
  /**
   * When the deciding fact came about, by the cluster's clock in milliseconds: the start of the
   * run that crashed, the last attempt to pull. Undefined where Kubernetes does not say.
   */
  readonly decidedAt?: number | undefined;
  /** It lies in the pod's own spec: no later fact can mend it. */
  readonly lasting?: true | undefined;
}

/** A sign without `undefined` in it, its message made safe to print. */
export const make = (sign: {
  readonly reason: Reason.Reason;
  readonly class?: Reason.ReasonClass | undefined;
  readonly message: string;
  readonly container?: string | undefined;
  readonly evidence: ReadonlyArray<Evidence.Evidence | undefined>;
  readonly decidedAt?: number | undefined;
  readonly lasting?: true | undefined;
}): Sign => ({
  reason: sign.reason,
  ...(sign.class === undefined ? {} : { class: sign.class }),
  message: Evidence.clean(sign.message, 1_000),
  ...(sign.container === undefined ? {} : { container: sign.container }),
  evidence: sign.evidence.filter((item) => item !== undefined),
  ...(sign.decidedAt === undefined ? {} : { decidedAt: sign.decidedAt }),
  ...(sign.lasting === undefined ? {} : { lasting: sign.lasting }),
});

/** One piece of evidence from a cluster's text; `at` in milliseconds. */
export const seen = (
  kind: Evidence.EvidenceKind,
  text: string,
  at?: number | undefined,
): Evidence.Evidence => ({
  kind,
  text: Evidence.clean(text),
  ...(at === undefined || at <= 0 ? {} : { at: Timestamp.fromMillis(at) }),
});

/** What a container waits for; nothing where it doesn't wait. */
export const seenWaiting = (view: {
  readonly waitingReason: string;
  readonly waitingMessage: string;
}): Evidence.Evidence | undefined =>
  view.waitingReason === ""
    ? undefined
    : seen("state", `${view.waitingReason}: ${view.waitingMessage}`);

export const seenEvent = (event: KubeEvent): Evidence.Evidence =>
  seen("event", `${event.reason ?? "Event"}: ${event.message ?? ""}`, eventAt(event));

export const seenCondition = (condition: Condition): Evidence.Evidence =>
  seen(
    "condition",
    [
      `${condition.type}=${condition.status}`,
      condition.reason === undefined ? "" : ` ${condition.reason}`,
      condition.message === undefined || condition.message === "" ? "" : `: ${condition.message}`,
    ].join(""),
    conditionSaidAt(condition),
  );

/** How a run ended: `exit code 137 (OOMKilled)`. */
export const endText = (end: Terminated): string => {
  const code = `exit code ${end.exitCode ?? "unknown"}`;
  const why =
    end.reason !== undefined && end.reason !== "Error"
      ? end.reason
      : end.exitCode !== undefined && end.exitCode > 128 && end.exitCode < 160
        ? `signal ${end.exitCode - 128}`
        : undefined;
  return why === undefined ? code : `${code} (${why})`;
};

export const seenEnd = (end: Terminated): Evidence.Evidence =>
  seen(
    "exit",
    end.message === undefined || end.message === ""
      ? endText(end)
      : `${endText(end)}: ${end.message}`,
    millis(end.finishedAt),
  );
