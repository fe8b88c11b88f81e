/** Deletion: at once, or marked and left to finalizers, the kubelet or the namespace's controller. */
import { conflict, notFound } from "./ApiError.js";
import type { Clock } from "./Clock.js";
import type { KubeObject, Meta } from "./Json.js";
import type { DeleteOptions } from "./Options.js";
import type { Resource } from "./schema/Resources.js";
import type { Store } from "./Store.js";

export const DEFINITION_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

export interface Deleted {
  readonly object: KubeObject;
  readonly gone: boolean;
}

const stampAfter = (now: Date, seconds: number): string =>
  new Date(now.getTime() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");

const graceOf = (r: Resource, object: KubeObject, asked: number | undefined): number => {
  if (r.qualified !== "pods") return 0;
  const spec = object.spec;
  const phase = object.status?.["phase"];
  if (typeof spec?.["nodeName"] !== "string" || phase === "Succeeded" || phase === "Failed")
    return 0;
  const own = spec["terminationGracePeriodSeconds"];
  return asked ?? (typeof own === "number" ? own : 30);
};
/** Whether a deletion ends when the last finalizer is taken off. */
export const finished = (r: Resource, object: KubeObject): boolean =>
  r.qualified === "namespaces"
    ? false
    : r.qualified !== "pods" || (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;

export const deleteObject = (
  store: Store,
  clock: Clock,
  r: Resource,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Deleted => {
  const old = store.get(r, namespace, name);
  if (!old) throw notFound(r, name);
  const { uid, resourceVersion } = old.metadata;
  // The one place where the error names the kind instead of the resource.
  const named = { ...r, plural: r.kind, qualified: r.group ? `${r.kind}.${r.group}` : r.kind };
  if (options.uid !== undefined && options.uid !== uid)
    throw conflict(
      named,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid ?? ""}). The object might have been deleted and then recreated`,
    );
  if (options.version !== undefined && options.version !== resourceVersion)
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${options.version}) does not match the ResourceVersion in record (${resourceVersion ?? ""}). The object might have been modified`,
    );
  const meta: Meta = { ...old.metadata };
  const extra =
    options.policy === "Foreground"
      ? "foregroundDeletion"
      : options.policy === "Orphan"
        ? "orphan"
        : r.plural === "customresourcedefinitions"
          ? DEFINITION_FINALIZER
          : undefined;
  if (extra && meta.deletionTimestamp === undefined)
    meta.finalizers = [...new Set([...(meta.finalizers ?? []), extra])];
  const grace = graceOf(r, old, options.grace);
  const holds = (meta.finalizers ?? []).length > 0 || r.qualified === "namespaces" || grace > 0;
  if (options.dryRun === true) return { object: old, gone: !holds };
  if (!holds) {
    const last = store.delete(r, old);
    if (r.qualified !== "pods") return { object: last, gone: true };
    const ended = { deletionTimestamp: clock.stamp(), deletionGracePeriodSeconds: 0 };
    return { object: { ...last, metadata: { ...last.metadata, ...ended } }, gone: true };
  }
  if (meta.deletionTimestamp !== undefined) return { object: old, gone: false };
  meta.deletionTimestamp = stampAfter(clock.now(), grace);
  if (grace > 0 || r.plural === "pods" || extra || (meta.finalizers ?? []).length > 0)
    meta.deletionGracePeriodSeconds = grace;
  if (r.qualified === "namespaces") delete meta.deletionGracePeriodSeconds;
  if (meta.generation !== undefined) meta.generation += 1;
  const next: KubeObject = { ...old, metadata: meta };
  if (r.qualified === "namespaces") next.status = { ...next.status, phase: "Terminating" };
  return { object: store.put(r, next), gone: false };
};
