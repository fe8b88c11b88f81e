/**
 * container_start_failed: the runtime could not start the process, or the shell in it found no
 * command (exit 126, 127). What only the node is to blame for is `sandbox_failed`.
 */
import { type ContainerView, lastEvent } from "./ContainerView.js";
import { eventAt, millis } from "./Pod.js";
import { endText, make, seenEnd, seenEvent, seenWaiting, type Sign } from "./Sign.js";

const waitingReasons: ReadonlyArray<string> = [
  "CreateContainerError",
  "RunContainerError",
  "ContainerCannotRun",
  "StartError",
];
const endReasons: ReadonlyArray<string> = ["StartError", "ContainerCannotRun"];

/** The image exists, for another architecture. */
export const isForAnotherPlatform = (text: string): boolean =>
  /no match(?:ing manifest)? for (?:platform|\S+\/\S+)|no image found in (?:manifest list|image index) for architecture|exec format error|does not match the (?:specified|expected) platform/i.test(
    text,
  );

/** runc: the limit is lower than what starting takes. */
const isOutOfMemory = (text: string): boolean =>
  /init was OOM-killed|memory limit too low|OOM-killed/i.test(text);

/** The runtime is busy or gone: the kubelet tries again, and the image is not to blame. */
const isNodesBusiness = (text: string): boolean =>
  /deadline exceeded|is reserved for|already in use by container|code = Unavailable|connection refused|connection reset|try again later|timed? ?out/i.test(
    text,
  );

export const rule = (view: ContainerView): Sign | undefined => {
  const end = view.lastEnd;
  const waits = waitingReasons.includes(view.waitingReason);
  const neverRan = end !== undefined && endReasons.includes(end.reason ?? "");
  const noCommand = end?.exitCode === 126 || end?.exitCode === 127;
  if (!waits && (view.failedRuns === 0 || (!neverRan && !noCommand))) return undefined;

  const event = lastEvent(view, ["Failed"], (message) => !/pull/i.test(message));
  const text = (waits ? view.waitingMessage : end?.message) || event?.message || "";
  return make({
    reason: isOutOfMemory(text)
      ? "out_of_memory"
      : waits && isNodesBusiness(text)
        ? "sandbox_failed"
        : "container_start_failed",
    message:
      text ||
      (end === undefined
        ? `${view.waitingReason}: the container could not be started`
        : `${endText(end)}: ${end.exitCode === 126 ? "the command can't be executed" : "command not found"}`),
    container: view.name,
    evidence: [
      seenWaiting(view),
      end === undefined ? undefined : seenEnd(end),
      event === undefined ? undefined : seenEvent(event),
    ],
    decidedAt:
      Math.max(
        millis(end?.startedAt) ?? millis(end?.finishedAt) ?? 0,
        event === undefined ? 0 : eventAt(event),
      ) || undefined,
  });
};
