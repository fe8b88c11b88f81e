/** An Argo Rollout whose phase is Healthy. Its pods, judged elsewhere, are the truth; the phase is a hint. */
import { seen } from "../diagnosis/Sign.js";
import {
  failed,
  figure,
  notYet,
  newPodsText,
  partsOf,
  type ReadinessRule,
  yes,
} from "./Judgement.js";

export const rule: ReadinessRule = (object, context) => {
  const { spec, status } = partsOf(object);
  const phase = typeof status["phase"] === "string" ? status["phase"] : undefined;
  const message = typeof status["message"] === "string" ? status["message"] : "";
  if (phase === "Healthy") return yes("healthy");
  if (phase === "Degraded")
    return failed({
      reason: status["abort"] === true ? "rollout_aborted" : "progress_deadline_exceeded",
      message: message || "degraded",
      evidence: [seen("state", `phase Degraded: ${message}`)],
    });
  const wanted = spec["replicas"];
  const words = [phase ?? "not seen by its controller yet", message].filter(Boolean).join(": ");
  if (phase === undefined || typeof wanted !== "number") return notYet(words);
  const created = figure(status, "updatedReplicas");
  const ready = context.newPodsReady ?? 0;
  return notYet(`${newPodsText({ ready, wanted, created })} (${words})`);
};
