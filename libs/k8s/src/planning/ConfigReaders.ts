/** Who reads a ConfigMap or Secret, and whether a change of it reaches them. */
import { createHash } from "node:crypto";
import type { KubeObject } from "@nopea/domain";
import { at, isMapping, type Json, listAt, textAt, withAt } from "../fields/jsonPath.js";
import type { ManifestSet } from "../documents/ManifestSet.js";
import type { PlannedEntry, SetPlan } from "./Planner.js";

/** Where in the pod template the digest of what it reads is written. */
export const DIGEST_ANNOTATION = "nopea.dev/config-digest";

const TEMPLATE = ["spec", "template"];

/** Workloads whose pods are replaced when their template changes. A Job's never are, a CronJob's next ones read anew. */
const ROLLING = new Set(["Deployment", "StatefulSet", "DaemonSet", "Rollout"]);

const templateOf = (object: KubeObject.KubeObject): Json | undefined => {
  const template = at(object, ...TEMPLATE);
  return ROLLING.has(object.kind) && isMapping(template) ? template : undefined;
};

const isConfig = (object: KubeObject.KubeObject | KubeObject.ObjectRef): boolean =>
  object.apiVersion === "v1" && (object.kind === "ConfigMap" || object.kind === "Secret");

/** `ConfigMap/name` and `Secret/name` of all that a pod template reads. */
export const readBy = (template: Json): ReadonlySet<string> => {
  const found = new Set<string>();
  const add = (kind: "ConfigMap" | "Secret", name: string | undefined): void => {
    if (name !== undefined) found.add(`${kind}/${name}`);
  };
  for (const volume of listAt(template, "spec", "volumes")) {
    add("ConfigMap", textAt(volume, "configMap", "name"));
    add("Secret", textAt(volume, "secret", "secretName"));
    for (const source of listAt(volume, "projected", "sources")) {
      add("ConfigMap", textAt(source, "configMap", "name"));
      add("Secret", textAt(source, "secret", "name"));
    }
  }
  for (const list of ["initContainers", "containers"]) {
    for (const container of listAt(template, "spec", list)) {
      for (const source of listAt(container, "envFrom")) {
        add("ConfigMap", textAt(source, "configMapRef", "name"));
        add("Secret", textAt(source, "secretRef", "name"));
      }
      for (const variable of listAt(container, "env")) {
        add("ConfigMap", textAt(variable, "valueFrom", "configMapKeyRef", "name"));
        add("Secret", textAt(variable, "valueFrom", "secretKeyRef", "name"));
      }
    }
  }
  return found;
};

const VALUES = /^(?:data|binaryData|stringData)(?:$|[[.])/;

const rolls = ({ planned }: PlannedEntry): boolean =>
  planned.action === "created" ||
  planned.action === "recreated" ||
  planned.fields.some(({ path }) => /^spec\.template(?:$|[[.])/.test(path));

/** `ConfigMap/name` of each whose values change though nothing of the set that reads it rolls. */
export const notReloaded = (plan: SetPlan): ReadonlyArray<string> => {
  const readers = plan.entries.flatMap((entry) => {
    const template = templateOf(entry.send);
    return template === undefined ? [] : [{ entry, reads: readBy(template) }];
  });
  return plan.entries
    .filter(
      ({ send, planned }) => isConfig(send) && planned.fields.some(({ path }) => VALUES.test(path)),
    )
    .flatMap(({ send }) => {
      const name = `${send.kind}/${send.metadata.name}`;
      const own = readers.filter(
        ({ entry, reads }) =>
          entry.send.metadata.namespace === send.metadata.namespace && reads.has(name),
      );
      return own.length > 0 && !own.some(({ entry }) => rolls(entry)) ? [name] : [];
    });
};

/** The same text for the same value, whatever the order of its keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    isMapping(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/** The set with a digest of what each rolling workload's template reads as an annotation in it, so that a change of it rolls the pods. */
export const rollOnConfig = (set: ManifestSet): ManifestSet => {
  const values = new Map(
    set.entries
      .filter(({ object }) => isConfig(object))
      .map(({ object }) => [
        `${object.metadata.namespace}/${object.kind}/${object.metadata.name}`,
        canonical([object["data"], object["binaryData"], object["stringData"]]),
      ]),
  );
  return {
    ...set,
    entries: set.entries.map((entry) => {
      const template = templateOf(entry.object);
      if (template === undefined) return entry;
      const read = [...readBy(template)].sort().flatMap((name) => {
        const value = values.get(`${entry.object.metadata.namespace}/${name}`);
        return value === undefined ? [] : [`${name}\n${value}\n`];
      });
      if (read.length === 0) return entry;
      const digest = createHash("sha256").update(read.join("")).digest("hex").slice(0, 16);
      const path = [...TEMPLATE, "metadata", "annotations", DIGEST_ANNOTATION];
      return {
        ...entry,
        object: withAt(entry.object, path, digest) as unknown as KubeObject.KubeObject,
      };
    }),
  };
};
