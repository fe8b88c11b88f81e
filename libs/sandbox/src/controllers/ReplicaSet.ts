/** The ReplicaSet controller: as many pods as wanted, and why there are fewer. */
import { ApiError } from "../ApiError.js";
import type { Condition, Pod, ReplicaSet } from "./objects.js";
import {
  availableIn,
  controllerRef,
  isActive,
  isReady,
  setCondition,
  type World,
} from "./World.js";

const COMPONENT = "replicaset-controller";

export class ReplicaSetController {
  private readonly sets;
  private readonly pods;
  private readonly failures = new Map<string, number>();
  constructor(
    private readonly world: World,
    private readonly again: (namespace: string, name: string, ms: number) => void,
  ) {
    this.sets = world.resource("apps/v1", "replicasets");
    this.pods = world.resource("v1", "pods");
  }

  reconcile(namespace: string, name: string): void {
    const rs = this.world.get<ReplicaSet>(this.sets, namespace, name);
    if (!rs?.spec) return;
    const all = this.world.owned<Pod>(this.pods, rs);
    const active = all.filter(isActive);
    let failure: Condition | undefined;
    if (rs.metadata.deletionTimestamp === undefined) {
      const missing = rs.spec.replicas - active.length;
      if (missing > 0) failure = this.grow(rs, missing);
      else if (missing < 0) this.shrink(rs, active, -missing);
    }
    this.sync(rs, failure);
  }

  /** Creates pods until one is refused; the refusal is the set's condition. */
  private grow(rs: ReplicaSet, missing: number): Condition | undefined {
    const key = rs.metadata.uid ?? "";
    for (let i = 0; i < missing; i++)
      try {
        const template = rs.spec?.template;
        const pod = this.world.create(this.pods, rs.metadata.namespace, {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            generateName: `${rs.metadata.name}-`,
            ...(template?.metadata?.labels ? { labels: template.metadata.labels } : {}),
            ...(template?.metadata?.annotations
              ? { annotations: template.metadata.annotations }
              : {}),
            ownerReferences: [controllerRef(rs)],
          },
          spec: template?.spec,
        });
        this.world.event(
          rs,
          "Normal",
          "SuccessfulCreate",
          `Created pod: ${pod.metadata.name}`,
          COMPONENT,
        );
        this.failures.delete(key);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.world.event(
          rs,
          "Warning",
          "FailedCreate",
          `Error creating: ${error.message}`,
          COMPONENT,
        );
        const tries = (this.failures.get(key) ?? 0) + 1;
        this.failures.set(key, tries);
        this.again(
          rs.metadata.namespace ?? "",
          rs.metadata.name,
          Math.min(15 * 2 ** tries, 30_000),
        );
        return {
          type: "ReplicaFailure",
          status: "True",
          reason: "FailedCreate",
          message: error.message,
        };
      }
    return undefined;
  }

  /** The least useful go first: unscheduled, not ready, youngest. */
  private shrink(rs: ReplicaSet, active: readonly Pod[], surplus: number): void {
    const rank = (p: Pod): number => (p.spec?.["nodeName"] === undefined ? 0 : isReady(p) ? 2 : 1);
    const order = [...active].sort(
      (a, b) =>
        rank(a) - rank(b) ||
        ((a.metadata.creationTimestamp ?? "") > (b.metadata.creationTimestamp ?? "") ? -1 : 1),
    );
    for (const pod of order.slice(0, surplus)) {
      this.world.delete(this.pods, pod);
      this.world.event(
        rs,
        "Normal",
        "SuccessfulDelete",
        `Deleted pod: ${pod.metadata.name}`,
        COMPONENT,
      );
    }
  }

  private sync(old: ReplicaSet, failure: Condition | undefined): void {
    const rs = this.world.get<ReplicaSet>(this.sets, old.metadata.namespace, old.metadata.name);
    if (!rs?.spec) return;
    const all = this.world.owned<Pod>(this.pods, rs);
    const active = all.filter(isActive);
    const waits = active.map((p) => availableIn(p, rs.spec?.minReadySeconds ?? 0, this.world));
    const soonest = Math.min(...waits.filter((w) => w !== undefined && w > 0).map((w) => w ?? 0));
    if (Number.isFinite(soonest))
      this.again(rs.metadata.namespace ?? "", rs.metadata.name, soonest + 20);
    const ready = active.filter(isReady).length;
    const available = waits.filter((w) => w === 0).length;
    const before = rs.status?.conditions ?? [];
    const conditions = failure
      ? setCondition(before, failure, this.world.clock.stamp(), false)
      : before.filter((c) => c.type !== "ReplicaFailure");
    this.world.status(this.sets, rs, {
      replicas: active.length,
      ...(active.length > 0 ? { fullyLabeledReplicas: active.length } : {}),
      ...(ready > 0 ? { readyReplicas: ready } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      terminatingReplicas: all.filter((p) => p.metadata.deletionTimestamp !== undefined).length,
      observedGeneration: rs.metadata.generation,
      ...(conditions.length > 0 ? { conditions } : {}),
    });
  }
}
