/** When an object is ready, kind by kind: kstatus' rules, and where ours differ. */
import type { KubeObject } from "@nopea/domain";
import { assert, describe, it } from "@effect/vitest";
import { parse } from "yaml";
import type { ReadinessContext } from "../src/readiness/Judgement.js";
import { isAlwaysReady, of } from "../src/readiness/Readiness.js";

const now = Date.parse("2026-11-24T07:00:30Z");

type Expected = true | string | { readonly failed: string };

interface Case {
  readonly yaml: string;
  readonly expected: Expected;
  readonly context: Partial<ReadinessContext>;
}

const rows: ReadonlyArray<
  readonly [what: string, yaml: string, expected: Expected, context?: Partial<ReadinessContext>]
> = [
  [
    "a Deployment that its controller has not seen",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}}",
    "waiting for its controller to see the change",
  ],
  [
    "a Deployment without a status",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1}}",
    "waiting for its controller to see the change",
  ],
  [
    "a Deployment that rolls",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 3}, status: {observedGeneration: 2, replicas: 4, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3}}",
    "1 of 3 new pods ready, 2 created, 2 old pods left",
    { newPodsReady: 1 },
  ],
  [
    "a Deployment on its first way, of whose pods none may be read",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 3}, status: {observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 2}}",
    "2 of 3 new pods ready",
  ],
  [
    "a Deployment whose new pods are all there, and the old ones too",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}}",
    "0 of 1 new pods ready, 1 old pod left",
    { newPodsReady: 0 },
  ],
  [
    "a Deployment whose pods can't be created",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 3}, status: {observedGeneration: 1}}",
    "0 of 3 new pods ready, 0 created",
    { newPodsReady: 0 },
  ],
  [
    "a Deployment that is scaled down",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3}}",
    "waiting for 2 pods to end",
    { newPodsReady: 3 },
  ],
  [
    "a Deployment that its controller has not called done yet",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated, message: it moves}]}}",
    "2 of 2 new pods ready, waiting for its controller to finish the rollout",
  ],
  [
    "a Deployment whose old pods are still there",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 3}, status: {observedGeneration: 2, replicas: 4, updatedReplicas: 3, readyReplicas: 4, availableReplicas: 4}}",
    "all new pods ready, waiting for 1 old pod to end",
    { newPodsReady: 3 },
  ],
  [
    "a Deployment whose pods are ready but not yet available",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2, minReadySeconds: 10}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 0}}",
    "2 of 2 new pods ready, 0 available (each has to stay ready for 10s)",
  ],
  [
    "a Deployment that is done",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, {type: Available, status: 'True'}]}}",
    true,
  ],
  [
    "a Deployment scaled to nothing",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}, status: {observedGeneration: 1, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, {type: Available, status: 'True'}]}}",
    true,
  ],
  [
    "a Deployment past its own deadline",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: too long}]}}",
    { failed: "progress_deadline_exceeded" },
  ],
  [
    "a paused Deployment with something to roll out",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1, paused: true}, status: {observedGeneration: 1, replicas: 1, readyReplicas: 1, availableReplicas: 1}}",
    { failed: "progress_deadline_exceeded" },
  ],
  [
    "a paused Deployment with nothing to roll out",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1, paused: true}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}}",
    true,
  ],
  [
    "a StatefulSet that rolls",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 3}, status: {observedGeneration: 2, replicas: 3, readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b}}",
    "1 of 3 new pods ready, 1 created",
    { newPodsReady: 1 },
  ],
  [
    "a StatefulSet that rolls down to its partition",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 5, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}}, status: {observedGeneration: 2, replicas: 5, readyReplicas: 4, updatedReplicas: 2, currentRevision: a, updateRevision: b}}",
    "1 of 3 new pods ready, 2 created",
    { newPodsReady: 1 },
  ],
  [
    "a StatefulSet that is scaled down",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentRevision: a, updateRevision: a}}",
    "waiting for 1 pod to end",
  ],
  [
    "a StatefulSet whose pods have to stay ready",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 1, currentRevision: a, updateRevision: a}}",
    "2 of 2 pods ready, 1 available",
  ],
  [
    "a StatefulSet whose partition is reached",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}}, status: {observedGeneration: 2, replicas: 3, readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b}}",
    true,
  ],
  [
    "a StatefulSet with OnDelete",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 3, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2}}",
    true,
  ],
  [
    "a StatefulSet that is done",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, currentRevision: a, updateRevision: a}}",
    true,
  ],
  [
    "a DaemonSet that rolls",
    "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 2, numberReady: 3, numberAvailable: 3}}",
    "1 of 3 new pods ready, 2 created",
    { newPodsReady: 1 },
  ],
  [
    "a DaemonSet that no node wants",
    "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 0, currentNumberScheduled: 0}}",
    true,
  ],
  [
    "a ReplicaSet that can't make its pods",
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1, conditions: [{type: ReplicaFailure, status: 'True', message: exceeded quota}]}}",
    "exceeded quota",
  ],
  [
    "a ReplicaSet with one pod too many",
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2}}",
    "waiting for 1 pod to end",
  ],
  [
    "a Job with pods that run",
    "{apiVersion: batch/v1, kind: Job, metadata: {}, spec: {completions: 5}, status: {startTime: x, succeeded: 2, active: 2}}",
    "2 of 5 pods succeeded, 2 running",
  ],
  [
    "a Rollout on its way",
    "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 1}, spec: {replicas: 5}, status: {observedGeneration: '1', phase: Progressing, message: more replicas need to be updated, updatedReplicas: 2}}",
    "1 of 5 new pods ready, 2 created (Progressing: more replicas need to be updated)",
    { newPodsReady: 1 },
  ],
  [
    "a Job that runs (kstatus: ready)",
    "{apiVersion: batch/v1, kind: Job, metadata: {}, spec: {completions: 2}, status: {startTime: x, succeeded: 1, failed: 1}}",
    "1 of 2 pods succeeded, 1 failed",
  ],
  [
    "a Job that is done",
    "{apiVersion: batch/v1, kind: Job, metadata: {}, status: {conditions: [{type: Complete, status: 'True'}]}}",
    true,
  ],
  [
    "a Job that has failed",
    "{apiVersion: batch/v1, kind: Job, metadata: {}, status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}}",
    { failed: "job_failed" },
  ],
  [
    "a suspended Job",
    "{apiVersion: batch/v1, kind: Job, metadata: {}, spec: {suspend: true}, status: {conditions: [{type: Suspended, status: 'True'}]}}",
    true,
  ],
  [
    "a Pod that failed (kstatus: ready)",
    "{apiVersion: v1, kind: Pod, metadata: {}, status: {phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 1, reason: Error}}}]}}",
    { failed: "crash_loop" },
  ],
  [
    "a Pod that succeeded",
    "{apiVersion: v1, kind: Pod, metadata: {}, status: {phase: Succeeded}}",
    true,
  ],
  [
    "a Pod that waits",
    "{apiVersion: v1, kind: Pod, metadata: {}, status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', message: 0/1 nodes}]}}",
    "0/1 nodes",
  ],
  [
    "a claim that is bound",
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {}, status: {phase: Bound}}",
    true,
  ],
  [
    "a claim that is not",
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {}, status: {phase: Pending}}",
    "waiting for a volume",
  ],
  [
    "a claim that waits for its first pod",
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {}, status: {phase: Pending}}",
    true,
    { volumeBindingMode: "WaitForFirstConsumer" },
  ],
  [
    "a LoadBalancer without an address",
    "{apiVersion: v1, kind: Service, metadata: {}, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}",
    true,
  ],
  [
    "a Namespace that goes",
    "{apiVersion: v1, kind: Namespace, metadata: {deletionTimestamp: x}, status: {phase: Terminating}}",
    { failed: "namespace_terminating" },
  ],
  [
    "a CRD whose names are taken",
    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {}, status: {conditions: [{type: NamesAccepted, status: 'False', message: taken}]}}",
    { failed: "crd_invalid" },
  ],
  [
    "a CRD that is being installed",
    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {}, status: {conditions: [{type: Established, status: 'False', reason: Installing}]}}",
    "not established yet",
  ],
  [
    "an APIService that nothing serves",
    "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {}, status: {conditions: [{type: Available, status: 'False', message: no endpoints}]}}",
    "no endpoints",
  ],
  [
    "an autoscaler without metrics",
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {}, status: {conditions: [{type: ScalingActive, status: 'False', message: no metrics}]}}",
    true,
  ],
  [
    "a custom resource just made, without a status",
    "{apiVersion: example.org/v1, kind: Db, metadata: {creationTimestamp: '2026-11-24T07:00:25Z'}}",
    "waiting for its controller's first word",
  ],
  [
    "a custom resource that never gets a status",
    "{apiVersion: example.org/v1, kind: Db, metadata: {creationTimestamp: '2026-11-24T07:00:19Z'}}",
    true,
  ],
  [
    "a custom resource that is not Ready",
    "{apiVersion: example.org/v1, kind: Db, metadata: {generation: 1}, status: {conditions: [{type: Ready, status: 'False', message: creating}]}}",
    "creating",
  ],
  [
    "a custom resource whose Ready is of an older generation",
    "{apiVersion: example.org/v1, kind: Db, metadata: {generation: 2}, status: {conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}}",
    "waiting for its controller to see the change",
  ],
  [
    "a custom resource that stalled",
    "{apiVersion: example.org/v1, kind: Db, metadata: {}, status: {conditions: [{type: Stalled, status: 'True', message: no disk}]}}",
    { failed: "progress_deadline_exceeded" },
  ],
  [
    "a Rollout whose observedGeneration is a string",
    "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 3}, status: {observedGeneration: '3', phase: Healthy}}",
    true,
  ],
  [
    "a Rollout that has not seen the change",
    "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 4}, status: {observedGeneration: '3', phase: Healthy}}",
    "waiting for its controller to see the change",
  ],
  [
    "anything that is being deleted",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {deletionTimestamp: x}}",
    "is being deleted",
  ],
];

const cases = rows.map(([what, yaml, expected, context = {}]): readonly [string, Case] => [
  what,
  { yaml, expected, context },
]);

describe("readiness", () => {
  it.each(cases)("of %s", (_, { yaml, expected, context }) => {
    const found = of(parse(yaml) as KubeObject.KubeObject, { now, ...context });
    if (expected === true) assert.isTrue(found.ready, found.message);
    else if (typeof expected === "string")
      assert.deepStrictEqual(
        [found.ready, found.message, found.failed],
        [false, expected, undefined],
      );
    else assert.deepStrictEqual([found.ready, found.failed?.reason], [false, expected.failed]);
  });

  it.each([
    ["v1", "ConfigMap", true],
    ["v1", "Secret", true],
    ["batch/v1", "CronJob", true],
    ["policy/v1", "PodDisruptionBudget", true],
    ["networking.k8s.io/v1", "Ingress", true],
    ["apps/v1", "Deployment", false],
    ["gateway.networking.k8s.io/v1", "Gateway", false],
  ])("of %s %s needs no watching: %s", (apiVersion, kind, expected) => {
    assert.strictEqual(isAlwaysReady({ apiVersion, kind }), expected);
  });
});
