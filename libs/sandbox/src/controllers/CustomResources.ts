/** CRDs: accepted and established at once; their resources are served from then on. */
import { isObject, type JsonObject, type KubeObject } from "../Json.js";
import { items, obj, text } from "../kinds/fields.js";
import type { Resource, Subresource } from "../schema/Resources.js";
import { customType } from "../schema/Schema.js";
import { DEFINITION_FINALIZER } from "../Deletion.js";
import type { World } from "./World.js";

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const strings = (object: JsonObject | undefined, key: string): string[] => {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter((v) => typeof v === "string") : [];
};

const resourcesOf = (crd: KubeObject): Resource[] => {
  const spec = crd.spec;
  const names = obj(spec, "names");
  const group = text(spec, "group");
  const kind = text(names, "kind");
  const plural = text(names, "plural");
  return items(spec, "versions")
    .filter((v) => v["served"] !== false)
    .map((v) => {
      const version = text(v, "name");
      const subresources = new Map<string, Subresource>();
      for (const name of Object.keys(obj(v, "subresources") ?? {}))
        subresources.set(name, {
          name,
          kind: name === "scale" ? "Scale" : kind,
          verbs: ["get", "patch", "update"],
        });
      return {
        group,
        version,
        groupVersion: `${group}/${version}`,
        plural,
        singular: text(names, "singular") || kind.toLowerCase(),
        kind,
        namespaced: text(spec, "scope") !== "Cluster",
        verbs: VERBS,
        shortNames: strings(names, "shortNames"),
        categories: strings(names, "categories"),
        subresources,
        type: customType(kind, obj(v, "schema")?.["openAPIV3Schema"]),
        custom: true,
        qualified: `${plural}.${group}`,
      };
    });
};

export const serveDefinition = (world: World, name: string): void => {
  const r = world.resource("apiextensions.k8s.io/v1", "customresourcedefinitions");
  const crd = world.get<KubeObject>(r, undefined, name);
  if (!crd) return;
  if (crd.metadata.deletionTimestamp !== undefined) {
    withdrawDefinition(world, crd);
    const finalizers = (crd.metadata.finalizers ?? []).filter((f) => f !== DEFINITION_FINALIZER);
    world.update(r, { ...crd, metadata: { ...crd.metadata, finalizers } });
    return;
  }
  const names = obj(crd.spec, "names") ?? {};
  for (const resource of resourcesOf(crd)) world.api.resources.add(resource);
  const now = world.clock.stamp();
  const before = Array.isArray(crd.status?.["conditions"]) ? crd.status["conditions"] : [];
  if (before.length > 0) return;
  const storage = items(crd.spec, "versions").find((v) => v["storage"] === true);
  world.status(
    r,
    crd,
    {
      conditions: [
        {
          type: "NamesAccepted",
          status: "True",
          lastTransitionTime: now,
          reason: "NoConflicts",
          message: "no conflicts found",
        },
        {
          type: "Established",
          status: "True",
          lastTransitionTime: now,
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        },
      ],
      acceptedNames: names,
      storedVersions: [text(storage, "name")],
    },
    "kube-apiserver",
  );
};

/** The definition is gone: its objects go, and its resources are served no more. */
export const withdrawDefinition = (world: World, crd: KubeObject): void => {
  for (const resource of resourcesOf(crd)) {
    for (const object of world.api.store.list(resource)) world.api.store.delete(resource, object);
    world.api.resources.remove(resource);
  }
};

export const isDefinition = (object: KubeObject): boolean =>
  object.kind === "CustomResourceDefinition" && isObject(object.spec);
