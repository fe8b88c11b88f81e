/**
 * container_config_missing: a container names a ConfigMap, Secret or key that isn't there. The
 * kubelet looks again every few seconds, so that a late Secret mends it.
 */
import { type ContainerView, lastEvent } from "./ContainerView.js";
import { eventAt } from "./Pod.js";
import { make, seen, seenEvent, type Sign } from "./Sign.js";

/** The kubelet's own caches were not there yet: it says so of ConfigMaps that exist. */
export const isCacheSync = (text: string): boolean =>
  /failed to sync .* cache|object "[^"]*"\/"[^"]*" not registered|services have not yet been read/i.test(
    text,
  );

/** Written in the template, and wrong in it: waiting mends nothing, and nothing is missing. */
const isWrongTemplate = (text: string): boolean =>
  /runAsNonRoot|non-numeric user|run as root/i.test(text);

export const rule = (view: ContainerView): Sign | undefined => {
  if (view.waitingReason !== "CreateContainerConfigError") return undefined;
  const text = view.waitingMessage;
  const event = lastEvent(view, ["Failed"], (message) => !/pull/i.test(message));
  const isVolume = /subpath/i.test(text);
  return make({
    // Security settings that can't be met are a start that fails: the advice for a missing key would mislead.
    reason: isWrongTemplate(text)
      ? "container_start_failed"
      : isVolume
        ? "volume_unavailable"
        : "container_config_missing",
    class: isCacheSync(text) ? "transient" : undefined,
    message: text || event?.message || "the container's configuration is not complete",
    container: view.name,
    evidence: [
      seen("state", `CreateContainerConfigError: ${text}`),
      event === undefined ? undefined : seenEvent(event),
    ],
    decidedAt: event === undefined ? undefined : eventAt(event),
  });
};
