/** What a controller works with: typed reads, writes under its name, events, and time. */
import { createHash } from "node:crypto";
import type { Api } from "../Api.js";
import { ApiError } from "../ApiError.js";
import {
  at,
  equal,
  fieldsOf,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  type OwnerReference,
} from "../Json.js";
import type { Resource } from "../schema/Resources.js";
import type { Condition, Pod } from "./objects.js";

export const MANAGER = "kube-controller-manager";

export class World {
  private eventCount = 0;
  constructor(readonly api: Api) {}

  get clock(): Api["clock"] {
    return this.api.clock;
  }
  resource(groupVersion: string, plural: string): Resource {
    return this.api.resources.must(groupVersion, plural);
  }
  get<A extends KubeObject<unknown, unknown>>(
    r: Resource,
    namespace: string | undefined,
    name: string,
  ): A | undefined {
    return this.api.store.get(r, namespace, name) as A | undefined;
  }
  /** Objects in a namespace that this owner controls. */
  owned<A extends KubeObject<unknown, unknown>>(
    r: Resource,
    owner: KubeObject<unknown, unknown>,
  ): A[] {
    const out: A[] = [];
    for (const o of this.api.store.values(r))
      if (
        o.metadata.namespace === owner.metadata.namespace &&
        o.metadata.ownerReferences?.some(
          (ref) => ref.controller === true && ref.uid === owner.metadata.uid,
        ) === true
      )
        out.push(o as unknown as A);
    return out.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }
  create(
    r: Resource,
    namespace: string | undefined,
    object: unknown,
    manager = MANAGER,
  ): KubeObject {
    return this.api.create(r, namespace, object as Json, { manager });
  }
  update(r: Resource, object: KubeObject<unknown, unknown>, manager = MANAGER): KubeObject {
    return this.api.update(
      r,
      object.metadata.namespace,
      object.metadata.name,
      fieldsOf(object) as Json,
      { manager },
    );
  }
  /** Writes a status if it is another one. */
  status(
    r: Resource,
    object: KubeObject<unknown, unknown>,
    status: unknown,
    manager = MANAGER,
  ): void {
    if (equal(object.status, status)) return;
    this.api.update(
      r,
      object.metadata.namespace,
      object.metadata.name,
      { ...fieldsOf(object), status: status as JsonObject },
      { manager, subresource: "status" },
    );
  }
  /** Gone already is as well. */
  delete(r: Resource, object: KubeObject<unknown, unknown>): void {
    try {
      this.api.delete(r, object.metadata.namespace, object.metadata.name, {
        uid: object.metadata.uid ?? "",
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** An event of the old form, as controllers and the kubelet write; the same one again counts. */
  event(
    about: KubeObject<unknown, unknown>,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    component: string,
  ): void {
    const r = this.resource("v1", "events");
    const namespace = about.metadata.namespace ?? "default";
    const now = this.clock.stamp();
    for (const old of this.api.store.values(r)) {
      const e = fieldsOf(old);
      if (
        e["reason"] !== reason ||
        e["message"] !== message ||
        at(old, "involvedObject", "uid") !== about.metadata.uid
      )
        continue;
      if (old.metadata.namespace !== namespace) continue;
      this.api.update(
        r,
        namespace,
        old.metadata.name,
        { ...e, count: Number(e["count"] ?? 1) + 1, lastTimestamp: now },
        { manager: component },
      );
      return;
    }
    this.postEvent(namespace, about, component, {
      ...this.involved(about),
      reason,
      message,
      type,
      source: { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: "",
    });
  }

  /** An event of the new form, as the scheduler writes. */
  schedulerEvent(
    pod: Pod,
    type: "Normal" | "Warning",
    reason: string,
    action: string,
    message: string,
  ): void {
    this.postEvent(pod.metadata.namespace ?? "default", pod, "kube-scheduler", {
      ...this.involved(pod),
      reason,
      message,
      type,
      action,
      source: {},
      eventTime: this.clock.microStamp(),
      reportingComponent: "default-scheduler",
      reportingInstance: "default-scheduler-sandbox",
    });
  }

  private involved(about: KubeObject<unknown, unknown>): JsonObject {
    const { apiVersion, kind, metadata } = about;
    const { name, namespace, uid, resourceVersion } = metadata;
    return { involvedObject: { apiVersion, kind, name, namespace, uid, resourceVersion } };
  }
  private postEvent(
    namespace: string,
    about: KubeObject<unknown, unknown>,
    manager: string,
    event: JsonObject,
  ): void {
    const serial = (
      BigInt(this.clock.now().getTime()) * 1_000_000n +
      BigInt(++this.eventCount)
    ).toString(16);
    try {
      this.create(
        this.resource("v1", "events"),
        namespace,
        {
          apiVersion: "v1",
          kind: "Event",
          metadata: { name: `${about.metadata.name}.${serial}`, namespace },
          ...event,
        },
        manager,
      );
    } catch (error) {
      // The namespace may be on its way out.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

export const controllerRef = (owner: KubeObject<unknown, unknown>): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
/** A template's hash, in the alphabet of Kubernetes' own (the figure differs from the real one's). */
export const templateHash = (template: unknown): string => {
  const digest = createHash("sha256")
    .update(JSON.stringify(sortKeys(template)))
    .digest();
  return [...digest.subarray(0, 10)]
    .map((byte) => ALPHABET[byte % ALPHABET.length] ?? "b")
    .join("");
};
const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((k) => [k, sortKeys(value[k])]),
  );
};

const podCondition = (pod: Pod, type: string): JsonObject | undefined => {
  const all = pod.status?.["conditions"];
  return Array.isArray(all) ? all.filter(isObject).find((c) => c["type"] === type) : undefined;
};
export const isReady = (pod: Pod): boolean => podCondition(pod, "Ready")?.["status"] === "True";
export const isActive = (pod: Pod): boolean => {
  const phase = pod.status?.["phase"];
  return (
    pod.metadata.deletionTimestamp === undefined && phase !== "Succeeded" && phase !== "Failed"
  );
};
/** Milliseconds until a ready pod counts as available: 0 when it does, undefined while it is not ready. */
export const availableIn = (
  pod: Pod,
  minReadySeconds: number,
  world: World,
): number | undefined => {
  if (!isReady(pod)) return undefined;
  const since = Date.parse(String(podCondition(pod, "Ready")?.["lastTransitionTime"] ?? ""));
  const elapsed = (world.clock.now().getTime() - since) * world.clock.speed;
  return Math.max(0, minReadySeconds * 1000 - elapsed);
};

/** The condition put among the others; its times change as the real controllers change them. */
export const setCondition = (
  all: readonly Condition[],
  next: Condition,
  now: string,
  withUpdateTime: boolean,
): Condition[] => {
  const old = all.find((c) => c.type === next.type);
  if (
    old &&
    old.status === next.status &&
    old.reason === next.reason &&
    old.message === next.message
  )
    return [...all];
  const made: Condition = {
    ...next,
    lastTransitionTime:
      old && old.status === next.status && old.lastTransitionTime !== undefined
        ? old.lastTransitionTime
        : now,
    ...(withUpdateTime ? { lastUpdateTime: now } : {}),
  };
  return [...all.filter((c) => c.type !== next.type), made];
};
