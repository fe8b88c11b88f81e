/** A Deployment, its ReplicaSets and their pods, as a test needs them; times are seconds after `start`. */
import { type KubeObject, Timestamp } from "@nopea/domain";

export const start = Date.parse("2026-11-24T07:00:00Z");

export const time = (second: number): string =>
  Timestamp.fromMillis(start + second * 1_000).replace(/\.\d+Z$/, "Z");

let version = 0;
/** Every state of an object has a version of its own. */
const meta = (name: string, more: Partial<KubeObject.ObjectMeta> = {}): KubeObject.ObjectMeta => ({
  name,
  namespace: "ns",
  uid: `uid-${name}`,
  resourceVersion: `${++version}`,
  creationTimestamp: time(0),
  ...more,
});

const owner = (kind: string, name: string) => [
  { apiVersion: "apps/v1", kind, name, uid: `uid-${name}`, controller: true },
];

export const deployment = (
  name: string,
  fields: {
    readonly ready?: number;
    readonly wanted?: number;
    readonly conditions?: ReadonlyArray<object>;
    readonly revision?: string;
  } = {},
): KubeObject.KubeObject => {
  const { wanted = 1, ready = 0, revision = "1", conditions = [] } = fields;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: meta(name, {
      generation: 1,
      annotations: { "deployment.kubernetes.io/revision": revision },
    }),
    spec: { replicas: wanted, template: {} },
    status: {
      observedGeneration: 1,
      replicas: wanted,
      updatedReplicas: wanted,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [
        ...conditions,
        ...(ready === wanted
          ? [
              { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
              { type: "Available", status: "True" },
            ]
          : []),
      ],
    },
  };
};

export const replicaSet = (
  deploymentName: string,
  revision = "1",
  conditions: ReadonlyArray<object> = [],
): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: meta(`${deploymentName}-${revision}`, {
    annotations: { "deployment.kubernetes.io/revision": revision },
    ownerReferences: owner("Deployment", deploymentName),
  }),
  spec: { template: {} },
  status: { conditions },
});

export interface State {
  readonly waiting?: readonly [reason: string, message?: string];
  readonly running?: boolean;
  readonly restarts?: number;
  /** How the run before ended, and when it began. */
  readonly last?: readonly [exitCode: number, reason: string, startedSecond: number];
  readonly ready?: boolean;
}

export const pod = (
  name: string,
  setName: string,
  state: State,
  more: Partial<KubeObject.ObjectMeta> = {},
): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: meta(name, { ownerReferences: owner("ReplicaSet", setName), ...more }),
  spec: { containers: [{ name: "app", image: "reg.example.org/app:v1" }] },
  status: {
    phase: state.waiting !== undefined && state.restarts === undefined ? "Pending" : "Running",
    conditions: [
      { type: "PodScheduled", status: "True" },
      {
        type: "Ready",
        status: state.ready === true ? "True" : "False",
        lastTransitionTime: time(0),
      },
    ],
    containerStatuses: [
      {
        name: "app",
        ready: state.ready === true,
        restartCount: state.restarts ?? 0,
        state:
          state.waiting === undefined
            ? { running: {} }
            : { waiting: { reason: state.waiting[0], message: state.waiting[1] ?? "" } },
        ...(state.last === undefined
          ? {}
          : {
              lastState: {
                terminated: {
                  exitCode: state.last[0],
                  reason: state.last[1],
                  startedAt: time(state.last[2]),
                  finishedAt: time(state.last[2]),
                },
              },
            }),
      },
    ],
  },
});

export const event = (
  podName: string,
  reason: string,
  message: string,
  second: number,
): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: meta(`${podName}-${reason}-${second}`),
  reason,
  message,
  lastTimestamp: time(second),
  involvedObject: { kind: "Pod", uid: `uid-${podName}` },
});

export const notFound: State = { waiting: ["ErrImagePull", "manifest unknown"] };
export const pullDenied: State = {
  waiting: ["ErrImagePull", "unauthorized: authentication required"],
};
export const creating: State = { waiting: ["ContainerCreating"] };
export const ready: State = { running: true, ready: true };
export const crashed = (restarts: number, startedSecond = 1): State => ({
  waiting: ["CrashLoopBackOff", "back-off restarting failed container"],
  restarts,
  last: [1, "Error", startedSecond],
});
