/** A whole pod as the pod-level rules look at it: before its containers have begun. */
import type { DiagnosisContext } from "./ContainerView.js";
import { eventAt, type KubeEvent, type Pod } from "./Pod.js";

export interface PodView {
  readonly pod: Pod;
  /** Oldest first. */
  readonly events: ReadonlyArray<KubeEvent>;
  /** No container has got further than being created. */
  readonly starting: boolean;
  readonly context: DiagnosisContext;
}

export const podView = (pod: Pod, context: DiagnosisContext): PodView => ({
  pod,
  events: [...context.events].sort((a, b) => eventAt(a) - eventAt(b)),
  starting:
    pod.status?.phase === "Pending" &&
    [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].every(
      (status) =>
        ["ContainerCreating", "PodInitializing", ""].includes(
          status.state?.waiting?.reason ?? "",
        ) &&
        status.state?.running === undefined &&
        status.state?.terminated === undefined,
    ),
  context,
});

/** Events that show that the node has got past volumes and network. */
const PAST = ["Pulling", "Pulled", "Created", "Started", "SuccessfulMountVolume"];

/** The newest event with one of these reasons, unless a later one shows that it is overcome. */
export const standingEvent = (
  view: PodView,
  reasons: ReadonlyArray<string>,
  overcomeBy: ReadonlyArray<string> = [],
): KubeEvent | undefined => {
  const event = view.events.findLast((candidate) => reasons.includes(candidate.reason ?? ""));
  if (event === undefined) return undefined;
  const at = eventAt(event);
  const overcome = view.events.some(
    (later) => [...PAST, ...overcomeBy].includes(later.reason ?? "") && eventAt(later) > at,
  );
  return overcome ? undefined : event;
};
