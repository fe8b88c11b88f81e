/** pvc_unbound: a claim finds no volume, and nothing makes it one. */
import type { KubeObject } from "@nopea/domain";
import { eventAt, type KubeEvent } from "./Pod.js";
import { make, seen, seenEvent, type Sign } from "./Sign.js";

export const rule = (
  claim: KubeObject.KubeObject,
  events: ReadonlyArray<KubeEvent>,
): Sign | undefined => {
  const phase = (claim as { readonly status?: { readonly phase?: string } }).status?.phase;
  if (phase === "Bound") return undefined;
  const event = [...events]
    .sort((a, b) => eventAt(a) - eventAt(b))
    .findLast((candidate) =>
      ["ProvisioningFailed", "FailedBinding"].includes(candidate.reason ?? ""),
    );
  if (event === undefined && phase !== "Lost") return undefined;
  return make({
    reason: "pvc_unbound",
    class: phase === "Lost" ? "terminal" : undefined,
    message: event?.message ?? "the claim has lost its volume",
    evidence: [
      seen("state", `phase ${phase ?? "unknown"}`),
      event === undefined ? undefined : seenEvent(event),
    ],
    decidedAt: event === undefined ? undefined : eventAt(event),
  });
};
