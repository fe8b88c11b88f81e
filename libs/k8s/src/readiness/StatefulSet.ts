/** Every pod above the partition is of the new revision, and all are ready. */
import {
  figure,
  nested,
  newPodsText,
  notYet,
  partsOf,
  type ReadinessRule,
  toEndText,
  yes,
} from "./Judgement.js";

/**
 * An OrderedReady StatefulSet replaces no pod while one is broken, not even that one by a fix
 * (kubernetes#67250): a person has to delete it, so it is named.
 */
const stuckBehind = (broken: ReadonlyArray<string> = []): string =>
  broken.length === 0
    ? ""
    : `; the old pod ${broken.join(", ")} is not ready, and Kubernetes may wait for it until it is deleted`;

export const rule: ReadinessRule = (object, context) => {
  const { spec, status } = partsOf(object);
  if (status["observedGeneration"] === undefined)
    return notYet("waiting for its controller to see the change");
  const strategy = nested(spec, "updateStrategy");
  if (strategy["type"] === "OnDelete")
    return yes("applied; pods take the new revision when they are deleted (OnDelete)");
  const wanted = figure(spec, "replicas", 1);
  const replicas = figure(status, "replicas");
  const ready = figure(status, "readyReplicas");
  const available = figure(status, "availableReplicas", ready);
  const updated = figure(status, "updatedReplicas");
  const toUpdate = Math.max(0, wanted - figure(nested(strategy, "rollingUpdate"), "partition"));
  const partitioned = toUpdate < wanted;
  const stuck =
    spec["podManagementPolicy"] === "Parallel" ? "" : stuckBehind(context.brokenOldPods);
  const done = status["currentRevision"] === status["updateRevision"];

  if (replicas > wanted) return notYet(toEndText(replicas - wanted));
  if (updated < toUpdate && !done)
    return notYet(
      newPodsText({
        ready: context.newPodsReady ?? Math.min(updated, ready),
        wanted: toUpdate,
        created: updated,
      }) + stuck,
    );
  if (replicas < wanted || ready < wanted) return notYet(`${ready} of ${wanted} pods ready`);
  if (available < wanted) return notYet(`${ready} of ${wanted} pods ready, ${available} available`);
  if (!partitioned && !done)
    return notYet(
      `${ready} of ${wanted} pods ready, waiting for its controller to finish the rollout`,
    );
  return yes(`${ready} of ${wanted} pods ready`);
};
