/**
 * Whose an object is: our own, another service's, Helm's, Argo CD's or Flux's, or that of
 * whoever ran `kubectl apply`. And how what the last one owned becomes ours, so that a field
 * which a later set lacks goes away.
 */
import { Evidence, KubeObject, Reason, Wire } from "@nopea/domain";
import { Schema } from "effect";
import { LAST_APPLIED_ANNOTATION } from "../fields/FieldDiff.js";
import {
  appliedBy,
  EMPTY,
  type FieldTree,
  subtract,
  treeOf,
  union,
  within,
  without,
} from "../fields/fieldTree.js";
import * as Marks from "../documents/Marks.js";

/** An object belongs to another tool or another service, and nobody said that it may be taken. */
export class TakeOverNeeded extends Schema.TaggedError<TakeOverNeeded>()("TakeOverNeeded", {
  message: Schema.String,
  reason: Wire.optional(Reason.Reason),
  object: KubeObject.ObjectRef,
  source: Schema.String,
  /** `Helm release web`, `another service`, … */
  owner: Schema.String,
  evidence: Wire.optional(Schema.Array(Evidence.Evidence)),
  advice: Schema.String,
}) {}

type Entry = KubeObject.ManagedFieldsEntry;

/** A tool that applies objects: how it is known, and under which name it manages fields. */
interface Tracker {
  readonly owner: (object: KubeObject.KubeObject) => string | undefined;
  readonly managers: ReadonlyArray<string>;
}

const manages = (object: KubeObject.KubeObject, manager: string): boolean =>
  (object.metadata.managedFields ?? []).some((entry) => entry.manager === manager);

const HELM: Tracker = {
  owner: ({ metadata: { annotations, labels } }) => {
    const release = annotations?.["meta.helm.sh/release-name"];
    return release !== undefined && labels?.["app.kubernetes.io/managed-by"] === "Helm"
      ? `Helm release ${release}`
      : undefined;
  },
  managers: ["helm"],
};

const ARGO_CD: Tracker = {
  owner: (object) => {
    const tracking = object.metadata.annotations?.["argocd.argoproj.io/tracking-id"];
    if (tracking !== undefined) return `Argo CD application ${tracking.replace(/:.*$/s, "")}`;
    // Charts set the instance label too: it is Argo CD's only where Argo CD manages the object.
    const instance = object.metadata.labels?.["app.kubernetes.io/instance"];
    return instance !== undefined && manages(object, "argocd-controller")
      ? `Argo CD application ${instance}`
      : undefined;
  },
  managers: ["argocd-controller"],
};

const FLUX: Tracker = {
  owner: ({ metadata: { labels } }) => {
    const kustomization = labels?.["kustomize.toolkit.fluxcd.io/name"];
    return kustomization === undefined ? undefined : `Flux kustomization ${kustomization}`;
  },
  managers: ["kustomize-controller"],
};

const TRACKERS = [HELM, ARGO_CD, FLUX];

const isMarkedBy = (
  object: KubeObject.KubeObject,
  labels: Readonly<Record<string, string>>,
): boolean => {
  const mark = object.metadata.labels?.[Marks.MEMBER_LABEL];
  return mark !== undefined && mark === labels[Marks.MEMBER_LABEL];
};

/** Who else an object belongs to; undefined where it is ours, or nobody's in particular. `labels`: our mark. */
export const ownerOf = (
  live: KubeObject.KubeObject,
  labels: Readonly<Record<string, string>>,
): string | undefined => {
  if (isMarkedBy(live, labels)) return undefined;
  if (live.metadata.labels?.[Marks.PARENT_LABEL] !== undefined) {
    return "another service, whose record it is";
  }
  const mark = live.metadata.labels?.[Marks.MEMBER_LABEL];
  if (mark !== undefined) return `another service or apply set (${mark})`;
  for (const tracker of TRACKERS) {
    const owner = tracker.owner(live);
    if (owner !== undefined) return owner;
  }
  return undefined;
};

