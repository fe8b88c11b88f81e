/** Garbage: what goes with its owner, what a finalizer of a deletion waits for, what a namespace holds. */
import type { Change } from "../Store.js";
import { ApiError } from "../ApiError.js";
import type { KubeObject } from "../Json.js";
import type { Resource } from "../schema/Resources.js";
import type { World } from "./World.js";

interface Entry {
  readonly resource: Resource;
  readonly object: KubeObject;
}
const owners = (o: KubeObject): string[] =>
  (o.metadata.ownerReferences ?? []).map((ref) => ref.uid);

export class Collector {
  private readonly byUid = new Map<string, Entry>();
  private readonly dependents = new Map<string, Set<string>>();
  private readonly namespaces;
  constructor(private readonly world: World) {
    this.namespaces = world.resource("v1", "namespaces");
  }

  /** Keeps the index; returns the uids that need a look. */
  note(change: Change, resource: Resource): string[] {
    const { object, before, type } = change;
    const uid = object.metadata.uid ?? "";
    for (const owner of before ? owners(before) : []) this.dependents.get(owner)?.delete(uid);
    if (type === "DELETED") {
      this.byUid.delete(uid);
      return [uid, ...owners(object)];
    }
    this.byUid.set(uid, { resource, object });
    for (const owner of owners(object)) {
      const set = this.dependents.get(owner) ?? new Set();
      set.add(uid);
      this.dependents.set(owner, set);
    }
    return owners(object).length > 0 || object.metadata.deletionTimestamp !== undefined
      ? [uid]
      : [];
  }

  private dependentsOf(uid: string): Entry[] {
    return [...(this.dependents.get(uid) ?? [])].flatMap((d) => this.byUid.get(d) ?? []);
  }

  look(uid: string): void {
    const entry = this.byUid.get(uid);
    if (!entry) {
      for (const dependent of this.dependentsOf(uid)) this.release(dependent);
      if (this.dependentsOf(uid).length === 0) this.dependents.delete(uid);
      return;
    }
    this.release(entry);
    const { object, resource } = entry;
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp === undefined) return;
    if (finalizers.includes("orphan")) {
      for (const { resource: r, object: o } of this.dependentsOf(uid)) {
        const kept = (o.metadata.ownerReferences ?? []).filter((ref) => ref.uid !== uid);
        this.tryUpdate(r, { ...o, metadata: { ...o.metadata, ownerReferences: kept } });
      }
      this.unfinalize(resource, object, "orphan");
    } else if (finalizers.includes("foregroundDeletion")) {
      const blocking = this.dependentsOf(uid);
      for (const { resource: r, object: o } of blocking)
        if (o.metadata.deletionTimestamp === undefined)
          this.world.api.delete(r, o.metadata.namespace, o.metadata.name, { policy: "Foreground" });
      const holds = this.dependentsOf(uid).some(({ object: o }) =>
        o.metadata.ownerReferences?.some(
          (ref) => ref.uid === uid && ref.blockOwnerDeletion === true,
        ),
      );
      if (!holds) this.unfinalize(resource, object, "foregroundDeletion");
    }
  }

  private unfinalize(r: Resource, object: KubeObject, finalizer: string): void {
    const fresh = this.world.get<KubeObject>(r, object.metadata.namespace, object.metadata.name);
    if (!fresh) return;
    const rest = (fresh.metadata.finalizers ?? []).filter((f) => f !== finalizer);
    this.tryUpdate(r, { ...fresh, metadata: { ...fresh.metadata, finalizers: rest } });
  }
  private tryUpdate(r: Resource, object: KubeObject): void {
    try {
      this.world.update(r, object);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Deletes an object all of whose owners are gone. */
  private release({ resource, object }: Entry): void {
    const refs = owners(object);
    if (refs.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
    if (refs.some((uid) => this.byUid.has(uid))) return;
    this.world.delete(resource, object);
  }

  /** A terminating namespace: everything in it is deleted, then itself. */
  namespace(name: string): void {
    const there = this.world.get<KubeObject>(this.namespaces, undefined, name);
    if (there?.metadata.deletionTimestamp === undefined) return;
    let left = 0;
    for (const r of this.world.api.resources.all()) {
      if (!r.namespaced) continue;
      for (const object of this.world.api.store.list(r, name)) {
        if (object.metadata.deletionTimestamp === undefined) this.world.delete(r, object);
        if (this.world.get(r, name, object.metadata.name)) left++;
      }
    }
    if (left === 0 && (there.metadata.finalizers ?? []).length === 0)
      this.world.api.store.delete(this.namespaces, there);
  }
}
