/** Whether what is live equals what was applied: pure, from both as the API server gave them. */
import { type DeployResult, KubeObject } from "@nopea/domain";
import { ThreeWay } from "@nopea/k8s";
import type * as LastApplied from "./LastApplied.js";

/** What differs; empty = verified. */
export const differences = (
  applied: ReadonlyArray<LastApplied.Entry>,
  live: ReadonlyArray<KubeObject.KubeObject>,
): ReadonlyArray<DeployResult.Difference> => {
  const byKey = new Map(
    live.map((object) => [KubeObject.refKey(KubeObject.refOf(object)), object]),
  );
  return applied.flatMap(({ ref, object }) => {
    const there = byKey.get(KubeObject.refKey(ref));
    const fields = there === undefined ? ["metadata"] : ThreeWay.differences(object, there);
    return fields.length === 0 ? [] : [{ object: ref, fields }];
  });
};