export const takeOverNeeded = (
  object: KubeObject.ObjectRef,
  source: string,
  owner: string,
): TakeOverNeeded =>
  new TakeOverNeeded({
    message: `${KubeObject.refText(object)} belongs to ${owner}.`,
    object,
    source,
    owner,
    advice: `Let nopea take it with --take-over, once its present owner lets go of it; or remove it from ${source}.`,
  });

/** Managers whose whole document nopea takes the place of: they applied the object as nopea does. */
const APPLIERS = new Set([
  "kubectl-client-side-apply",
  "kubectl-create",
  "kubectl-replace",
  "kubectl-last-applied",
  ...TRACKERS.flatMap(({ managers }) => managers),
]);

const isFolded = (entry: Entry): boolean =>
  (entry.subresource ?? "") === "" &&
  entry.fieldsV1 !== undefined &&
  (APPLIERS.has(entry.manager) || (entry.manager === "kubectl" && entry.operation === "Apply"));

/** How an object that others applied becomes ours. */
export interface Fold {
  /** Whose fields become ours. */
  readonly managers: ReadonlyArray<string>;
  /** JSON patch that says so, valid for this resourceVersion alone. */
  readonly patch: ReadonlyArray<unknown>;
  /** The object as the patch leaves it. */
  readonly folded: KubeObject.KubeObject;
}

const byTime = (one: Entry, other: Entry): number =>
  (one.time ?? "") < (other.time ?? "") ? -1 : 1;

/**
 * As client-go's csaupgrade does it: the old managers' entries become one of ours, operation
 * Apply. Nothing where nobody is to be folded, or where nopea manages the object already: what
 * kubectl did to it since then is a hand's change, no ownership.
 */
export const foldOf = (live: KubeObject.KubeObject, fieldManager: string): Fold | undefined => {
  const entries = live.metadata.managedFields ?? [];
  if (appliedBy(live, fieldManager) !== undefined) return undefined;
  const old = entries.filter(isFolded).sort(byTime);
  const newest = old.at(-1);
  if (newest === undefined) return undefined;
  const fieldsV1 = old.reduce<FieldTree>((tree, entry) => union(tree, entry.fieldsV1 ?? {}), EMPTY);
  const managedFields: ReadonlyArray<Entry> = [
    { ...newest, manager: fieldManager, operation: "Apply", fieldsV1 },
    ...entries.filter((entry) => !isFolded(entry)),
  ];
  return {
    managers: [...new Set(old.map(({ manager }) => manager))],
    patch: [
      { op: "replace", path: "/metadata/managedFields", value: managedFields },
      {
        op: "replace",
        path: "/metadata/resourceVersion",
        value: live.metadata.resourceVersion,
      },
    ],
    folded: { ...live, metadata: { ...live.metadata, managedFields } },
  };
};

const documentOf = (live: KubeObject.KubeObject): unknown => {
  const text = live.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * What the apply after a fold will answer, from a dry-run before it: the dry-run knows nothing
 * of the fold, so what the old managers applied and the set lacks is taken out here. Of a
 * client-side apply only what its document said counts: the rest are defaults, which come back.
 */
export const predictFolded = (
  live: KubeObject.KubeObject,
  predicted: KubeObject.KubeObject,
  fieldManager: string,
): KubeObject.KubeObject => {
  const document = documentOf(live);
  const old = (live.metadata.managedFields ?? []).filter(isFolded).flatMap((entry) => {
    const tree = entry.fieldsV1 ?? EMPTY;
    if (entry.operation === "Apply") return [tree];
    return document === undefined ? [] : [within(tree, document)];
  });
  const kept = union(
    appliedBy(predicted, fieldManager) ?? EMPTY,
    treeOf(live, (entry) => !isFolded(entry)) ?? EMPTY,
  );
  const gone = subtract(
    old.reduce<FieldTree>((one, other) => union(one, other), EMPTY),
    kept,
  );
  if (gone === undefined) return predicted;
  const left = without(predicted, gone) as Readonly<Record<string, unknown>> | undefined;
  return { ...predicted, ...left } as KubeObject.KubeObject;
};
