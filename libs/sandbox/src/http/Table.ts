/** The tables that `kubectl get` prints. */
import { at, type JsonObject, type KubeObject } from "../Json.js";
import { items } from "../kinds/fields.js";
import type { Resource } from "../schema/Resources.js";

type Cell = string | number;
type Column = readonly [name: string, cell: (o: KubeObject) => Cell];

const number = (o: KubeObject, ...path: string[]): number => {
  const value = at(o, ...path);
  return typeof value === "number" ? value : 0;
};
const words = (o: KubeObject, ...path: string[]): string => {
  const value = at(o, ...path);
  return typeof value === "string" ? value : "";
};
const age = (o: KubeObject): string => {
  const seconds = Math.max(
    0,
    Math.floor((Date.now() - Date.parse(o.metadata.creationTimestamp ?? "")) / 1000),
  );
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60 ? `${seconds % 60}s` : ""}`;
  return seconds < 10_800 ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / 3600)}h`;
};

const statuses = (o: KubeObject, key = "containerStatuses"): JsonObject[] => items(o.status, key);
const podStatus = (o: KubeObject): string => {
  if (o.metadata.deletionTimestamp) return "Terminating";
  const init = items(o.spec, "initContainers");
  for (const [i, s] of statuses(o, "initContainerStatuses").entries()) {
    const spec = init[i];
    if (
      at(s, "state", "terminated", "exitCode") === 0 ||
      (spec?.["restartPolicy"] === "Always" && s["started"] === true)
    )
      continue;
    const reason = at(s, "state", "terminated", "reason") ?? at(s, "state", "waiting", "reason");
    if (typeof reason === "string" && reason !== "PodInitializing") return `Init:${reason}`;
    return `Init:${i}/${init.length}`;
  }
  let out = words(o, "status", "reason") || words(o, "status", "phase");
  for (const s of [...statuses(o)].reverse()) {
    const reason = at(s, "state", "waiting", "reason") ?? at(s, "state", "terminated", "reason");
    if (typeof reason === "string") out = reason;
  }
  return out;
};

const NAME: Column = ["Name", (o) => o.metadata.name];
const AGE: Column = ["Age", age];
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    NAME,
    [
      "Ready",
      (o) =>
        `${statuses(o).filter((s) => s["ready"] === true).length}/${items(o.spec, "containers").length}`,
    ],
    ["Status", podStatus],
    [
      "Restarts",
      (o) =>
        statuses(o).reduce(
          (sum, s) => sum + (typeof s["restartCount"] === "number" ? s["restartCount"] : 0),
          0,
        ),
    ],
    AGE,
  ],
  "deployments.apps": [
    NAME,
    ["Ready", (o) => `${number(o, "status", "readyReplicas")}/${number(o, "spec", "replicas")}`],
    ["Up-to-date", (o) => number(o, "status", "updatedReplicas")],
    ["Available", (o) => number(o, "status", "availableReplicas")],
    AGE,
  ],
  "replicasets.apps": [
    NAME,
    ["Desired", (o) => number(o, "spec", "replicas")],
    ["Current", (o) => number(o, "status", "replicas")],
    ["Ready", (o) => number(o, "status", "readyReplicas")],
    AGE,
  ],
  "statefulsets.apps": [
    NAME,
    ["Ready", (o) => `${number(o, "status", "readyReplicas")}/${number(o, "spec", "replicas")}`],
    AGE,
  ],
  "daemonsets.apps": [
    NAME,
    ["Desired", (o) => number(o, "status", "desiredNumberScheduled")],
    ["Current", (o) => number(o, "status", "currentNumberScheduled")],
    ["Ready", (o) => number(o, "status", "numberReady")],
    ["Up-to-date", (o) => number(o, "status", "updatedNumberScheduled")],
    ["Available", (o) => number(o, "status", "numberAvailable")],
    AGE,
  ],
  "jobs.batch": [
    NAME,
    [
      "Completions",
      (o) => `${number(o, "status", "succeeded")}/${number(o, "spec", "completions")}`,
    ],
    AGE,
  ],
  services: [
    NAME,
    ["Type", (o) => words(o, "spec", "type")],
    ["Cluster-IP", (o) => words(o, "spec", "clusterIP")],
    AGE,
  ],
  configmaps: [
    NAME,
    ["Data", (o) => Object.keys((at(o, "data") as object | undefined) ?? {}).length],
    AGE,
  ],
  secrets: [
    NAME,
    ["Type", (o) => words(o, "type")],
    ["Data", (o) => Object.keys((at(o, "data") as object | undefined) ?? {}).length],
    AGE,
  ],
  namespaces: [NAME, ["Status", (o) => words(o, "status", "phase")], AGE],
  persistentvolumeclaims: [
    NAME,
    ["Status", (o) => words(o, "status", "phase")],
    ["Volume", (o) => words(o, "spec", "volumeName")],
    AGE,
  ],
  nodes: [NAME, ["Status", () => "Ready"], AGE],
  events: [
    [
      "Last Seen",
      (o) =>
        age({
          ...o,
          metadata: {
            ...o.metadata,
            creationTimestamp: words(o, "lastTimestamp") || (o.metadata.creationTimestamp ?? ""),
          },
        }),
    ],
    ["Type", (o) => words(o, "type")],
    ["Reason", (o) => words(o, "reason")],
    [
      "Object",
      (o) =>
        `${words(o, "involvedObject", "kind").toLowerCase()}/${words(o, "involvedObject", "name")}`,
    ],
    ["Message", (o) => words(o, "message")],
  ],
};

export const tableOf = (
  r: Resource,
  objects: readonly KubeObject[],
  resourceVersion: string,
): JsonObject => {
  const columns = COLUMNS[r.qualified] ?? [NAME, AGE];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion },
    columnDefinitions: columns.map(([name]) => ({
      name,
      type: "string",
      format: name === "Name" ? "name" : "",
      description: "",
      priority: 0,
    })),
    rows: objects.map((o) => ({
      cells: columns.map(([, cell]) => cell(o)),
      object: {
        kind: "PartialObjectMetadata",
        apiVersion: "meta.k8s.io/v1",
        metadata: o.metadata as unknown as JsonObject,
      },
    })),
  };
};
