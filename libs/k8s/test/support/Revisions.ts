/** Workloads and what their controllers keep of each revision; times are minutes after `start`. */
import type { KubeObject } from "@nopea/domain";
import { start, time } from "./Objects.js";

export const at = (minute: number): number => start + minute * 60_000;
const stamp = (minute: number): string => time(minute * 60);

type Meta = Partial<KubeObject.ObjectMeta>;

export interface Template {
  readonly image?: string;
  readonly checksum?: string;
  readonly env?: string;
}

export const template = ({ image = "app:1.0.0", checksum, env }: Template, hash?: string) => ({
  metadata: {
    labels: { app: "web", ...(hash === undefined ? {} : { "pod-template-hash": hash }) },
    ...(checksum === undefined ? {} : { annotations: { "checksum/config": checksum } }),
  },
  spec: {
    containers: [
      { name: "web", image, ...(env === undefined ? {} : { env: [{ name: "MODE", value: env }] }) },
    ],
  },
});

export interface Set extends Template {
  readonly revision: number;
  /** Numbers that it had before. */
  readonly history?: string;
  readonly minute: number;
  readonly available?: number;
  readonly conditions?: ReadonlyArray<object>;
}

export const owner = (kind: string, uid: string) => [
  { apiVersion: "apps/v1", kind, name: "web", uid, controller: true },
];

export const replicaSet = (
  set: Set,
  group: "deployment.kubernetes.io" | "rollout.argoproj.io" = "deployment.kubernetes.io",
): KubeObject.KubeObject => {
  const name = `web-${set.minute}`;
  const isRollout = group === "rollout.argoproj.io";
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      creationTimestamp: stamp(set.minute),
      labels: isRollout
        ? { "rollouts-pod-template-hash": String(set.minute) }
        : { "pod-template-hash": String(set.minute) },
      annotations: {
        [`${group}/revision`]: String(set.revision),
        ...(set.history === undefined ? {} : { [`${group}/revision-history`]: set.history }),
      },
      ownerReferences: owner(isRollout ? "Rollout" : "Deployment", "uid-web"),
    },
    spec: { replicas: 1, template: template(set, String(set.minute)) },
    status: { availableReplicas: set.available ?? 0, conditions: set.conditions ?? [] },
  };
};

export const deployment = (
  revision: number,
  fields: {
    /** Reason and minute of the condition Progressing. */
    readonly progressing?: readonly [reason: string, minute: number];
    readonly spec?: object;
    readonly meta?: Meta;
    readonly observed?: number;
  } = {},
): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "uid-web",
    generation: 3,
    annotations: { "deployment.kubernetes.io/revision": String(revision) },
    ...fields.meta,
  },
  spec: { replicas: 1, progressDeadlineSeconds: 600, ...fields.spec },
  status: {
    observedGeneration: fields.observed ?? 3,
    conditions:
      fields.progressing === undefined
        ? []
        : [
            {
              type: "Progressing",
              status: fields.progressing[0] === "ProgressDeadlineExceeded" ? "False" : "True",
              reason: fields.progressing[0],
              lastUpdateTime: stamp(fields.progressing[1]),
            },
          ],
  },
});

/** A pod that some controller made; `waiting` is why its container does not run. */
export const pod = (
  ownerUid: string,
  kind: string,
  waiting: string | undefined,
  minute: number,
  labels: Readonly<Record<string, string>> = {},
): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `${ownerUid}-pod`,
    namespace: "shop",
    uid: `uid-of-pod-of-${ownerUid}`,
    creationTimestamp: stamp(minute),
    labels,
    ownerReferences: owner(kind, ownerUid),
  },
  spec: { containers: [{ name: "web", image: "app" }] },
  status: {
    phase: waiting === undefined ? "Running" : "Pending",
    conditions: [{ type: "Ready", status: waiting === undefined ? "True" : "False" }],
    containerStatuses: [
      {
        name: "web",
        ready: waiting === undefined,
        restartCount: 0,
        state:
          waiting === undefined ? { running: {} } : { waiting: { reason: waiting, message: "no" } },
      },
    ],
  },
});

export const controllerRevision = (
  kind: "StatefulSet" | "DaemonSet",
  revision: number,
  minute: number,
  shape: Template = {},
): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ControllerRevision",
  metadata: {
    name: `web-${minute}`,
    namespace: "shop",
    creationTimestamp: stamp(minute),
    labels:
      kind === "StatefulSet"
        ? { "controller.kubernetes.io/hash": String(minute) }
        : { "controller-revision-hash": String(minute) },
    ownerReferences: owner(kind, "uid-web"),
  },
  revision,
  data: { spec: { template: { $patch: "replace", ...template(shape) } } },
});
