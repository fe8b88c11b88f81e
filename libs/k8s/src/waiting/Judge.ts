/**
 * One target as it stands: its readiness, the pods of its new revision with their signs, and
 * what keeps its controller from making pods. Reads the world, decides nothing.
 */
import { KubeObject } from "@nopea/domain";
import type { DiagnosisContext } from "../diagnosis/ContainerView.js";
import * as Diagnosis from "../diagnosis/Diagnosis.js";
import { conditionOf, millis, type Pod, podIsOver, podIsReady } from "../diagnosis/Pod.js";
import * as PodCreation from "../diagnosis/PodCreation.js";
import * as PvcUnbound from "../diagnosis/PvcUnbound.js";
import type { Sign } from "../diagnosis/Sign.js";
import { notYet, partsOf, type Readiness as Judgement, yes } from "../readiness/Judgement.js";
import * as Readiness from "../readiness/Readiness.js";
import { isWorkload, newRevisionOf } from "./NewPods.js";
import type { World } from "./World.js";

export interface PodJudgement {
  readonly pod: Pod;
  readonly uid: string;
  readonly ready: boolean;
  /** Ended for good; its controller makes another. */
  readonly over: boolean;
  readonly signs: ReadonlyArray<Sign>;
}

export interface TargetJudgement {
  readonly key: string;
  readonly ref: KubeObject.ObjectRef;
  /** The live object; undefined where it is not there. */
  readonly live: KubeObject.KubeObject | undefined;
  readonly readiness: Judgement;
  readonly pods: ReadonlyArray<PodJudgement>;
  /** What stands of the target itself: pods that can't be created, a claim that finds no volume. */
  readonly signs: ReadonlyArray<Sign>;
  /** Milliseconds by the cluster's clock; the object or its pods' creator is not older. */
  readonly createdAt: number;
}

export interface JudgeContext {
  /** By the cluster's clock, in milliseconds. */
  readonly now: number;
  readonly crashLoopRestarts: number;
  /** Pods may be read here: without them the new ReplicaSet's figures must do. */
  readonly podsKnown: boolean;
  /** By StorageClass's name; `""` is the default class. */
  readonly bindingModes: ReadonlyMap<string, string>;
  /** Signs by pod uid, for pods that have not changed. Filled here. */
  readonly cache: Map<string, ReadonlyArray<Sign>>;
}

export const judgePod = (world: World, pod: Pod, context: JudgeContext): PodJudgement => {
  const uid = pod.metadata.uid ?? "";
  const diagnosis: DiagnosisContext = {
    now: context.now,
    events: world.events(uid),
    crashLoopRestarts: context.crashLoopRestarts,
    earlierPullErrors: world.pullErrorsOf(pod),
  };
  const signs = context.cache.get(uid) ?? Diagnosis.ofPod(pod, diagnosis);
  context.cache.set(uid, signs);
  return { pod, uid, ready: podIsReady(pod), over: podIsOver(pod), signs };
};

