/** The DaemonSet controller, for a cluster of one node. */
import { ApiError } from "../ApiError.js";
import { NODE } from "../pods/Node.js";
import type { DaemonSet, Pod } from "./objects.js";
import { revisionFor } from "./Revisions.js";
import { availableIn, controllerRef, isActive, isReady, type World } from "./World.js";

const COMPONENT = "daemonset-controller";
const REVISION = "controller-revision-hash";
const TOLERATED = [
  ["node.kubernetes.io/not-ready", "NoExecute"],
  ["node.kubernetes.io/unreachable", "NoExecute"],
  ["node.kubernetes.io/disk-pressure", "NoSchedule"],
  ["node.kubernetes.io/memory-pressure", "NoSchedule"],
  ["node.kubernetes.io/pid-pressure", "NoSchedule"],
  ["node.kubernetes.io/unschedulable", "NoSchedule"],
].map(([key, effect]) => ({ key, operator: "Exists", effect }));

export class DaemonSetController {
  private readonly sets;
  private readonly pods;
  constructor(
    private readonly world: World,
    private readonly again: (namespace: string, name: string, ms: number) => void,
  ) {
    this.sets = world.resource("apps/v1", "daemonsets");
    this.pods = world.resource("v1", "pods");
  }

  reconcile(namespace: string, name: string): void {
    const set = this.world.get<DaemonSet>(this.sets, namespace, name);
    if (!set?.spec || set.metadata.deletionTimestamp !== undefined) return;
    const { hash } = revisionFor(this.world, set, set.spec.template, false);
    const pods = this.world.owned<Pod>(this.pods, set);
    const active = pods.filter(isActive);
    const stale = active.filter((p) => p.metadata.labels?.[REVISION] !== hash);
    if (pods.length === 0) this.create(set, hash);
    for (const pod of pods)
      if (pod.status?.["phase"] === "Failed" && pod.metadata.deletionTimestamp === undefined)
        this.remove(set, pod);
    if (set.spec.updateStrategy.type === "RollingUpdate")
      for (const pod of stale) this.remove(set, pod);
    this.sync(namespace, name, hash);
  }

  private remove(set: DaemonSet, pod: Pod): void {
    this.world.delete(this.pods, pod);
    this.world.event(
      set,
      "Normal",
      "SuccessfulDelete",
      `Deleted pod: ${pod.metadata.name}`,
      COMPONENT,
    );
  }

  private create(set: DaemonSet, hash: string): void {
    const template = set.spec?.template;
    const given = Array.isArray(template?.spec["tolerations"]) ? template.spec["tolerations"] : [];
    try {
      const pod = this.world.create(this.pods, set.metadata.namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          generateName: `${set.metadata.name}-`,
          labels: {
            ...template?.metadata?.labels,
            [REVISION]: hash,
            "pod-template-generation":
              set.metadata.annotations?.["deprecated.daemonset.template.generation"] ?? "1",
          },
          ...(template?.metadata?.annotations
            ? { annotations: template.metadata.annotations }
            : {}),
          ownerReferences: [controllerRef(set)],
        },
        spec: {
          ...template?.spec,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  { matchFields: [{ key: "metadata.name", operator: "In", values: [NODE] }] },
                ],
              },
            },
          },
          tolerations: [...given, ...TOLERATED],
        },
      });
      this.world.event(
        set,
        "Normal",
        "SuccessfulCreate",
        `Created pod: ${pod.metadata.name}`,
        COMPONENT,
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.world.event(
        set,
        "Warning",
        "FailedCreate",
        `Error creating: ${error.message}`,
        COMPONENT,
      );
      this.again(set.metadata.namespace ?? "", set.metadata.name, 1000);
    }
  }

  private sync(namespace: string, name: string, hash: string): void {
    const set = this.world.get<DaemonSet>(this.sets, namespace, name);
    if (!set?.spec) return;
    const pods = this.world.owned<Pod>(this.pods, set).filter(isActive);
    const ready = pods.filter(isReady).length;
    const available = pods.filter(
      (p) => availableIn(p, set.spec?.minReadySeconds ?? 0, this.world) === 0,
    ).length;
    const updated = pods.filter((p) => p.metadata.labels?.[REVISION] === hash).length;
    this.world.status(this.sets, set, {
      currentNumberScheduled: pods.length,
      numberMisscheduled: 0,
      desiredNumberScheduled: 1,
      numberReady: ready,
      observedGeneration: set.metadata.generation,
      ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
      ...(available > 0 ? { numberAvailable: available } : {}),
      ...(available < 1 ? { numberUnavailable: 1 - available } : {}),
    });
  }
}
