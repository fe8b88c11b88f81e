/** The one node, and what is still free on it. */
import { obj, items } from "../kinds/fields.js";
import type { KubeObject } from "../Json.js";
import { millis } from "../schema/Quantity.js";

export const NODE = "node-1";
export const CAPACITY: Readonly<Record<string, string>> = {
  cpu: "64",
  memory: "256Gi",
  pods: "5k",
};

export const nodeObject = (now: string): unknown => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: NODE, labels: { "kubernetes.io/hostname": NODE } },
  status: {
    capacity: CAPACITY,
    allocatable: CAPACITY,
    conditions: [
      {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "kubelet is posting ready status",
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      },
    ],
  },
});

const requested = (pod: KubeObject, name: string): bigint => {
  if (name === "pods") return 1000n;
  const of = (key: string): bigint[] =>
    items(pod.spec, key).map((c) => {
      const value = obj(obj(c, "resources"), "requests")?.[name];
      return typeof value === "string" ? millis(value) : 0n;
    });
  const total = of("containers").reduce((a, b) => a + b, 0n);
  const init = of("initContainers").reduce((a, b) => (b > a ? b : a), 0n);
  return init > total ? init : total;
};

/** Why a pod doesn't fit, in the scheduler's words; empty where it does. */
export const misfits = (
  pod: KubeObject,
  others: readonly KubeObject[],
  labels: Record<string, string>,
): string[] => {
  const selector = obj(pod.spec, "nodeSelector") ?? {};
  if (Object.entries(selector).some(([k, v]) => labels[k] !== v))
    return ["1 node(s) didn't match Pod's node affinity/selector"];
  return Object.entries(CAPACITY).flatMap(([name, capacity]) => {
    const used = others.reduce((sum, o) => sum + requested(o, name), 0n);
    if (used + requested(pod, name) <= millis(capacity)) return [];
    return [name === "pods" ? "1 Too many pods" : `1 Insufficient ${name}`];
  });
};
