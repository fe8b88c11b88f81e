/** The StatefulSet controller: pods by ordinal, in order, updated from the last to the first. */
import { ApiError } from "../ApiError.js";
import { isObject, type JsonObject } from "../Json.js";
import type { Pod, StatefulSet } from "./objects.js";
import { revisionFor } from "./Revisions.js";
import { availableIn, controllerRef, isReady, type World } from "./World.js";

const COMPONENT = "statefulset-controller";
const REVISION = "controller-revision-hash";
const ordinal = (pod: Pod): number => Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1);
const ended = (pod: Pod): boolean =>
  pod.status?.["phase"] === "Failed" || pod.status?.["phase"] === "Succeeded";

export class StatefulSetController {
  private readonly sets;
  private readonly pods;
  private readonly claims;
  constructor(
    private readonly world: World,
    private readonly again: (namespace: string, name: string, ms: number) => void,
  ) {
    this.sets = world.resource("apps/v1", "statefulsets");
    this.pods = world.resource("v1", "pods");
    this.claims = world.resource("v1", "persistentvolumeclaims");
  }

  reconcile(namespace: string, name: string): void {
    const set = this.world.get<StatefulSet>(this.sets, namespace, name);
    if (!set?.spec || set.metadata.deletionTimestamp !== undefined) return;
    const update = revisionFor(this.world, set, set.spec.template, true).name;
    const current = set.status?.currentRevision ?? update;
    this.step(set, current, update);
    this.sync(namespace, name, current, update);
  }

  private step(set: StatefulSet, current: string, update: string): void {
    const { spec } = set;
    if (!spec) return;
    const ordered = spec.podManagementPolicy === "OrderedReady";
    const first = spec.ordinals?.start ?? 0;
    const last = first + spec.replicas - 1;
    const pods = new Map(this.world.owned<Pod>(this.pods, set).map((p) => [ordinal(p), p]));
    const partition = spec.updateStrategy.rollingUpdate?.partition ?? 0;
    for (let i = first; i <= last; i++) {
      const pod = pods.get(i);
      if (pod && ended(pod) && pod.metadata.deletionTimestamp === undefined) {
        this.world.delete(this.pods, pod);
        return;
      }
      if (!pod) {
        const isNew = spec.updateStrategy.type !== "OnDelete" && i >= first + partition;
        if (!this.create(set, i, isNew || current === update ? update : current)) return;
        if (ordered) return;
      } else if (
        ordered &&
        (pod.metadata.deletionTimestamp !== undefined || this.unavailable(set, pod))
      )
        return;
    }
    const surplus = [...pods.values()]
      .filter((p) => ordinal(p) > last || ordinal(p) < first)
      .sort((a, b) => ordinal(b) - ordinal(a));
    for (const pod of surplus) {
      if (pod.metadata.deletionTimestamp === undefined) this.remove(set, pod);
      if (ordered) return;
    }
    if (spec.updateStrategy.type === "OnDelete") return;
    for (let i = last; i >= first + partition; i--) {
      const pod = pods.get(i);
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
      if (pod.metadata.labels?.[REVISION] !== update) {
        this.remove(set, pod);
        return;
      }
      if (this.unavailable(set, pod)) return;
    }
  }

  private unavailable(set: StatefulSet, pod: Pod): boolean {
    const wait = availableIn(pod, set.spec?.minReadySeconds ?? 0, this.world);
    if (wait !== undefined && wait > 0)
      this.again(set.metadata.namespace ?? "", set.metadata.name, wait + 20);
    return wait !== 0;
  }

