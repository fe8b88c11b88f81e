/** Quotas: what a namespace's ResourceQuotas still allow, and how much of them is used. */
import { forbidden } from "./ApiError.js";
import { isObject, type JsonObject, type KubeObject } from "./Json.js";
import { items, obj } from "./kinds/fields.js";
import type { Resource, Resources } from "./schema/Resources.js";
import type { Store } from "./Store.js";

import { millis, sum } from "./schema/Quantity.js";

/** Where the objects are. */
interface Stored {
  readonly store: Store;
  readonly resources: Resources;
}
type Usage = Record<string, string>;

/** A pod's requests and limits, by the names that a quota has for them. */
const podUsage = (pod: KubeObject): Usage => {
  const phase = pod.status?.["phase"];
  if (phase === "Succeeded" || phase === "Failed") return {};
  const out: Record<string, string[]> = {};
  for (const container of items(pod.spec, "containers"))
    for (const half of ["requests", "limits"])
      for (const [name, value] of Object.entries(obj(obj(container, "resources"), half) ?? {})) {
        if (typeof value !== "string") continue;
        (out[`${half}.${name}`] ??= []).push(value);
        if (half === "requests") (out[name] ??= []).push(value);
      }
  return {
    pods: "1",
    ...Object.fromEntries(Object.entries(out).map(([name, values]) => [name, sum(values)])),
  };
};

const usageOf = (r: Resource, object: KubeObject): Usage => ({
  [`count/${r.qualified}`]: "1",
  ...(r.qualified === "pods" ? podUsage(object) : r.group === "" ? { [r.plural]: "1" } : {}),
});

export const hardOf = (quota: KubeObject): Usage => {
  const hard = isObject(quota.spec) ? obj(quota.spec, "hard") : undefined;
  return Object.fromEntries(
    Object.entries(hard ?? {}).flatMap(([k, v]) => (typeof v === "string" ? [[k, v]] : [])),
  );
};

/** What is used now of what a quota limits. */
export const usedBy = (api: Stored, quota: KubeObject): Usage => {
  const hard = hardOf(quota);
  const used: Record<string, string[]> = Object.fromEntries(
    Object.keys(hard).map((k) => [k, ["0"]]),
  );
  for (const r of api.resources.all()) {
    const relevant = Object.keys(hard).some(
      (k) =>
        k === `count/${r.qualified}` ||
        (r.group === "" && k === r.plural) ||
        r.qualified === "pods",
    );
    if (!relevant || !r.namespaced) continue;
    for (const object of api.store.values(r)) {
      if (object.metadata.namespace !== quota.metadata.namespace) continue;
      for (const [name, value] of Object.entries(usageOf(r, object))) used[name]?.push(value);
    }
  }
  return Object.fromEntries(Object.entries(used).map(([name, values]) => [name, sum(values)]));
};

const listed = (names: readonly string[], figures: Usage): string =>
  names.map((name) => `${name}=${figures[name] ?? "0"}`).join(",");

export const admit = (
  api: Stored,
  r: Resource,
  object: KubeObject,
  old: KubeObject | undefined,
): void => {
  if (old || !r.namespaced) return;
  const quotas = api.resources.must("v1", "resourcequotas");
  for (const quota of api.store.values(quotas)) {
    if (quota.metadata.namespace !== object.metadata.namespace) continue;
    const hard = hardOf(quota);
    const requested = usageOf(r, object);
    if (r.qualified === "pods") mustSpecify(r, object, quota, hard);
    const names = Object.keys(requested)
      .filter((name) => hard[name] !== undefined)
      .sort();
    if (names.length === 0) continue;
    const used = usedBy(api, quota);
    const over = names.filter((n) => millis(used[n]) + millis(requested[n]) > millis(hard[n]));
    if (over.length > 0)
      throw forbidden(
        r,
        object.metadata.name,
        `exceeded quota: ${quota.metadata.name}, requested: ${listed(over, requested)}, used: ${listed(over, used)}, limited: ${listed(over, hard)}`,
      );
  }
};

/** A quota on requests or limits takes only pods that name them. */
const mustSpecify = (r: Resource, pod: KubeObject, quota: KubeObject, hard: Usage): void => {
  const missing: string[] = [];
  for (const name of Object.keys(hard).sort()) {
    const [half, resource] = name.includes(".") ? name.split(".") : ["requests", name];
    if (
      !resource ||
      !["requests", "limits"].includes(half ?? "") ||
      !["cpu", "memory"].includes(resource)
    )
      continue;
    const bare = items(pod.spec as JsonObject, "containers")
      .filter((c) => obj(obj(c, "resources"), half ?? "")?.[resource] === undefined)
      .map((c) => String(c["name"]));
    if (bare.length > 0) missing.push(`${name} for: ${bare.join(",")}`);
  }
  if (missing.length > 0)
    throw forbidden(
      r,
      pod.metadata.name,
      `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`,
    );
};
