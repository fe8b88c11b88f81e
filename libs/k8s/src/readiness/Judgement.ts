/** What a rule of readiness is given and what it says. */
import { Evidence, type KubeObject, type Reason } from "@nopea/domain";
import type { Condition } from "../diagnosis/Pod.js";

export interface ReadinessContext {
  /** By the cluster's clock, in milliseconds. */
  readonly now: number;
  /** The ReplicaSet of the revision being deployed, where it is known. */
  readonly newReplicaSet?: KubeObject.KubeObject | undefined;
  /** Pods of the revision being deployed that are ready, where they may be read. */
  readonly newPodsReady?: number | undefined;
  /** Names of pods of older revisions that are not ready. */
  readonly brokenOldPods?: ReadonlyArray<string> | undefined;
  /** Of a claim's StorageClass: `WaitForFirstConsumer` binds only once a pod wants it. */
  readonly volumeBindingMode?: string | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready yet, or what it is now that it is. */
  readonly message: string;
  /** It will not become ready without someone's doing. */
  readonly failed?: Failure | undefined;
}

export interface Failure {
  readonly reason: Reason.Reason;
  readonly message: string;
  readonly evidence: ReadonlyArray<Evidence.Evidence>;
  /** When it came about, by the cluster's clock in milliseconds; undefined: it stands for as long as the object does. */
  readonly at?: number | undefined;
}

export type ReadinessRule = (object: KubeObject.KubeObject, context: ReadinessContext) => Readiness;

/** A cluster's words go in here: they come out safe to print. */
export const yes = (message: string): Readiness => ({
  ready: true,
  message: Evidence.clean(message, 500),
});

export const notYet = (message: string): Readiness => ({
  ready: false,
  message: Evidence.clean(message, 500),
});

export const failed = (failure: Failure): Readiness => ({
  ready: false,
  message: Evidence.clean(failure.message, 500),
  failed: { ...failure, message: Evidence.clean(failure.message, 1_000) },
});

const pods = (count: number, kind = ""): string => `${count} ${kind}pod${count === 1 ? "" : "s"}`;

/** How far new pods are. */
interface NewPods {
  readonly ready: number;
  readonly wanted: number;
  /** Pods of the new revision that there are, ready or not. */
  readonly created: number;
  /** Pods of older revisions that there still are. */
  readonly old?: number | undefined;
}

/** `1 of 3 new pods ready, 2 created, 2 old pods left`; what there is nothing to say of is left out. */
export const newPodsText = ({ ready, wanted, created, old = 0 }: NewPods): string =>
  [
    `${ready} of ${wanted} new pods ready`,
    ...(created < wanted ? [`${created} created`] : []),
    ...(old > 0 ? [`${pods(old, "old ")} left`] : []),
  ].join(", ");

/** `waiting for 1 old pod to end`. */
export const toEndText = (count: number, kind = ""): string =>
  `waiting for ${pods(count, kind)} to end`;

/** `spec` and `status` as a rule reads them: the API server's schema says what they hold, but all of it may be absent. */
export interface Parts {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly conditions: ReadonlyArray<Condition>;
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

export const partsOf = (object: KubeObject.KubeObject): Parts => {
  const status = record(object["status"]);
  const conditions = status["conditions"];
  return {
    spec: record(object["spec"]),
    status,
    // Custom resources may keep anything there.
    conditions: Array.isArray(conditions)
      ? conditions.filter((item): item is Condition => typeof record(item)["type"] === "string")
      : [],
  };
};

/** A number field; `otherwise` where it is absent. */
export const figure = (
  from: Readonly<Record<string, unknown>>,
  name: string,
  otherwise = 0,
): number => {
  const value = from[name];
  return typeof value === "number" ? value : otherwise;
};

export const nested = (
  from: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> => record(from[name]);
