/**
 * probe_failing: the container runs, but a probe says no, or has had it restarted. Never ends
 * the wait early, since a slow start looks the same.
 */
import { type ContainerView, inLastRun, lastEvent } from "./ContainerView.js";
import { millis } from "./Pod.js";
import { endText, make, seen, seenEnd, seenEvent, seenWaiting, type Sign } from "./Sign.js";

/** Without events (they may be forbidden) this long a run that isn't ready speaks for itself. */
const SILENT_MS = 30_000;

const KILLING = /failed (?:liveness|startup) probe/i;
const LIVENESS = /^(?:Liveness|Startup) probe (?:failed|errored)/i;

const killedByProbe = (view: ContainerView): boolean => {
  if (view.lastEnd === undefined || view.failedRuns === 0) return false;
  const killing = lastEvent(view, ["Killing"], (text) => KILLING.test(text));
  if (killing !== undefined && inLastRun(view, killing)) return true;
  const unhealthy = lastEvent(view, ["Unhealthy"], (text) => LIVENESS.test(text));
  const signalled = view.lastEnd.exitCode === 137 || view.lastEnd.exitCode === 143;
  return unhealthy !== undefined && signalled && inLastRun(view, unhealthy);
};

export const rule = (view: ContainerView): Sign | undefined => {
  const unhealthy = lastEvent(view, ["Unhealthy", "ProbeWarning"]);
  const running = view.status.state?.running;
  if (killedByProbe(view)) {
    const end = view.lastEnd ?? {};
    const killing = lastEvent(view, ["Killing"], (text) => KILLING.test(text));
    return make({
      reason: "probe_failing",
      message: `${unhealthy?.message ?? killing?.message ?? "a probe failed"}; the container was restarted (${endText(end)})`,
      container: view.name,
      evidence: [
        unhealthy === undefined ? undefined : seenEvent(unhealthy),
        killing === undefined ? undefined : seenEvent(killing),
        seenWaiting(view),
        seenEnd(end),
      ],
      decidedAt: millis(end.startedAt),
    });
  }
  if (running === undefined || view.role === "init") return undefined;
  // It has crashed again and again on its own: that is the cause, its unanswered probe the effect.
  if (view.failedRuns > 1) return undefined;
  if (unhealthy !== undefined)
    return make({
      reason: "probe_failing",
      message: unhealthy.message ?? "a probe failed",
      container: view.name,
      evidence: [seenEvent(unhealthy)],
    });
  const started = millis(running.startedAt);
  const probed = view.spec.readinessProbe !== undefined || view.spec.startupProbe !== undefined;
  return probed && started !== undefined && view.context.now - started >= SILENT_MS
    ? make({
        reason: "probe_failing",
        message: "the container runs, but has not passed its probe",
        container: view.name,
        evidence: [seen("state", "running, not ready")],
      })
    : undefined;
};
