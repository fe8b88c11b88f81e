/** volume_unavailable: a pod waits for a volume that can't be mounted or attached. */
import { isCacheSync } from "./ContainerConfigMissing.js";
import { eventAt } from "./Pod.js";
import { type PodView, standingEvent } from "./PodView.js";
import { make, seenEvent, type Sign } from "./Sign.js";

export const rule = (view: PodView): Sign | undefined => {
  if (!view.starting) return undefined;
  const event =
    standingEvent(view, ["FailedMount", "FailedMapVolume", "FailedMountOnFilesystemMismatch"]) ??
    standingEvent(view, ["FailedAttachVolume"], ["SuccessfulAttachVolume"]);
  if (event === undefined) return undefined;
  const text = event.message ?? "a volume could not be mounted";
  return make({
    reason: "volume_unavailable",
    class: isCacheSync(text) ? "transient" : undefined,
    message: text,
    evidence: [seenEvent(event)],
    decidedAt: eventAt(event),
  });
};
