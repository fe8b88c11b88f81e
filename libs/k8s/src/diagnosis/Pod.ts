/**
 * Pods and events as the API server sends them, as far as diagnosis reads them: every field may
 * be absent, for a kubelet fills them in one after another.
 */
import { type KubeObject, Timestamp } from "@nopea/domain";

export interface Terminated {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Terminated;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: string;
  readonly readinessProbe?: unknown;
  readonly startupProbe?: unknown;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly observedGeneration?: number | string;
}

export interface Pod extends KubeObject.KubeObject {
  readonly spec?: {
    readonly restartPolicy?: string;
    readonly containers?: ReadonlyArray<Container>;
    readonly initContainers?: ReadonlyArray<Container>;
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: ReadonlyArray<Condition>;
    readonly containerStatuses?: ReadonlyArray<ContainerStatus>;
    readonly initContainerStatuses?: ReadonlyArray<ContainerStatus>;
  };
}

export interface KubeEvent extends KubeObject.KubeObject {
  readonly involvedObject?: {
    readonly kind?: string;
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly fieldPath?: string;
  };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
}

/** A time that Kubernetes wrote, in milliseconds; undefined where it wrote none (or the year 1, or 1970, which mean none). */
export const millis = (text: string | null | undefined): number | undefined => {
  const at = Timestamp.fromKubernetes(text ?? undefined);
  const value = at === undefined ? undefined : Timestamp.toMillis(at);
  return value === undefined || value <= 0 ? undefined : value;
};

/** When an event was last seen: old ones have lastTimestamp, new ones eventTime and a series. */
export const eventAt = (event: KubeEvent): number =>
  Math.max(
    millis(event.series?.lastObservedTime) ?? 0,
    millis(event.lastTimestamp) ?? 0,
    millis(event.eventTime) ?? 0,
    millis(event.firstTimestamp) ?? 0,
  ) ||
  (millis(event.metadata.creationTimestamp) ?? 0);

export const conditionOf = (
  conditions: ReadonlyArray<Condition> | undefined,
  type: string,
): Condition | undefined => conditions?.find((condition) => condition.type === type);

/** When its controller last said so; in milliseconds since the epoch. */
export const conditionSaidAt = (condition: Condition | undefined): number | undefined =>
  millis(condition?.lastUpdateTime) ?? millis(condition?.lastTransitionTime);

export const podIsReady = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" ||
  (pod.status?.phase !== "Failed" &&
    conditionOf(pod.status?.conditions, "Ready")?.status === "True");

/** Dead for good: its controller makes another one in its place. */
export const podIsOver = (pod: Pod): boolean => pod.status?.phase === "Failed";