/** `applied` is the apply's answer: what is live must be at least of its generation. */
export const judgeTarget = (
  world: World,
  applied: KubeObject.KubeObject,
  context: JudgeContext,
): TargetJudgement => {
  const ref = KubeObject.refOf(applied);
  const key = KubeObject.refKey(ref);
  if (Readiness.isAlwaysReady(ref))
    return {
      key,
      ref,
      live: applied,
      readiness: yes("applied"),
      pods: [],
      signs: [],
      createdAt: 0,
    };
  const live = world.targets.get(key);
  if (live === undefined)
    return { key, ref, live, readiness: absent(applied), pods: [], signs: [], createdAt: 0 };
  if (
    (live.metadata.generation ?? 0) < (applied.metadata.generation ?? 0) &&
    live.metadata.uid === ref.uid
  )
    return {
      key,
      ref,
      live,
      readiness: notYet("waiting to see the change"),
      pods: [],
      signs: [],
      createdAt: 0,
    };

  const revision = isWorkload(live) || live.kind === "Pod" ? newRevisionOf(live, world) : undefined;
  const pods = (revision?.pods ?? []).map((pod) => judgePod(world, pod, context));
  const controller = revision?.controller;
  const replicaSet = controller !== undefined && controller !== live ? controller : undefined;
  const readiness = Readiness.of(live, {
    now: context.now,
    newReplicaSet: replicaSet,
    newPodsReady:
      context.podsKnown && controller !== undefined
        ? pods.filter((pod) => pod.ready).length
        : undefined,
    brokenOldPods: revision?.old
      ?.filter((pod) => !podIsReady(pod))
      .map((pod) => pod.metadata.name ?? ""),
    volumeBindingMode: bindingModeOf(live, world, context),
  });
  const creation =
    controller === undefined || readiness.ready
      ? undefined
      : PodCreation.rule({ controller, events: world.events(controller.metadata.uid ?? "") });
  const unbound =
    live.kind === "PersistentVolumeClaim" && !readiness.ready
      ? PvcUnbound.rule(live, world.events(live.metadata.uid ?? ""))
      : undefined;
  return {
    key,
    ref: KubeObject.refOf(live),
    live,
    readiness,
    pods,
    signs: [creation, unbound].filter((sign) => sign !== undefined),
    createdAt: millis((controller ?? live).metadata.creationTimestamp) ?? 0,
  };
};

const absent = (applied: KubeObject.KubeObject): Judgement =>
  applied.kind === "Job" && partsOf(applied).spec["ttlSecondsAfterFinished"] !== undefined
    ? yes("finished, and removed by its ttlSecondsAfterFinished")
    : notYet("is not there: someone has deleted it");

const bindingModeOf = (
  live: KubeObject.KubeObject,
  world: World,
  context: JudgeContext,
): string | undefined => {
  if (live.kind !== "PersistentVolumeClaim") return undefined;
  const { spec } = partsOf(live);
  const name = spec["storageClassName"];
  const mode = context.bindingModes.get(typeof name === "string" ? name : "");
  // Without the right to read StorageClasses, the controller's event says it too.
  const told = world
    .events(live.metadata.uid ?? "")
    .some((event) => event.reason === "WaitForFirstConsumer");
  return mode ?? (told ? "WaitForFirstConsumer" : undefined);
};

/** When a pod became ready, by the cluster's clock; undefined for one that isn't. */
export const readyAt = (pod: Pod): number | undefined =>
  podIsReady(pod)
    ? millis(conditionOf(pod.status?.conditions, "Ready")?.lastTransitionTime)
    : undefined;

/** Pods a Job has had, those being deleted too: the newest that failed tells why the Job did. */
export const failedPodsOf = (
  world: World,
  job: KubeObject.KubeObject,
  context: JudgeContext,
): ReadonlyArray<PodJudgement> =>
  [...world.pods(job.metadata.uid ?? "")]
    .map((pod) => judgePod(world, pod, context))
    .filter((pod) => pod.signs.length > 0)
    .sort(
      (a, b) =>
        (millis(b.pod.metadata.creationTimestamp) ?? 0) -
        (millis(a.pod.metadata.creationTimestamp) ?? 0),
    );

/** Still on its way, so that what it is needed for may yet mend. */
export const isMoving = (target: TargetJudgement): boolean =>
  !target.readiness.ready &&
  target.readiness.failed === undefined &&
  // A claim waits for a disk, not for other pods: nothing else is about to mend through it.
  target.live?.kind !== "PersistentVolumeClaim" &&
  (target.pods.filter((pod) => !pod.over).length === 0
    ? target.signs.length === 0
    : target.pods.some(
        (pod) =>
          !pod.ready &&
          !pod.over &&
          !pod.signs.some((sign) => Diagnosis.classOf(sign) === "terminal"),
      ));
