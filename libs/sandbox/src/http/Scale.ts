/** The scale subresource: a workload's `spec.replicas` seen and written as an autoscaling/v1 Scale. */
import type { Api } from "../Api.js";
import type { PatchType, WriteOptions } from "../Options.js";
import { badRequest, unsupported } from "../ApiError.js";
import { at, fieldsOf, isObject, type Json, type JsonObject, type KubeObject } from "../Json.js";
import { jsonPatch, mergePatch } from "../patch/JsonPatch.js";
import type { Resource } from "../schema/Resources.js";

const selectorText = (object: KubeObject): string => {
  const labels = at(object.spec, "selector", "matchLabels");
  return isObject(labels)
    ? Object.entries(labels)
        .map(([k, v]) => `${k}=${String(v)}`)
        .sort()
        .join(",")
    : "";
};

export const readScale = (r: Resource, object: KubeObject): JsonObject => {
  if (r.custom)
    throw unsupported("get", `${r.qualified}/scale`, "custom resources have no scale here");
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = at(object.spec, "replicas");
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: typeof replicas === "number" && replicas > 0 ? { replicas } : {},
    status: {
      replicas: (at(object.status, "replicas") as number | undefined) ?? 0,
      selector: selectorText(object),
    },
  };
};

export const writeScale = (
  api: Api,
  r: Resource,
  namespace: string | undefined,
  name: string,
  how: PatchType | "update",
  body: Json,
  options: WriteOptions & { readonly force?: boolean },
): JsonObject => {
  const old = api.get(r, namespace, name);
  const before = readScale(r, old);
  if (how === "apply")
    throw unsupported("apply", `${r.qualified}/scale`, "server-side apply of a Scale");
  const next =
    how === "update"
      ? body
      : how === "json"
        ? jsonPatch(before, Array.isArray(body) ? body : [])
        : mergePatch(before, body);
  const replicas = at(next, "spec", "replicas") ?? 0;
  if (typeof replicas !== "number")
    throw badRequest(
      'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32',
    );
  const version = at(next, "metadata", "resourceVersion");
  const merged = { ...fieldsOf(old), spec: { ...old.spec, replicas } };
  const metadata = {
    ...old.metadata,
    ...(typeof version === "string" ? { resourceVersion: version } : {}),
  };
  // As the real one: a scale is its writer's only where somebody owned the count before.
  const owned = (old.metadata.managedFields ?? []).some(
    (e) => at(e.fieldsV1, "f:spec", "f:replicas") !== undefined,
  );
  const stored = api.update(
    r,
    namespace,
    name,
    { ...merged, metadata: metadata as unknown as JsonObject },
    { ...options, untracked: !owned },
  );
  return readScale(r, stored);
};
