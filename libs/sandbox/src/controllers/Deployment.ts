/** The Deployment controller: replica sets of each revision, rolled from one to the next. */
import { clone, equal, type JsonObject } from "../Json.js";
import type { Condition, Deployment, Pod, ReplicaSet, Template } from "./objects.js";
import { controllerRef, setCondition, templateHash, type World } from "./World.js";

const COMPONENT = "deployment-controller";
const HASH = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";
const REVISIONS = "deployment.kubernetes.io/revision-history";
const DESIRED = "deployment.kubernetes.io/desired-replicas";
const MAX = "deployment.kubernetes.io/max-replicas";

const sum = (sets: readonly ReplicaSet[], of: (rs: ReplicaSet) => number): number =>
  sets.reduce((n, rs) => n + of(rs), 0);
const wanted = (rs: ReplicaSet): number => rs.spec?.replicas ?? 0;
const available = (rs: ReplicaSet): number => rs.status?.availableReplicas ?? 0;
/** A set that has just been scaled down still reports the pods that are about to go. */
const lasting = (rs: ReplicaSet): number => Math.min(available(rs), wanted(rs));
const revisionOf = (rs: ReplicaSet): number => Number(rs.metadata.annotations?.[REVISION] ?? 0);

const scaled = (value: number | string | undefined, total: number, up: boolean): number => {
  if (typeof value === "number") return value;
  const share = (Number((value ?? "0%").replace("%", "")) * total) / 100;
  return up ? Math.ceil(share) : Math.floor(share);
};
const limits = (d: Deployment): { readonly surge: number; readonly unavailable: number } => {
  const spec = d.spec;
  if (!spec || spec.strategy.type !== "RollingUpdate") return { surge: 0, unavailable: 0 };
  const surge = scaled(spec.strategy.rollingUpdate?.maxSurge, spec.replicas, true);
  const unavailable = scaled(spec.strategy.rollingUpdate?.maxUnavailable, spec.replicas, false);
  return {
    surge,
    unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, spec.replicas),
  };
};

const withoutHash = (template: Template): unknown => {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
};

export class DeploymentController {
  private readonly deployments;
  private readonly sets;
  private readonly pods;
  constructor(
    private readonly world: World,
    private readonly again: (namespace: string, name: string, ms: number) => void,
  ) {
    this.deployments = world.resource("apps/v1", "deployments");
    this.sets = world.resource("apps/v1", "replicasets");
    this.pods = world.resource("v1", "pods");
  }

  reconcile(namespace: string, name: string): void {
    const d = this.world.get<Deployment>(this.deployments, namespace, name);
    if (!d?.spec || d.metadata.deletionTimestamp !== undefined) return;
    const sets = this.world.owned<ReplicaSet>(this.sets, d);
    const template = withoutHash(d.spec.template);
    let fresh = sets.find((rs) => rs.spec && equal(withoutHash(rs.spec.template), template));
    const old = sets.filter((rs) => rs !== fresh);
    let conditions: Condition[] = d.status?.conditions ?? [];
    if (d.spec.paused !== true) {
      const recreate = d.spec.strategy.type === "Recreate";
      if (recreate && this.stopOld(d, old)) return this.sync(d, fresh, old, conditions);
      if (!fresh) {
        fresh = this.createSet(d, old);
        if (!fresh) return;
        conditions = this.progress(
          conditions,
          "True",
          "NewReplicaSetCreated",
          `Created new replica set "${fresh.metadata.name}"`,
        );
      } else {
        fresh = this.revise(d, fresh, old);
        if (!conditions.some((c) => c.type === "Progressing"))
          conditions = this.progress(
            conditions,
            "True",
            "FoundNewReplicaSet",
            `Found new replica set "${fresh.metadata.name}"`,
          );
      }
      fresh = recreate ? this.scale(d, fresh, d.spec.replicas) : this.roll(d, fresh, old);
    } else {
      conditions = this.progress(conditions, "Unknown", "DeploymentPaused", "Deployment is paused");
      if (fresh && old.every((rs) => wanted(rs) === 0))
        fresh = this.scale(d, fresh, d.spec.replicas);
    }
    const sets2 = this.world.owned<ReplicaSet>(this.sets, d);
    const freshName = fresh?.metadata.name;
    this.sync(
      d,
      sets2.find((rs) => rs.metadata.name === freshName),
      sets2.filter((rs) => rs.metadata.name !== freshName),
      conditions,
    );
  }

