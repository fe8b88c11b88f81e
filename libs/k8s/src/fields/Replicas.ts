/**
 * Who says how many replicas a workload has. While a HorizontalPodAutoscaler or KEDA object
 * targets it, or a controller owns the count through the scale subresource, the count of the
 * document is not ours to send. A person's `kubectl scale` is no such owner.
 */
import { KubeObject } from "@nopea/domain";
import { appliedBy, fieldOf } from "./fieldTree.js";
import { at, textAt, withAt, withoutAt } from "./jsonPath.js";

export const PATH_TEXT = "spec.replicas";
const PATH = ["spec", "replicas"];

/** kubectl and its subcommands (`kubectl-edit`, `kubectl-client-side-apply`…): a person's hand. */
export const isPersonsTool = (manager: string): boolean =>
  manager === "kubectl" || manager.startsWith("kubectl-");

const ownsReplicas = (entry: KubeObject.ManagedFieldsEntry): boolean =>
  at(entry.fieldsV1, "f:spec", "f:replicas") !== undefined;

/** A controller, not a person, owns the count through the scale subresource. */
export const hasScaler = (live: KubeObject.KubeObject): boolean =>
  (live.metadata.managedFields ?? []).some(
    (entry) =>
      entry.subresource === "scale" && !isPersonsTool(entry.manager) && ownsReplicas(entry),
  );

const isAutoscaler = (object: KubeObject.KubeObject): boolean => {
  const group = KubeObject.groupOf(object.apiVersion);
  return (
    (group === "autoscaling" && object.kind === "HorizontalPodAutoscaler") ||
    (group === "keda.sh" && object.kind === "ScaledObject")
  );
};

/** `refKey` of every workload that an autoscaler among these objects targets. */
export const autoscaled = (objects: Iterable<KubeObject.KubeObject>): ReadonlySet<string> => {
  const targets = new Set<string>();
  for (const object of objects) {
    if (!isAutoscaler(object)) continue;
    const name = textAt(object, "spec", "scaleTargetRef", "name");
    if (name === undefined) continue;
    targets.add(
      KubeObject.refKey({
        // KEDA's target is a Deployment unless it says otherwise.
        apiVersion: textAt(object, "spec", "scaleTargetRef", "apiVersion") ?? "apps/v1",
        kind: textAt(object, "spec", "scaleTargetRef", "kind") ?? "Deployment",
        name,
        ...(object.metadata.namespace === undefined
          ? {}
          : { namespace: object.metadata.namespace }),
      }),
    );
  }
  return targets;
};

/** Whether the document says a count at all: only then is anything to be decided. */
export const saysCount = (object: KubeObject.KubeObject): boolean =>
  typeof at(object, ...PATH) === "number";

/**
 * What to send in place of the document's count: nothing of it where another owns it and we no
 * longer do, the live count while we still do (leaving it out would let it fall to 1).
 */
export const settle = (
  wanted: KubeObject.KubeObject,
  live: KubeObject.KubeObject | undefined,
  fieldManager: string,
  isAutoscaled: boolean,
): KubeObject.KubeObject => {
  if (live === undefined || !saysCount(wanted) || !(isAutoscaled || hasScaler(live))) return wanted;
  const count = at(live, ...PATH);
  if (typeof count !== "number") return wanted;
  const spec = fieldOf(appliedBy(live, fieldManager) ?? {}, "spec");
  const ours = spec !== undefined && fieldOf(spec, "replicas") !== undefined;
  const otherOwns = (live.metadata.managedFields ?? []).some(
    (entry) => entry.manager !== fieldManager && ownsReplicas(entry),
  );
  const changed = ours || !otherOwns ? withAt(wanted, PATH, count) : withoutAt(wanted, PATH);
  return changed as unknown as KubeObject.KubeObject;
};
