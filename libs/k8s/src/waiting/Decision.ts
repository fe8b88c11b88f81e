/**
 * Whether a wait is over, and why: a pure function of the targets as judged, of how long each
 * sign has stood, and of the clock. Says also when to look again though nothing changes.
 */
import { type Reason, Reason as Reasons } from "@nopea/domain";
import * as Diagnosis from "../diagnosis/Diagnosis.js";
import { millis } from "../diagnosis/Pod.js";
import type { Sign } from "../diagnosis/Sign.js";
import { isMoving, type PodJudgement, readyAt, type TargetJudgement } from "./Judge.js";

export interface Standing {
  readonly targets: ReadonlyArray<TargetJudgement>;
  /** All times in milliseconds by the cluster's clock. */
  readonly now: number;
  /** When the set was applied: what is older was there before. */
  readonly appliedAt: (target: TargetJudgement) => number;
  /** When a sign was first seen, or, looking once, since when it must have stood. */
  readonly firstSeen: (
    target: TargetJudgement,
    pod: PodJudgement | undefined,
    sign: Sign,
  ) => number;
  /** When a pod was first seen ready; undefined where it never was. */
  readonly podReadySeen: (uid: string) => number | undefined;
  readonly windows: Readonly<Partial<Record<Reason.Reason, number>>>;
}

/** A sign with whom it belongs to and when it ends the wait; never = Infinity. */
export interface StandingSign {
  readonly target: TargetJudgement;
  readonly pod: PodJudgement | undefined;
  readonly sign: Sign;
  readonly class: Reason.ReasonClass;
  readonly since: number;
  readonly endsAt: number;
}

/** Kubernetes' times are whole seconds. */
const second = (at: number): number => Math.floor(at / 1_000) * 1_000;

/**
 * What was there before the apply needs a new fact before it counts: the same pods may be
 * mending (a Secret that was missing, a tag that was pushed) though they still show the old one.
 */
const isFresh = (
  standing: Standing,
  target: TargetJudgement,
  createdAt: number,
  decidedAt?: number,
): boolean => {
  const since = second(standing.appliedAt(target));
  return createdAt >= since || (decidedAt ?? 0) >= since;
};

const createdAt = (target: TargetJudgement, pod: PodJudgement | undefined): number =>
  pod === undefined ? target.createdAt : (millis(pod.pod.metadata.creationTimestamp) ?? 0);

/** When a target's new pods last became ready for the first time. */
const lastReady = (standing: Standing, target: TargetJudgement): number =>
  Math.max(
    0,
    ...target.pods.filter((pod) => pod.ready).map((pod) => standing.podReadySeen(pod.uid) ?? 0),
  );

/**
 * A process that ends again and again may only be waiting for another part of the set: not while
 * that part is on its way, and not before a run that began after it was there has failed too.
 */
const waitsForOthers = (standing: Standing, target: TargetJudgement, sign: Sign): boolean => {
  const others = standing.targets.filter((other) => other.key !== target.key);
  const lastOther = Math.max(
    0,
    ...others.flatMap((other) => other.pods.map((pod) => readyAt(pod.pod) ?? 0)),
  );
  return (
    others.some(isMoving) || (sign.decidedAt !== undefined && sign.decidedAt < second(lastOther))
  );
};

const endsAt = (
  standing: Standing,
  target: TargetJudgement,
  sign: Sign,
  signClass: Reason.ReasonClass,
  since: number,
): number => {
  switch (signClass) {
    case "terminal":
      if (sign.reason === "crash_loop")
        return target.pods.some((pod) => pod.ready) || waitsForOthers(standing, target, sign)
          ? Infinity
          : since;
      // A new pod that has become ready meanwhile shows that it can be.
      return lastReady(standing, target) > since ? Infinity : since;
    case "window": {
      const window = standing.windows[sign.reason] ?? Reasons.ruleOf(sign.reason).windowMs ?? 0;
      return Math.max(since, lastReady(standing, target)) + window;
    }
    case "deadline":
    case "transient":
      return Infinity;
  }
};