  private progress(
    all: readonly Condition[],
    status: string,
    reason: string,
    message: string,
  ): Condition[] {
    return setCondition(
      all,
      { type: "Progressing", status, reason, message },
      this.world.clock.stamp(),
      true,
    );
  }

  /** Recreate: true while pods of older revisions are there. */
  private stopOld(d: Deployment, old: readonly ReplicaSet[]): boolean {
    for (const rs of old) this.scale(d, rs, 0);
    return old.some((rs) =>
      this.world
        .owned<Pod>(this.pods, rs)
        .some((p) => !["Succeeded", "Failed"].includes(String(p.status?.["phase"]))),
    );
  }

  private createSet(d: Deployment, old: readonly ReplicaSet[]): ReplicaSet | undefined {
    const spec = d.spec;
    if (!spec) return undefined;
    const hash = templateHash(withoutHash(spec.template));
    const labels = { ...spec.template.metadata?.labels, [HASH]: hash };
    const revision = Math.max(0, ...old.map(revisionOf)) + 1;
    const total = sum(old, wanted);
    const { surge } = limits(d);
    const replicas =
      spec.strategy.type === "Recreate"
        ? spec.replicas
        : Math.max(0, Math.min(spec.replicas, spec.replicas + surge - total));
    const made = this.world.create(this.sets, d.metadata.namespace, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${d.metadata.name}-${hash}`,
        labels,
        annotations: { ...this.inherited(d), [REVISION]: String(revision), ...this.sizes(d) },
        ownerReferences: [controllerRef(d)],
      },
      spec: {
        replicas,
        ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
    });
    if (replicas > 0)
      this.world.event(
        d,
        "Normal",
        "ScalingReplicaSet",
        `Scaled up replica set ${made.metadata.name} from 0 to ${replicas}`,
        COMPONENT,
      );
    return made as unknown as ReplicaSet;
  }

  private sizes(d: Deployment): Record<string, string> {
    const replicas = d.spec?.replicas ?? 0;
    return { [DESIRED]: String(replicas), [MAX]: String(replicas + limits(d).surge) };
  }
  private inherited(d: Deployment): Record<string, string> {
    const skip =
      /^(kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/|deprecated\.deployment)/;
    return Object.fromEntries(
      Object.entries(d.metadata.annotations ?? {}).filter(([k]) => !skip.test(k)),
    );
  }

  /** A set that is found again becomes the newest revision. */
  private revise(d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
    const newest = Math.max(0, ...old.map(revisionOf));
    const revision = revisionOf(fresh) > newest ? revisionOf(fresh) : newest + 1;
    const annotations: Record<string, string> = {
      ...fresh.metadata.annotations,
      ...this.inherited(d),
      [REVISION]: String(revision),
    };
    if (revisionOf(fresh) !== revision && revisionOf(fresh) > 0) {
      const earlier = [annotations[REVISIONS], String(revisionOf(fresh))];
      annotations[REVISIONS] = earlier.filter(Boolean).join(",");
    }
    const minReady = d.spec?.minReadySeconds ?? 0;
    if (
      equal(annotations, fresh.metadata.annotations) &&
      (fresh.spec?.minReadySeconds ?? 0) === minReady
    )
      return fresh;
    const next = clone(fresh);
    next.metadata.annotations = annotations;
    if (next.spec) next.spec.minReadySeconds = minReady;
    return this.world.update(this.sets, next) as unknown as ReplicaSet;
  }

  private scale(d: Deployment, rs: ReplicaSet, replicas: number): ReplicaSet {
    const sizes = this.sizes(d);
    const from = wanted(rs);
    const annotated =
      replicas === 0 && from === 0
        ? rs.metadata.annotations
        : { ...rs.metadata.annotations, ...sizes };
    if (from === replicas && equal(annotated, rs.metadata.annotations)) return rs;
    const next = clone(rs);
    if (annotated) next.metadata.annotations = annotated;
    if (next.spec) next.spec.replicas = replicas;
    const stored = this.world.update(this.sets, next) as unknown as ReplicaSet;
    if (from !== replicas)
      this.world.event(
        d,
        "Normal",
        "ScalingReplicaSet",
        `Scaled ${replicas > from ? "up" : "down"} replica set ${rs.metadata.name} from ${from} to ${replicas}`,
        COMPONENT,
      );
    return stored;
  }

  /** One step of a rolling update, as the real controller takes it. */
  private roll(d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
    const replicas = d.spec?.replicas ?? 0;
    const { surge, unavailable } = limits(d);
    const total = sum(old, wanted) + wanted(fresh);
    if (wanted(fresh) > replicas) fresh = this.scale(d, fresh, replicas);
    else {
      const room = Math.max(0, replicas + surge - total);
      fresh = this.scale(d, fresh, wanted(fresh) + Math.min(room, replicas - wanted(fresh)));
    }
    if (sum(old, wanted) === 0) return fresh;
    const minimum = replicas - unavailable;
    let budget = sum(old, wanted) + wanted(fresh) - minimum - (wanted(fresh) - lasting(fresh));
    const byAge = [...old].sort((a, b) =>
      (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1,
    );
    const cleaned = byAge.map((rs) => {
      const unhealthy = Math.min(Math.max(0, budget), wanted(rs) - lasting(rs));
      if (unhealthy <= 0) return rs;
      budget -= unhealthy;
      return this.scale(d, rs, wanted(rs) - unhealthy);
    });
    if (budget <= 0) return fresh;
    let spare = sum(cleaned, lasting) + lasting(fresh) - minimum;
    for (const rs of cleaned) {
      const step = Math.min(Math.max(0, spare), wanted(rs));
      if (step <= 0) continue;
      spare -= step;
      this.scale(d, rs, wanted(rs) - step);
    }
    return fresh;
  }

  private sync(
    d: Deployment,
    fresh: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    before: readonly Condition[],
  ): void {
    const spec = d.spec;
    if (!spec) return;
    const all = fresh ? [...old, fresh] : [...old];
    const now = this.world.clock.stamp();
    const count = {
      replicas: sum(all, (rs) => rs.status?.replicas ?? 0),
      updatedReplicas: fresh?.status?.replicas ?? 0,
      readyReplicas: sum(all, (rs) => rs.status?.readyReplicas ?? 0),
      availableReplicas: sum(all, available),
    };
    const enough = count.availableReplicas >= spec.replicas - limits(d).unavailable;
    let conditions = setCondition(
      before,
      enough
        ? {
            type: "Available",
            status: "True",
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
          }
        : {
            type: "Available",
            status: "False",
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
          },
      now,
      true,
    );
    if (fresh) conditions = this.progressing(d, fresh, count, conditions);
    const failure = all
      .flatMap((rs) => rs.status?.conditions ?? [])
      .find((c) => c.type === "ReplicaFailure" && c.status === "True");
    conditions = failure
      ? setCondition(
          conditions,
          {
            type: "ReplicaFailure",
            status: "True",
            reason: failure.reason ?? "",
            message: failure.message ?? "",
          },
          now,
          true,
        )
      : conditions.filter((c) => c.type !== "ReplicaFailure");
    const revision = fresh?.metadata.annotations?.[REVISION];
    const status: JsonObject = {
      observedGeneration: d.metadata.generation,
      ...Object.fromEntries(Object.entries(count).filter(([, n]) => n > 0)),
      ...(count.replicas > count.availableReplicas
        ? { unavailableReplicas: count.replicas - count.availableReplicas }
        : {}),
      terminatingReplicas: sum(all, (rs) => rs.status?.terminatingReplicas ?? 0),
      conditions: conditions as unknown as JsonObject[],
    };
    if (revision !== undefined && d.metadata.annotations?.[REVISION] !== revision) {
      const next = {
        ...d,
        metadata: {
          ...d.metadata,
          annotations: { ...d.metadata.annotations, [REVISION]: revision },
        },
      };
      this.world.status(this.deployments, next, status);
    } else this.world.status(this.deployments, d, status);
    if (this.complete(d, count)) this.cleanup(d, old);
  }

  private complete(
    d: Deployment,
    count: { replicas: number; updatedReplicas: number; availableReplicas: number },
  ): boolean {
    const replicas = d.spec?.replicas ?? 0;
    return (
      count.updatedReplicas === replicas &&
      count.replicas === replicas &&
      count.availableReplicas === replicas
    );
  }

  private progressing(
    d: Deployment,
    fresh: ReplicaSet,
    count: {
      replicas: number;
      updatedReplicas: number;
      readyReplicas: number;
      availableReplicas: number;
    },
    conditions: Condition[],
  ): Condition[] {
    const now = this.world.clock.stamp();
    const current = conditions.find((c) => c.type === "Progressing");
    const deadline = d.spec?.progressDeadlineSeconds;
    if (d.spec?.paused === true || deadline === undefined || deadline === 2_147_483_647)
      return conditions;
    if (
      current?.reason === "NewReplicaSetAvailable" &&
      count.replicas === count.updatedReplicas &&
      fresh.metadata.name === /"([^"]+)"/.exec(current.message ?? "")?.[1]
    )
      return conditions;
    const name = `ReplicaSet "${fresh.metadata.name}"`;
    if (this.complete(d, count))
      return this.progress(
        conditions,
        "True",
        "NewReplicaSetAvailable",
        `${name} has successfully progressed.`,
      );
    const was = d.status;
    const moved =
      count.updatedReplicas > (was?.updatedReplicas ?? 0) ||
      count.replicas - count.updatedReplicas < (was?.replicas ?? 0) - (was?.updatedReplicas ?? 0) ||
      count.readyReplicas > (was?.readyReplicas ?? 0) ||
      count.availableReplicas > (was?.availableReplicas ?? 0);
    if (moved) {
      const next: Condition = {
        type: "Progressing",
        status: "True",
        reason: "ReplicaSetUpdated",
        message: `${name} is progressing.`,
      };
      const kept =
        current?.status === "True" && current.lastTransitionTime ? current.lastTransitionTime : now;
      this.again(d.metadata.namespace ?? "", d.metadata.name, deadline * 1000 + 1000);
      return [
        ...conditions.filter((c) => c.type !== "Progressing"),
        { ...next, lastTransitionTime: kept, lastUpdateTime: now },
      ];
    }
    if (
      !current ||
      current.reason === "ProgressDeadlineExceeded" ||
      current.reason === "NewReplicaSetAvailable"
    )
      return conditions;
    const elapsed =
      (this.world.clock.now().getTime() - Date.parse(current.lastUpdateTime ?? now)) *
      this.world.clock.speed;
    if (elapsed >= deadline * 1000)
      return this.progress(
        conditions,
        "False",
        "ProgressDeadlineExceeded",
        `${name} has timed out progressing.`,
      );
    this.again(d.metadata.namespace ?? "", d.metadata.name, deadline * 1000 - elapsed + 50);
    return conditions;
  }

  private cleanup(d: Deployment, old: readonly ReplicaSet[]): void {
    const spare = old
      .filter((rs) => wanted(rs) === 0 && (rs.status?.replicas ?? 0) === 0)
      .sort((a, b) => revisionOf(a) - revisionOf(b));
    const limit = d.spec?.revisionHistoryLimit ?? 10;
    for (const rs of spare.slice(0, Math.max(0, spare.length - limit)))
      this.world.delete(this.sets, rs);
  }
}
