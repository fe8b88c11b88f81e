/**
 * One container of a pod, as the rules look at it: its status, its place, the events that speak
 * of it, and how often it has run and failed.
 */
import {
  type Container,
  type ContainerStatus,
  eventAt,
  type KubeEvent,
  millis,
  type Pod,
  type Terminated,
} from "./Pod.js";

export interface DiagnosisContext {
  /** By the cluster's clock, in milliseconds. */
  readonly now: number;
  /** The pod's events that count, in any order. */
  readonly events: ReadonlyArray<KubeEvent>;
  /** restartCount at which a crash loop is terminal; 2 = the third run that failed. */
  readonly crashLoopRestarts: number;
  /** Pull errors seen earlier, by container: before 1.31 a kubelet that backs off no longer says why. */
  readonly earlierPullErrors?: ReadonlyMap<string, string> | undefined;
}

export interface ContainerView {
  readonly name: string;
  readonly role: "init" | "sidecar" | "main";
  readonly pod: Pod;
  readonly spec: Container;
  readonly status: ContainerStatus;
  /** Oldest first. */
  readonly events: ReadonlyArray<KubeEvent>;
  readonly waitingReason: string;
  readonly waitingMessage: string;
  /** How its last run ended. */
  readonly lastEnd: Terminated | undefined;
  /** Runs that came to an end which was not wanted. */
  readonly failedRuns: number;
  /** Done or serving: nothing to find here. */
  readonly fine: boolean;
  readonly context: DiagnosisContext;
}

/** Of the pod's own Job: how often it is tried again is the Job's business. */
export const isJobPod = (pod: Pod): boolean =>
  pod.metadata.ownerReferences?.some(
    (owner) => owner.controller === true && owner.kind === "Job",
  ) ?? false;

const quoted = (name: string): RegExp =>
  new RegExp(`(?:^|[\\s"'{=])${name.replace(/[^\w-]/g, "\\$&")}(?:$|[\\s"'},:])`);

/** Whether an event of the pod speaks of this container; one that names none speaks of all. */
const speaksOf = (event: KubeEvent, name: string, others: ReadonlyArray<string>): boolean => {
  const path = event.involvedObject?.fieldPath;
  if (path !== undefined && path.includes("{")) return path.includes(`{${name}}`);
  const text = event.message ?? "";
  return quoted(name).test(text) || !others.some((other) => quoted(other).test(text));
};

const viewOf = (
  pod: Pod,
  status: ContainerStatus,
  init: boolean,
  names: ReadonlyArray<string>,
  context: DiagnosisContext,
): ContainerView => {
  const spec = (init ? pod.spec?.initContainers : pod.spec?.containers)?.find(
    (container) => container.name === status.name,
  ) ?? { name: status.name };
  const role = !init ? "main" : spec.restartPolicy === "Always" ? "sidecar" : "init";
  const current = status.state?.terminated;
  const lastEnd = current ?? status.lastState?.terminated;
  // A run that ends with 0 is an end that was wanted, but not where the kubelet starts it again.
  const endsWell =
    role === "init" || (role === "main" && (pod.spec?.restartPolicy ?? "Always") !== "Always");
  const currentFailed = current !== undefined && !(endsWell && current.exitCode === 0);
  const backingOff = current === undefined && status.state?.running === undefined;
  const restarts = status.restartCount ?? 0;
  const serving = status.state?.running !== undefined && status.ready === true;
  return {
    name: status.name,
    role,
    pod,
    spec,
    status,
    events: context.events
      .filter((event) =>
        speaksOf(
          event,
          status.name,
          names.filter((name) => name !== status.name),
        ),
      )
      .sort((a, b) => eventAt(a) - eventAt(b)),
    waitingReason: status.state?.waiting?.reason ?? "",
    waitingMessage: status.state?.waiting?.message ?? "",
    lastEnd,
    failedRuns:
      restarts +
      (currentFailed || (backingOff && status.lastState?.terminated !== undefined) ? 1 : 0),
    fine: serving || (current !== undefined && !currentFailed),
    context,
  };
};

/** Init containers (sidecars among them) first, as they run; ephemeral ones are a person's doing and don't count. */
export const containersOf = (pod: Pod, context: DiagnosisContext): ReadonlyArray<ContainerView> => {
  const inits = pod.status?.initContainerStatuses ?? [];
  const mains = pod.status?.containerStatuses ?? [];
  const names = [...inits, ...mains].map((status) => status.name);
  return [
    ...inits.map((status) => viewOf(pod, status, true, names, context)),
    ...mains.map((status) => viewOf(pod, status, false, names, context)),
  ];
};

/** The newest of the container's events with one of these reasons that `test` holds for. */
export const lastEvent = (
  view: { readonly events: ReadonlyArray<KubeEvent> },
  reasons: ReadonlyArray<string>,
  test: (message: string) => boolean = () => true,
): KubeEvent | undefined =>
  view.events.findLast(
    (event) => reasons.includes(event.reason ?? "") && test(event.message ?? ""),
  );

/** Whether an event belongs to the container's last run; Kubernetes' seconds leave room for a few. */
export const inLastRun = (view: ContainerView, event: KubeEvent): boolean => {
  const start = millis(view.lastEnd?.startedAt);
  return start === undefined || eventAt(event) >= start - 5_000;
};
