/** From signs to what is told: a finding names object, pod and container; a cause also brings what else was seen. */
import { type Evidence, KubeObject } from "@nopea/domain";
import * as Diagnosis from "../diagnosis/Diagnosis.js";
import { seen } from "../diagnosis/Sign.js";
import type { Decision, StandingSign } from "./Decision.js";
import { failedPodsOf, type JudgeContext, type TargetJudgement } from "./Judge.js";
import type { Finding } from "./Observation.js";
import type { World } from "./World.js";

/** More of the same would only bury the cause. */
const MOST_OTHERS = 10;

export const ofSign = (item: StandingSign): Finding => ({
  reason: item.sign.reason,
  message: item.sign.message,
  object: item.target.ref,
  ...(item.pod === undefined ? {} : { pod: item.pod.pod.metadata.name ?? "" }),
  ...(item.sign.container === undefined ? {} : { container: item.sign.container }),
  evidence: item.sign.evidence,
});

const ofFailure = (target: TargetJudgement): Finding | undefined =>
  target.readiness.failed === undefined
    ? undefined
    : {
        reason: target.readiness.failed.reason,
        message: target.readiness.failed.message,
        object: target.ref,
        evidence: target.readiness.failed.evidence,
      };

/** A Job's own words say only that it failed: its newest failed pod says why. */
const ofJob = (
  finding: Finding,
  target: TargetJudgement,
  world: World,
  context: JudgeContext,
): Finding => {
  const [pod] = target.live === undefined ? [] : failedPodsOf(world, target.live, context);
  const [sign] = pod?.signs ?? [];
  return pod === undefined || sign === undefined
    ? finding
    : {
        ...finding,
        message: `${finding.message} (pod ${pod.pod.metadata.name ?? ""}: ${sign.message})`,
        pod: pod.pod.metadata.name ?? "",
        ...(sign.container === undefined ? {} : { container: sign.container }),
        evidence: [...finding.evidence, ...sign.evidence],
      };
};

const key = (finding: Finding): string =>
  `${KubeObject.refKey(finding.object)} ${finding.container ?? ""} ${finding.reason}`;

/** One for each object, container and reason, the cause left out. */
export const others = (
  cause: Finding,
  signs: ReadonlyArray<StandingSign>,
): ReadonlyArray<Finding> => {
  const byKey = new Map<string, Finding>();
  for (const item of [...signs].sort(byWeight)) {
    const finding = ofSign(item);
    if (!byKey.has(key(finding))) byKey.set(key(finding), finding);
  }
  byKey.delete(key(cause));
  return [...byKey.values()].slice(0, MOST_OTHERS);
};

/** The cause first: by class as it stands, by the order of reasons, by age. */
export const byWeight = (a: StandingSign, b: StandingSign): number =>
  Diagnosis.byPriority(
    { reason: a.sign.reason, class: a.class },
    { reason: b.sign.reason, class: b.class },
  ) || a.since - b.since;

/** The cause of a target that failed. Kubernetes' own deadline is the cause only where no pod says more. */
export const causeOf = (
  decision: Extract<Decision, { type: "failed" }>,
  world: World,
  context: JudgeContext,
): Finding => {
  const failure = ofFailure(decision.target);
  const [sign] = [...decision.signs].sort(byWeight);
  if (
    failure === undefined ||
    (failure.reason === "progress_deadline_exceeded" && sign !== undefined)
  )
    return sign === undefined
      ? unexplained(decision.target)
      : withCondition(ofSign(sign), failure?.evidence ?? []);
  if (failure.reason === "job_failed") return ofJob(failure, decision.target, world, context);
  // A bare pod's own failure is told better by its container.
  return decision.target.ref.kind === "Pod" && sign !== undefined ? ofSign(sign) : failure;
};

const withCondition = (finding: Finding, more: ReadonlyArray<Evidence.Evidence>): Finding => ({
  ...finding,
  evidence: [...finding.evidence, ...more],
});

const unexplained = (target: TargetJudgement): Finding => ({
  reason: "timeout",
  message: target.readiness.message,
  object: target.ref,
  evidence: [],
});

/** The time is over: the cause that stood; what the platform does in passing only where there is nothing else. */
export const causeOfTimeout = (
  targets: ReadonlyArray<TargetJudgement>,
  signs: ReadonlyArray<StandingSign>,
  spent: string,
): Finding => {
  const [sign] = [...signs].sort(byWeight);
  const waiting = targets.filter((target) => !target.readiness.ready);
  const failure = waiting.map(ofFailure).find((finding) => finding !== undefined);
  if (sign !== undefined && (failure === undefined || sign.class !== "transient"))
    return ofSign(sign);
  if (failure !== undefined) return failure;
  const [first, ...rest] = waiting;
  return {
    reason: "timeout",
    message: [
      spent,
      first === undefined
        ? ""
        : `: ${KubeObject.refText(first.ref)} is not ready: ${first.readiness.message}`,
      rest.length === 0 ? "" : `, and ${rest.length} more`,
    ].join(""),
    object: first?.ref ?? { apiVersion: "", kind: "", name: "" },
    evidence: waiting
      .slice(0, MOST_OTHERS)
      .map((target) =>
        seen("note", `${KubeObject.refText(target.ref)}: ${target.readiness.message}`),
      ),
  };
};