  private remove(set: StatefulSet, pod: Pod): void {
    this.world.delete(this.pods, pod);
    this.world.event(
      set,
      "Normal",
      "SuccessfulDelete",
      `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
      COMPONENT,
    );
  }

  private create(set: StatefulSet, i: number, revision: string): boolean {
    const { spec, metadata } = set;
    if (!spec) return false;
    const name = `${metadata.name}-${i}`;
    const template = this.templateOf(set, revision);
    const volumes = Array.isArray(template.spec["volumes"]) ? template.spec["volumes"] : [];
    const claims: JsonObject[] = [];
    try {
      for (const claim of spec.volumeClaimTemplates ?? []) {
        const claimName = `${claim.metadata.name}-${name}`;
        claims.push({ name: claim.metadata.name, persistentVolumeClaim: { claimName } });
        if (this.world.get(this.claims, metadata.namespace, claimName)) continue;
        this.world.create(this.claims, metadata.namespace, {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: {
            name: claimName,
            labels: { ...claim.metadata.labels, ...spec.selector.matchLabels },
          },
          spec: claim.spec,
        });
        this.world.event(
          set,
          "Normal",
          "SuccessfulCreate",
          `Create Claim ${claimName} Pod ${name} in StatefulSet ${metadata.name} success`,
          COMPONENT,
        );
      }
      const taken = new Set(claims.map((c) => c["name"]));
      this.world.create(this.pods, metadata.namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name,
          generateName: `${metadata.name}-`,
          labels: {
            ...template.metadata?.labels,
            "apps.kubernetes.io/pod-index": String(i),
            [REVISION]: revision,
            "statefulset.kubernetes.io/pod-name": name,
          },
          ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
          ownerReferences: [controllerRef(set)],
        },
        spec: {
          ...template.spec,
          hostname: name,
          ...(spec.serviceName ? { subdomain: spec.serviceName } : {}),
          ...(claims.length + volumes.length > 0
            ? {
                volumes: [
                  ...volumes.filter((v) => !isObject(v) || !taken.has(v["name"])),
                  ...claims,
                ],
              }
            : {}),
        },
      });
      this.world.event(
        set,
        "Normal",
        "SuccessfulCreate",
        `Create Pod ${name} in StatefulSet ${metadata.name} successful`,
        COMPONENT,
      );
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason !== "AlreadyExists")
        this.world.event(
          set,
          "Warning",
          "FailedCreate",
          `create Pod ${name} in StatefulSet ${metadata.name} failed error: ${error.message}`,
          COMPONENT,
        );
      this.again(metadata.namespace ?? "", metadata.name, 500);
      return false;
    }
  }

  private templateOf(
    set: StatefulSet,
    revision: string,
  ): {
    metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
    spec: JsonObject;
  } {
    const stored = this.world.get(
      this.world.resource("apps/v1", "controllerrevisions"),
      set.metadata.namespace,
      revision,
    );
    const data = (stored as unknown as { data?: { spec?: { template?: JsonObject } } } | undefined)
      ?.data?.spec?.template;
    const template = data ?? (set.spec?.template as unknown as JsonObject);
    const { $patch: _, ...rest } = template;
    return rest as unknown as { spec: JsonObject };
  }

  private sync(namespace: string, name: string, before: string, update: string): void {
    const set = this.world.get<StatefulSet>(this.sets, namespace, name);
    if (!set?.spec) return;
    const pods = this.world
      .owned<Pod>(this.pods, set)
      .filter((p) => p.metadata.deletionTimestamp === undefined && !ended(p));
    const ready = pods.filter(isReady).length;
    const available = pods.filter(
      (p) => availableIn(p, set.spec?.minReadySeconds ?? 0, this.world) === 0,
    ).length;
    const updated = pods.filter((p) => p.metadata.labels?.[REVISION] === update).length;
    const done =
      updated === set.spec.replicas &&
      ready === set.spec.replicas &&
      pods.length === set.spec.replicas;
    const current = done && set.spec.updateStrategy.type !== "OnDelete" ? update : before;
    const onCurrent = pods.filter((p) => p.metadata.labels?.[REVISION] === current).length;
    this.world.status(this.sets, set, {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      ...(ready > 0 ? { readyReplicas: ready } : {}),
      ...(onCurrent > 0 ? { currentReplicas: onCurrent } : {}),
      ...(updated > 0 ? { updatedReplicas: updated } : {}),
      availableReplicas: available,
      currentRevision: current,
      updateRevision: update,
      collisionCount: 0,
    });
  }
}