/** One that ends no wait does, once it is given a window. */
const classOf = ({ windows }: Standing, sign: Sign): Reason.ReasonClass => {
  const own = Diagnosis.classOf(sign);
  return own === "deadline" && windows[sign.reason] !== undefined ? "window" : own;
};

/** Every sign of every target that is not ready, each with its age and its end. */
export const signsOf = (standing: Standing): ReadonlyArray<StandingSign> =>
  standing.targets
    .filter((target) => !target.readiness.ready)
    .flatMap((target) =>
      [
        ...target.signs.map((sign) => ({ pod: undefined, sign })),
        ...target.pods.flatMap((pod) => pod.signs.map((sign) => ({ pod, sign }))),
      ].map(({ pod, sign }): StandingSign => {
        const since = standing.firstSeen(target, pod, sign);
        const own = classOf(standing, sign);
        const fresh =
          sign.lasting === true ||
          isFresh(standing, target, createdAt(target, pod), sign.decidedAt);
        const signClass = fresh || own === "transient" ? own : "deadline";
        return {
          target,
          pod,
          sign,
          class: signClass,
          since,
          endsAt: endsAt(standing, target, sign, signClass, since),
        };
      }),
    );

/** Failures that the objects themselves show; what stood before the apply is none yet. */
export const failuresOf = (standing: Standing): ReadonlyArray<TargetJudgement> =>
  standing.targets.filter((target) => {
    const failure = target.readiness.failed;
    return (
      failure !== undefined &&
      (failure.at === undefined || isFresh(standing, target, target.createdAt, failure.at))
    );
  });

/**
 * When a target is lost: once every unready new pod, and the pods that can't be made, show a
 * sign that ends the wait. Infinity: not by what is known now.
 */
const lostAt = (target: TargetJudgement, signs: ReadonlyArray<StandingSign>): number => {
  const ofTarget = signs.filter((item) => item.target === target);
  const blocked = target.pods.filter(
    (pod) => !pod.ready && (!pod.over || target.ref.kind === "Pod"),
  );
  const ends = [
    ...blocked.map((pod) => earliest(ofTarget.filter((item) => item.pod === pod))),
    ...ofTarget.filter((item) => item.pod === undefined).map((item) => item.endsAt),
  ];
  return ends.length === 0 ? Infinity : Math.max(...ends);
};

const earliest = (signs: ReadonlyArray<StandingSign>): number =>
  Math.min(Infinity, ...signs.map((item) => item.endsAt));

export type Decision =
  | { readonly type: "ready" }
  /** The object itself failed, or its pods did, by the named signs. */
  | {
      readonly type: "failed";
      readonly target: TargetJudgement;
      readonly signs: ReadonlyArray<StandingSign>;
    }
  /** `due`: when to look again at the latest. */
  | { readonly type: "waiting"; readonly due: number };

export const decide = (standing: Standing): Decision => {
  if (standing.targets.every((target) => target.readiness.ready)) return { type: "ready" };
  const signs = signsOf(standing);
  const [failed] = [...failuresOf(standing)].sort((a, b) =>
    Diagnosis.byPriority(
      { reason: a.readiness.failed?.reason ?? "timeout" },
      { reason: b.readiness.failed?.reason ?? "timeout" },
    ),
  );
  if (failed !== undefined)
    return {
      type: "failed",
      target: failed,
      signs: signs.filter((item) => item.target === failed && item.class !== "transient"),
    };
  const lost = standing.targets
    .filter((target) => !target.readiness.ready)
    .map((target) => ({ target, at: lostAt(target, signs) }));
  const over = lost.filter(({ at }) => at <= standing.now);
  const ending = signs
    .filter(
      (item) => item.endsAt <= standing.now && over.some(({ target }) => target === item.target),
    )
    .sort((a, b) => Diagnosis.byPriority(a.sign, b.sign));
  const [first] = ending;
  return first === undefined
    ? { type: "waiting", due: Math.min(Infinity, ...lost.map(({ at }) => at)) }
    : {
        type: "failed",
        target: first.target,
        signs: ending.filter((item) => item.target === first.target),
      };
};
