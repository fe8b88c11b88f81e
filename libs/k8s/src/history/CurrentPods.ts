/**
 * Why the current revision does not run, from its pods and from what its controller quotes of the
 * API server: by the same diagnosis as a deploy's. `decided`: waiting will not mend it. Pure.
 */
import type { KubeObject, Reason } from "@nopea/domain";
import { Reason as Reasons } from "@nopea/domain";
import * as Diagnosis from "../diagnosis/Diagnosis.js";
import { millis, type Pod, podIsReady } from "../diagnosis/Pod.js";
import * as PodCreation from "../diagnosis/PodCreation.js";
import type { Sign } from "../diagnosis/Sign.js";

export interface Cause {
  readonly reason: Reason.Reason;
  readonly decided: boolean;
  /** Since when, by the cluster's clock in milliseconds. */
  readonly at: number;
}

/** As a deploy's default: the third run that failed is a crash loop. */
const CRASH_LOOP_RESTARTS = 2;

const decided = (sign: Sign, since: number, now: number): boolean => {
  const { windowMs } = Reasons.ruleOf(sign.reason);
  const kind = Diagnosis.classOf(sign);
  return (
    kind === "terminal" || (kind === "window" && windowMs !== undefined && now - since >= windowMs)
  );
};

const firstOf = (signs: ReadonlyArray<Sign>): Sign | undefined =>
  [...signs].sort(Diagnosis.byPriority)[0];

/** `controller`: what makes the pods. Undefined where nothing speaks against the revision, or one of its pods is ready. */
export const causeOf = (
  controller: KubeObject.KubeObject,
  pods: ReadonlyArray<KubeObject.KubeObject>,
  now: number,
): Cause | undefined => {
  const current = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (current.some((pod) => podIsReady(pod as Pod))) return undefined;
  const ofPods = current.map((pod) => ({
    createdAt: millis(pod.metadata.creationTimestamp) ?? now,
    sign: firstOf(
      Diagnosis.ofPod(pod as Pod, { now, events: [], crashLoopRestarts: CRASH_LOOP_RESTARTS }),
    ),
  }));
  const refusal = PodCreation.rule({ controller, events: [] });
  const signs = ofPods.flatMap(({ sign, createdAt }) =>
    sign === undefined ? [] : [{ sign, createdAt }],
  );
  const first = refusal ?? firstOf(signs.map(({ sign }) => sign));
  if (first === undefined) return undefined;
  const since = (sign: Sign, createdAt: number) => sign.decidedAt ?? createdAt;
  const at = first.decidedAt ?? Math.max(0, ...signs.map(({ createdAt }) => createdAt));
  const all = [
    ...(refusal === undefined ? [] : [decided(refusal, refusal.decidedAt ?? now, now)]),
    ...ofPods.map(
      ({ sign, createdAt }) => sign !== undefined && decided(sign, since(sign, createdAt), now),
    ),
  ];
  return { reason: first.reason, decided: all.every(Boolean), at: at === 0 ? now : at };
};
