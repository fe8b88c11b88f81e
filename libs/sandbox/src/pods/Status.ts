/** A pod's status at each step of its life, as the kubelet writes it. */
import { at, isObject, type JsonObject } from "../Json.js";
import type { Pod } from "../controllers/objects.js";
import { items, text } from "../kinds/fields.js";
import { pulling, type Ended, type State } from "./Tags.js";

const terminated = (end: Ended, now: string): JsonObject => ({
  exitCode: end.code,
  reason: end.reason,
  ...(end.message === undefined ? {} : { message: end.message }),
  startedAt: now,
  finishedAt: now,
});

export const containerStatus = (container: JsonObject, state: State, now: string): JsonObject => {
  const image = text(container, "image");
  const shown: JsonObject =
    state.kind === "running"
      ? { running: { startedAt: now } }
      : state.kind === "waiting"
        ? {
            waiting: {
              reason: state.reason,
              ...(state.message ? { message: state.message.replaceAll("%s", image) } : {}),
            },
          }
        : { terminated: terminated(state.ended, now) };
  return {
    name: text(container, "name"),
    image,
    imageID: "",
    ready: state.ready,
    started: state.kind === "running",
    restartCount: state.restarts,
    state: shown,
    lastState: state.last ? { terminated: terminated(state.last, now) } : {},
  };
};

const RUNNING: State = { kind: "running", ready: true, restarts: 0 };
const COMPLETED = (container: JsonObject, now: string): JsonObject => ({
  ...containerStatus(
    container,
    { kind: "terminated", ended: { code: 0, reason: "Completed" }, ready: true, restarts: 0 },
    now,
  ),
  ready: true,
});

/** What the kubelet says of the pod, beside what the scheduler has said. */
const conditions = (pod: Pod, ready: boolean, initialized: boolean, now: string): JsonObject[] => {
  const before = Array.isArray(pod.status?.["conditions"])
    ? pod.status["conditions"].filter(isObject)
    : [];
  const make = (type: string, good: boolean, reason: string): JsonObject => {
    const status = good ? "True" : "False";
    const old = before.find((c) => c["type"] === type && c["status"] === status);
    return {
      type,
      status,
      lastProbeTime: null,
      lastTransitionTime: old?.["lastTransitionTime"] ?? now,
      ...(good ? {} : { reason }),
    };
  };
  const mine = [
    make("Initialized", initialized, "ContainersNotInitialized"),
    make("Ready", ready, "ContainersNotReady"),
    make("ContainersReady", ready, "ContainersNotReady"),
  ];
  return [...mine, ...before.filter((c) => !mine.some((m) => m["type"] === c["type"]))];
};

const initDone = (pod: Pod, now: string): JsonObject => {
  const init = items(pod.spec, "initContainers");
  if (init.length === 0) return {};
  return {
    initContainerStatuses: init.map((c) =>
      text(c, "restartPolicy") === "Always" ? containerStatus(c, RUNNING, now) : COMPLETED(c, now),
    ),
  };
};
const all = (pod: Pod, key: string, state: State, now: string): JsonObject[] =>
  items(pod.spec, key).map((c) => containerStatus(c, state, now));
const address = (ip: string): JsonObject => ({ podIP: ip, podIPs: [{ ip }] });

/** The kubelet has seen the pod. */
export const created = (pod: Pod, now: string): JsonObject => {
  const init = items(pod.spec, "initContainers").length > 0;
  const state: State = {
    kind: "waiting",
    reason: init ? "PodInitializing" : "ContainerCreating",
    ready: false,
    restarts: 0,
  };
  return {
    ...pod.status,
    phase: "Pending",
    startTime: now,
    conditions: conditions(pod, false, !init, now),
    ...(init ? { initContainerStatuses: all(pod, "initContainers", state, now) } : {}),
    containerStatuses: all(pod, "containers", state, now),
  };
};

export const ready = (pod: Pod, ip: string, now: string): JsonObject => ({
  ...pod.status,
  phase: "Running",
  conditions: conditions(pod, true, true, now),
  ...initDone(pod, now),
  containerStatuses: all(pod, "containers", RUNNING, now),
  ...address(ip),
});

/** The containers with a tag are in a state; the others run. */
export const misbehaving = (
  pod: Pod,
  tag: string,
  state: State,
  ip: string,
  now: string,
): JsonObject => ({
  ...pod.status,
  phase: pulling(state) ? "Pending" : "Running",
  conditions: conditions(pod, state.ready, true, now),
  ...initDone(pod, now),
  containerStatuses: items(pod.spec, "containers").map((c) =>
    containerStatus(c, text(c, "image").endsWith(`:${tag}`) ? state : RUNNING, now),
  ),
  ...(pulling(state) ? {} : address(ip)),
});

/** An init container with a tag is in a state; all others wait. */
export const initializing = (pod: Pod, tag: string, state: State, now: string): JsonObject => {
  const idle: State = { kind: "waiting", reason: "PodInitializing", ready: false, restarts: 0 };
  return {
    ...pod.status,
    phase: "Pending",
    conditions: conditions(pod, false, false, now),
    initContainerStatuses: items(pod.spec, "initContainers").map((c) =>
      containerStatus(
        c,
        text(c, "image").endsWith(`:${tag}`) ? { ...state, ready: false } : idle,
        now,
      ),
    ),
    containerStatuses: all(pod, "containers", idle, now),
  };
};

/** A Job's pod has ended. */
export const finished = (pod: Pod, failed: boolean, now: string): JsonObject => {
  const ended: Ended = failed ? { code: 1, reason: "Error" } : { code: 0, reason: "Completed" };
  return {
    ...pod.status,
    phase: failed ? "Failed" : "Succeeded",
    conditions: conditions(pod, false, true, now),
    containerStatuses: all(
      pod,
      "containers",
      { kind: "terminated", ended, ready: false, restarts: 0 },
      now,
    ),
  };
};

/** The state of the first container with a tag, in the form of Tags.keyOf. */
export const seen = (pod: Pod, key: string, tag: string): string | undefined => {
  const status = items(pod.status, key).find((s) => text(s, "image").endsWith(`:${tag}`));
  if (!status) return undefined;
  const state = isObject(status["state"]) ? status["state"] : {};
  const kind = Object.keys(state)[0] ?? "";
  const reason = at(state, "waiting", "reason");
  return `${String(status["restartCount"])}-${kind}-${typeof reason === "string" ? reason : String(status["ready"])}`;
};
/** Whether nothing has happened to the pod since the kubelet saw it. */
export const fresh = (pod: Pod): boolean => {
  const statuses = [
    ...items(pod.status, "containerStatuses"),
    ...items(pod.status, "initContainerStatuses"),
  ];
  const reasons = new Set(statuses.map((s) => at(s, "state", "waiting", "reason")));
  return (
    pod.status?.["phase"] === "Pending" &&
    [...reasons].every((r) => r === "ContainerCreating" || r === "PodInitializing")
  );
};
