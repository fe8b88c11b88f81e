/** Workloads, the objects that their controllers keep of each revision, and the pods of those: who owns whom. */
import { KubeObject as Objects, type KubeObject, type Service } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterUnreachable } from "../connection/ClusterError.js";
import { millis } from "../diagnosis/Pod.js";
import * as PastDeploy from "./PastDeploy.js";
import * as Revisions from "./Revisions.js";
import * as TemplateChange from "./TemplateChange.js";

/** The annotations in which a controller numbers its ReplicaSets. */
export interface Numbers {
  readonly current: string;
  /** Numbers that the same ReplicaSet had before, with commas. */
  readonly history: string;
}

/** Ascending; none where its controller has written none yet. */
const numbersOf = (set: KubeObject.KubeObject, names: Numbers): ReadonlyArray<number> => {
  const { annotations = {} } = set.metadata;
  const found = [annotations[names.current], ...(annotations[names.history] ?? "").split(",")]
    .map((text) => (/^[1-9]\d{0,14}$/.test(text ?? "") ? Number(text) : 0))
    .filter((number) => number > 0);
  return [...new Set(found)].sort((a, b) => a - b);
};

export const newestNumber = (set: KubeObject.KubeObject, names: Numbers): number =>
  numbersOf(set, names).at(-1) ?? 0;

export const newest = (
  sets: ReadonlyArray<KubeObject.KubeObject>,
  names: Numbers,
): KubeObject.KubeObject | undefined =>
  [...sets].sort((a, b) => newestNumber(b, names) - newestNumber(a, names))[0];

export const kept = (
  sets: ReadonlyArray<KubeObject.KubeObject>,
  names: Numbers,
): ReadonlyArray<Revisions.Kept> =>
  sets.flatMap((set) => {
    const numbers = numbersOf(set, names);
    const createdAt = millis(set.metadata.creationTimestamp);
    return numbers.length === 0 || createdAt === undefined
      ? []
      : [{ numbers, template: TemplateChange.templateOf(set), createdAt }];
  });

/** By the uid of the controller, which is of that kind. */
export const byOwner = (
  objects: ReadonlyArray<KubeObject.KubeObject>,
  kind: string,
): ReadonlyMap<string, ReadonlyArray<KubeObject.KubeObject>> => {
  const owned = new Map<string, Array<KubeObject.KubeObject>>();
  for (const object of objects) {
    const owner = object.metadata.ownerReferences?.find(
      (each) => each.controller === true && each.kind === kind,
    );
    if (owner === undefined) continue;
    const siblings = owned.get(owner.uid);
    if (siblings === undefined) owned.set(owner.uid, [object]);
    else siblings.push(object);
  }
  return owned;
};

/** Every workload's deploys. `look`: what is known of its revisions; undefined where there are none. */
export const found = (
  workloads: ReadonlyArray<KubeObject.KubeObject>,
  marks: PastDeploy.ReadOptions["marks"],
  look: (
    workload: KubeObject.KubeObject,
  ) => Pick<Revisions.Workload, "strategy" | "kept" | "verdict"> | undefined,
): PastDeploy.Found => {
  const deploys: Array<PastDeploy.PastDeploy> = [];
  const skipped: Array<PastDeploy.Skipped> = [];
  for (const workload of workloads) {
    const { uid = "", namespace = "", deletionTimestamp } = workload.metadata;
    const known = deletionTimestamp === undefined ? look(workload) : undefined;
    if (known === undefined) continue;
    const service = PastDeploy.serviceOf(workload, marks);
    if (service === undefined) {
      skipped.push(PastDeploy.noServiceName(Objects.refText(Objects.refOf(workload), "")));
      continue;
    }
    deploys.push(
      ...Revisions.deploys({
        ...known,
        uid,
        subject: Objects.refKey(Objects.refOf(workload)),
        namespace: namespace as Service.Namespace,
        service,
      }),
    );
  }
  return { deploys, skipped };
};

/** Pods of ReplicaSets, by the label that tells their hash; none where they may not be read. */
export const pods = (
  cluster: typeof Cluster.Service,
  sets: ReadonlyArray<KubeObject.KubeObject>,
  hashLabel: string,
): Effect.Effect<ReadonlyArray<KubeObject.KubeObject>, ClusterUnreachable> =>
  Effect.map(
    Effect.forEach(
      sets,
      ({ metadata: { namespace, labels = {} } }) =>
        labels[hashLabel] === undefined
          ? Effect.succeed([])
          : podsLabelled(cluster, namespace, `${hashLabel}=${labels[hashLabel]}`),
      { concurrency: 4 },
    ),
    (found) => found.flat(),
  );

export const podsLabelled = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
  labelSelector: string,
): Effect.Effect<ReadonlyArray<KubeObject.KubeObject>, ClusterUnreachable> =>
  cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }).pipe(
    Effect.map(({ items }) => items),
    Effect.catchTag("ApiFailure", () => Effect.succeed([])),
  );
