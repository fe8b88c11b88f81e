/**
 * It has a cluster IP. A LoadBalancer's outside address is not waited for, as kstatus doesn't
 * and kapp does: where no provider is installed it never comes, and the Service works within.
 */
import { nested, notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const { spec, status } = partsOf(object);
  if (spec["type"] !== "LoadBalancer") return yes("applied");
  if (typeof spec["clusterIP"] !== "string" || spec["clusterIP"] === "")
    return notYet("waiting for a cluster IP");
  const ingress = nested(status, "loadBalancer")["ingress"];
  return yes(
    Array.isArray(ingress) && ingress.length > 0
      ? "has an outside address"
      : "has no outside address yet",
  );
};
