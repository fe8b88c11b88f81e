/**
 * What a wait knows of the cluster: the latest state of everything its sources told, found by
 * owner. It only keeps; judging is done elsewhere. Mutable, owned by one fiber.
 */
import { KubeObject } from "@nopea/domain";
import { shownCause } from "../diagnosis/ImagePull.js";
import { conditionOf, eventAt, type KubeEvent, type Pod } from "../diagnosis/Pod.js";
import { partsOf } from "../readiness/Judgement.js";
import type { WatchEvent } from "../connection/Watch.js";
import type { Owned } from "./NewPods.js";
import type { Source } from "./Sources.js";

type Objects = Map<string, KubeObject.KubeObject>;

/** Events of other kinds are of no use here, and namespaces are full of them. */
const kindsWithEvents: ReadonlySet<string> = new Set([
  "Pod",
  "ReplicaSet",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "PersistentVolumeClaim",
]);

const uidOf = (object: KubeObject.KubeObject): string =>
  object.metadata.uid ?? KubeObject.refKey(KubeObject.refOf(object));

const ownerOf = (object: KubeObject.KubeObject): string =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? "";

/** Objects by the uid of what they belong to, then by their own. */
class Index<A extends KubeObject.KubeObject> {
  private readonly byKey = new Map<string, Map<string, A>>();
  put(key: string, object: A): void {
    const group = this.byKey.get(key) ?? new Map<string, A>();
    group.set(uidOf(object), object);
    this.byKey.set(key, group);
  }
  drop(key: string, object: KubeObject.KubeObject): void {
    const group = this.byKey.get(key);
    group?.delete(uidOf(object));
    if (group?.size === 0) this.byKey.delete(key);
  }
  of(key: string): ReadonlyArray<A> {
    return [...(this.byKey.get(key)?.values() ?? [])];
  }
}

export class World implements Owned {
  /** The targets as they are, by `KubeObject.refKey`. */
  readonly targets: Objects = new Map();
  /** Pull errors that containers have shown, by pod uid and container. */
  private readonly pullErrors = new Map<string, Map<string, string>>();
  /** What each source holds, so that a list can tell what is gone. */
  private readonly held = new Map<Source, Objects>();
  private readonly podsByOwner = new Index<Pod>();
  private readonly setsByOwner = new Index<KubeObject.KubeObject>();
  private readonly eventsByObject = new Index<KubeEvent>();
  /** Targets to be judged anew. */
  readonly changed = new Set<string>();
  /** Pods to be diagnosed anew, by uid. */
  readonly changedPods = new Set<string>();
  /** Something that workloads own has changed. */
  workloadsChanged = false;

  /** `since` and `wanted`: events older than the first (milliseconds) and objects not in the second are dropped at once. */
  constructor(
    private readonly wanted: ReadonlySet<string>,
    private readonly since: number,
  ) {}

  isSynced(source: Source): boolean {
    return this.held.has(source);
  }

  take(source: Source, event: WatchEvent): void {
    const held = this.held.get(source) ?? new Map<string, KubeObject.KubeObject>();
    switch (event.type) {
      case "resynced": {
        this.held.set(source, held);
        const listed = new Set(event.objects.map(uidOf));
        for (const [uid, object] of held) if (!listed.has(uid)) this.drop(source, held, object);
        for (const object of event.objects) this.put(source, held, object);
        return;
      }
      case "changed":
        this.held.set(source, held);
        return this.put(source, held, event.object);
      case "deleted":
        return this.drop(source, held, event.object);
      case "degraded":
      case "disconnected":
        return;
    }
  }

  private put(source: Source, held: Objects, object: KubeObject.KubeObject): void {
    const uid = uidOf(object);
    const before = held.get(uid);
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && before?.metadata.resourceVersion === resourceVersion)
      return;
    if (!this.index(source, object)) return;
    held.set(uid, object);
  }

  /** False: of no use. */
  private index(source: Source, object: KubeObject.KubeObject): boolean {
    switch (source.role) {
      case "targets": {
        const key = KubeObject.refKey(KubeObject.refOf(object));
        if (!this.wanted.has(key)) return false;
        const current = this.targets.get(key);
        const goes = object.metadata.deletionTimestamp !== undefined;
        if (goes && current !== undefined && uidOf(current) === uidOf(object) && outlives(current))
          return true;
        this.targets.set(key, object);
        this.changed.add(key);
        return true;
      }
      case "pods": {
        const pod = object as Pod;
        this.podsByOwner.put(ownerOf(pod), pod);
        this.rememberPullErrors(pod);
        this.changedPods.add(uidOf(pod));
        this.workloadsChanged = true;
        return true;
      }
      case "replicaSets":
        this.setsByOwner.put(ownerOf(object), object);
        this.workloadsChanged = true;
        return true;
      case "events": {
        const event = object as KubeEvent;
        const { kind = "", uid = "" } = event.involvedObject ?? {};
        if (!kindsWithEvents.has(kind) || uid === "" || eventAt(event) < this.since) return false;
        this.eventsByObject.put(uid, event);
        this.changedPods.add(uid);
        this.workloadsChanged = true;
        return true;
      }
    }
  }

  private drop(source: Source, held: Objects, object: KubeObject.KubeObject): void {
    held.delete(uidOf(object));
    switch (source.role) {
      case "targets": {
        const key = KubeObject.refKey(KubeObject.refOf(object));
        const current = this.targets.get(key);
        // Deleted and made anew: the old one's end says nothing of the new one.
        if (current !== undefined && uidOf(current) !== uidOf(object)) return;
        // A Job with a TTL is removed once it is done: it was ready, and stays so.
        if (current !== undefined && outlives(current)) return;
        this.targets.delete(key);
        this.changed.add(key);
        return;
      }
      case "pods":
        this.podsByOwner.drop(ownerOf(object), object);
        this.pullErrors.delete(uidOf(object));
        this.workloadsChanged = true;
        return;
      case "replicaSets":
        this.setsByOwner.drop(ownerOf(object), object);
        this.workloadsChanged = true;
        return;
      case "events":
        // Events end by their age; what they told stays true of the pod.
        return;
    }
  }

  private rememberPullErrors(pod: Pod): void {
    for (const status of [
      ...(pod.status?.initContainerStatuses ?? []),
      ...(pod.status?.containerStatuses ?? []),
    ]) {
      const waiting = status.state?.waiting;
      const cause = shownCause(waiting?.reason ?? "", waiting?.message ?? "");
      if (cause === "") continue;
      const ofPod = this.pullErrors.get(uidOf(pod)) ?? new Map<string, string>();
      ofPod.set(status.name, cause);
      this.pullErrors.set(uidOf(pod), ofPod);
    }
  }

  pullErrorsOf(pod: Pod): ReadonlyMap<string, string> | undefined {
    return this.pullErrors.get(uidOf(pod));
  }

  pods(ownerUid: string): ReadonlyArray<Pod> {
    return this.podsByOwner.of(ownerUid);
  }

  replicaSets(ownerUid: string): ReadonlyArray<KubeObject.KubeObject> {
    return this.setsByOwner.of(ownerUid);
  }

  events(objectUid: string): ReadonlyArray<KubeEvent> {
    return this.eventsByObject.of(objectUid);
  }
}

/** Done for good, so that being deleted afterwards takes nothing back. */
const outlives = (object: KubeObject.KubeObject): boolean => {
  const { status, conditions } = partsOf(object);
  return object.kind === "Job"
    ? ["Complete", "Failed"].some((type) => conditionOf(conditions, type)?.status === "True")
    : object.kind === "Pod" && status["phase"] === "Succeeded";
};
