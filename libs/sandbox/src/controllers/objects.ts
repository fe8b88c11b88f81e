/** The kinds that controllers work on, as far as they look into them. */
import type { JsonObject, KubeObject, Meta } from "../Json.js";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}
export interface Template {
  metadata?: Partial<Meta>;
  spec: JsonObject;
}
export interface Selector {
  matchLabels?: Record<string, string>;
}
interface WorkloadSpec {
  replicas: number;
  selector: Selector;
  template: Template;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
}
interface Conditions {
  conditions?: Condition[];
}

export type Pod = KubeObject<JsonObject, JsonObject>;
export type Deployment = KubeObject<
  WorkloadSpec & {
    paused?: boolean;
    progressDeadlineSeconds?: number;
    strategy: {
      type: string;
      rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
    };
  },
  Conditions & {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    unavailableReplicas?: number;
    terminatingReplicas?: number;
  }
>;
export type ReplicaSet = KubeObject<
  WorkloadSpec,
  Conditions & {
    replicas: number;
    readyReplicas?: number;
    availableReplicas?: number;
    terminatingReplicas?: number;
  }
>;
export type StatefulSet = KubeObject<
  WorkloadSpec & {
    serviceName?: string;
    podManagementPolicy: string;
    updateStrategy: { type: string; rollingUpdate?: { partition?: number } };
    ordinals?: { start?: number };
    volumeClaimTemplates?: KubeObject[];
  },
  Conditions & { currentRevision?: string; updateRevision?: string }
>;
export type DaemonSet = KubeObject<WorkloadSpec & { updateStrategy: { type: string } }, Conditions>;
export type Job = KubeObject<
  {
    parallelism: number;
    completions?: number;
    backoffLimit: number;
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    suspend?: boolean;
    template: Template;
  },
  Conditions & { startTime?: string; completionTime?: string; succeeded?: number; failed?: number }
>;
