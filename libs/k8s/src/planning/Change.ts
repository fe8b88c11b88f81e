/** What kind of change a plan is, for memory. */
import type { Plan } from "@nopea/domain";
import { isMapping } from "../fields/jsonPath.js";
import type { PlannedEntry, SetPlan } from "./Planner.js";

type Semver = Plan.Change["semver"];

const STEPS = ["none", "other", "patch", "minor", "major"] as const satisfies ReadonlyArray<Semver>;

/** A registry's port is no tag, and a digest no version. */
const tagOf = (image: string): string | undefined =>
  /:([\w][\w.-]*)$/.exec(image.replace(/@.*$/, "").replace(/^.*\//, ""))?.[1];

const versionOf = (image: string): ReadonlyArray<number> | undefined => {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$/.exec(tagOf(image) ?? "");
  return match === null
    ? undefined
    : [match[1], match[2], match[3]].map((part) => Number(part ?? 0));
};

/** How far apart the tags of two images are, in either direction. */
export const semverStep = (before: string, after: string): Semver => {
  if (before === after) return "none";
  const one = versionOf(before);
  const other = versionOf(after);
  if (one === undefined || other === undefined) return "other";
  const first = one.findIndex((part, index) => part !== other[index]);
  return first < 0 ? "other" : (["major", "minor", "patch"] as const)[first as 0 | 1 | 2];
};

/** The largest of several steps; `none` where there are none. */
export const furthest = (steps: ReadonlyArray<Semver>): Semver =>
  STEPS[Math.max(0, ...steps.map((step) => STEPS.indexOf(step)))] ?? "none";

const IMAGE = /(?:^|\.)(?:initContainers|containers)\[[^\]]*\]\.image$/;

const CHANGES = new Set<Plan.PlanAction>([
  "created",
  "configured",
  "recreated",
  "adopted",
  "unknown",
]);

const leaves = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + leaves(item), 0);
  if (!isMapping(value)) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + leaves(item), 0);
};

const linesOf = ({ planned, send }: PlannedEntry): number =>
  planned.action === "created"
    ? // apiVersion, kind and the name are no lines of anyone's change.
      Math.max(1, leaves({ ...send, apiVersion: [], kind: [], metadata: [] }))
    : planned.fields.length;

const isConfig = ({ planned: { object } }: PlannedEntry): boolean =>
  object.apiVersion === "v1" && (object.kind === "ConfigMap" || object.kind === "Secret");

/** `image` where any container's image moves, `config` where only ConfigMaps and Secrets do, else `manifests`. */
export const of = (plan: SetPlan): Plan.Change => {
  const changed = plan.entries.filter(({ planned }) => CHANGES.has(planned.action));
  const steps = changed.flatMap(({ planned }) =>
    planned.fields
      .filter(({ path, change }) => change === "changed" && IMAGE.test(path))
      .map(({ before, after }) => semverStep(String(before), String(after))),
  );
  return {
    kind:
      steps.length > 0
        ? "image"
        : changed.length > 0 && changed.every(isConfig)
          ? "config"
          : "manifests",
    semver: furthest(steps),
    objects: changed.length,
    lines: changed.reduce((sum, entry) => sum + linesOf(entry), 0),
  };
};
