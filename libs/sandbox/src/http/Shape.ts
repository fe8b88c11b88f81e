/**
 * The form of an answer that `Accept` asks for: the object itself, or its metadata alone. Stored
 * objects are turned into text once, however many lists and watches carry them.
 */
import type { JsonObject, KubeObject } from "../Json.js";
import type { Resource } from "../schema/Resources.js";
import { tableOf } from "./Table.js";

export type Form = "whole" | "metadata" | "table";

/** The first form of `Accept` that we have; plain JSON otherwise. */
export const formOf = (accept: string | undefined): Form => {
  for (const part of (accept ?? "").split(",")) {
    const fields = part.split(";").map((f) => f.trim());
    if (fields[0] !== "application/json" && fields[0] !== "*/*" && fields[0] !== "application/*")
      continue;
    if (
      fields.some((f) => f === "as=PartialObjectMetadata" || f === "as=PartialObjectMetadataList")
    )
      return "metadata";
    if (fields.includes("as=Table")) return "table";
    return "whole";
  }
  return "whole";
};

const whole = new WeakMap<KubeObject, string>();
const items = new WeakMap<KubeObject, string>();
const metadata = new WeakMap<KubeObject, string>();
const cached = (
  cache: WeakMap<KubeObject, string>,
  object: KubeObject,
  make: () => unknown,
): string => {
  let text = cache.get(object);
  if (text === undefined) cache.set(object, (text = JSON.stringify(make())));
  return text;
};

const ordered = (object: KubeObject): unknown => {
  const { kind, apiVersion, metadata: meta, ...rest } = object as KubeObject & JsonObject;
  return { kind, apiVersion, metadata: meta, ...rest };
};
export const objectText = (r: Resource, object: KubeObject, form: Form): string => {
  if (form === "metadata")
    return cached(metadata, object, () => ({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: object.metadata,
    }));
  if (form === "table")
    return JSON.stringify(tableOf(r, [object], object.metadata.resourceVersion ?? ""));
  return cached(whole, object, () => ordered(object));
};

/** In a list, built-in items do not repeat their kind. */
export const listText = (
  r: Resource,
  objects: readonly KubeObject[],
  form: Form,
  meta: JsonObject,
): string => {
  if (form === "table") return JSON.stringify({ ...tableOf(r, objects, ""), metadata: meta });
  const head =
    form === "metadata"
      ? { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" }
      : { kind: `${r.kind}List`, apiVersion: r.groupVersion };
  const texts = objects.map((object) => {
    if (form === "metadata") return objectText(r, object, form);
    if (r.custom) return objectText(r, object, "whole");
    return cached(items, object, () => {
      const { kind: _, apiVersion: __, ...rest } = object as KubeObject & JsonObject;
      return rest;
    });
  });
  // An empty list of metadata alone is written as Go writes a nil slice.
  const body = form === "metadata" && texts.length === 0 ? "null" : `[${texts.join(",")}]`;
  return `${JSON.stringify({ ...head, metadata: meta }).slice(0, -1)},"items":${body}}`;
};
