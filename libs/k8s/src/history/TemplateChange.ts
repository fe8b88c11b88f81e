/** How two pod templates differ, as a `Change`; and which images a template runs. Pure. */
import type { Plan } from "@nopea/domain";
import { at, isMapping, listAt, textAt } from "../fields/jsonPath.js";
import { furthest, semverStep } from "../planning/Change.js";

/** Controllers write these into the templates of the objects that they make. */
const HASH_LABELS = new Set(["pod-template-hash", "rollouts-pod-template-hash"]);

/** By which charts, kustomize and nopea itself roll pods when only a ConfigMap or Secret changed. */
const CONFIG_ANNOTATION = /checksum|config-?(?:hash|digest|version)/i;
const CONFIG_PATH = /^\/metadata\/annotations\/(.*)$/;
const IMAGE_PATH = /^\/spec\/(?:initContainers|containers)\/[^/]*\/image$/;

/** Every leaf by its path; items of lists by their names where they have one, so that a new one in front moves no other. */
const leaves = (value: unknown, path = "", into = new Map<string, string>()) => {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) =>
      leaves(item, `${path}/${textAt(item, "name") ?? index}`, into),
    );
  } else if (isMapping(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (path === "/metadata/labels" && HASH_LABELS.has(key)) continue;
      leaves(inner, `${path}/${key}`, into);
    }
  } else if (value !== null && value !== undefined) into.set(path, JSON.stringify(value));
  return into;
};

/** Of a template that there was none before. */
export const created = (template: unknown): Plan.Change => ({
  kind: "manifests",
  semver: "none",
  objects: 1,
  lines: Math.max(1, leaves(template).size),
});

export const between = (before: unknown, after: unknown): Plan.Change => {
  const one = leaves(before);
  const other = leaves(after);
  const changed = [...new Set([...one.keys(), ...other.keys()])].filter(
    (path) => one.get(path) !== other.get(path),
  );
  const steps = changed
    .filter((path) => IMAGE_PATH.test(path) && one.has(path) && other.has(path))
    .map((path) => semverStep(plain(one.get(path)), plain(other.get(path))));
  const isConfig = (path: string) => CONFIG_ANNOTATION.test(CONFIG_PATH.exec(path)?.[1] ?? "");
  return {
    kind:
      steps.length > 0
        ? "image"
        : changed.length > 0 && changed.every(isConfig)
          ? "config"
          : "manifests",
    semver: furthest(steps),
    objects: 1,
    lines: changed.length,
  };
};

const plain = (json: string | undefined): string => String(JSON.parse(json ?? '""'));

/** One text for the images of a template, whatever the order of its containers. */
export const imagesOf = (template: unknown): string =>
  ["initContainers", "containers"]
    .flatMap((list) => listAt(template, "spec", list))
    .map((container) => `${textAt(container, "name") ?? ""}=${textAt(container, "image") ?? ""}`)
    .sort()
    .join(" ");

export const templateOf = (object: unknown): unknown => at(object, "spec", "template");
