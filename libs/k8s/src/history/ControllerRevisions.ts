/**
 * Past deploys in the ControllerRevisions of StatefulSets and DaemonSets, judged as `Revisions`
 * says. Their controllers keep no time and no failure of a rollout: the current one worked where
 * every pod is of it and available, and failed where none of its pods is ready and each shows why
 * it never will be. A step back to an older revision gives that one a new number and keeps neither
 * the old number nor a time, so that it is left out itself; so is the one that it came after.
 */
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import { millis } from "../diagnosis/Pod.js";
import { at } from "../fields/jsonPath.js";
import { figure, partsOf } from "../readiness/Judgement.js";
import * as CurrentPods from "./CurrentPods.js";
import * as Owned from "./Owned.js";
import type { Found, ReadOptions } from "./PastDeploy.js";
import type { Kept, Verdict } from "./Revisions.js";

const HASH_LABEL = "controller-revision-hash";

const numberOf = (revision: KubeObject.KubeObject): number => figure(revision, "revision");

/**
 * Each with the number it had at first, where it was gone back to since: a hole in the numbers, or
 * a younger one with a smaller number, gives that away.
 */
const keptOf = (revisions: ReadonlyArray<KubeObject.KubeObject>): ReadonlyArray<Kept> => {
  const all = revisions
    .map((revision) => ({
      number: numberOf(revision),
      createdAt: millis(revision.metadata.creationTimestamp) ?? 0,
      template: at(revision, "data", "spec", "template"),
    }))
    .filter(({ number, createdAt }) => number > 0 && createdAt > 0)
    .sort((a, b) => a.createdAt - b.createdAt || a.number - b.number);
  const taken = new Set(all.map(({ number }) => number));
  const lowest = Math.min(...taken);
  let previous = 0;
  return all.map(({ number, createdAt, template }, index) => {
    const younger = all.slice(index + 1).map((other) => other.number);
    const next = Math.min(...younger.filter((other) => other < number));
    const free = (candidate: number) => candidate > previous && !taken.has(candidate);
    let first = number;
    if (next !== Infinity) first = next - 1;
    else
      for (let hole = number - 1; hole > Math.max(previous, lowest); hole -= 1) {
        if (free(hole)) first = hole;
      }
    // Where more than one number could be meant, none is.
    if (first !== number && (!free(first) || first !== previous + 1))
      return { numbers: [number], template };
    taken.add(first);
    previous = first;
    return { numbers: first === number ? [number] : [first, number], template, createdAt };
  });
};

const newestOf = (revisions: ReadonlyArray<KubeObject.KubeObject>) =>
  [...revisions].sort((a, b) => numberOf(b) - numberOf(a))[0];

/** Every pod is of the newest revision and available. */
const runs = (workload: KubeObject.KubeObject, newest: KubeObject.KubeObject): boolean => {
  const { spec, status } = partsOf(workload);
  if (workload.kind === "DaemonSet") {
    const desired = figure(status, "desiredNumberScheduled");
    return (
      desired > 0 &&
      figure(status, "updatedNumberScheduled") >= desired &&
      figure(status, "numberAvailable") >= desired
    );
  }
  const wanted = figure(spec, "replicas", 1);
  return (
    wanted > 0 &&
    status["updateRevision"] === newest.metadata.name &&
    status["currentRevision"] === status["updateRevision"] &&
    figure(status, "availableReplicas") >= wanted
  );
};

const verdictOf = (
  workload: KubeObject.KubeObject,
  newest: KubeObject.KubeObject,
  pods: ReadonlyArray<KubeObject.KubeObject>,
  now: number,
): Verdict | undefined => {
  const { status } = partsOf(workload);
  if (figure(status, "observedGeneration") < (workload.metadata.generation ?? 0)) return undefined;
  if (runs(workload, newest)) return { type: "ok", at: undefined };
  const cause = CurrentPods.causeOf(workload, pods, now);
  return cause?.decided === true
    ? { type: "failed", reason: cause.reason, at: cause.at }
    : undefined;
};

const hashOf = ({ metadata }: KubeObject.KubeObject): string | undefined =>
  metadata.labels?.[HASH_LABEL] ?? metadata.labels?.["controller.kubernetes.io/hash"];

/** A StatefulSet's pods carry the whole name of their revision, a DaemonSet's its hash. */
const labelOf = (revision: KubeObject.KubeObject, kind: string): string =>
  kind === "StatefulSet" ? (revision.metadata.name ?? "") : (hashOf(revision) ?? "");

const KINDS = ["StatefulSet", "DaemonSet"] as const;

/** `pods`: of the current revisions, as far as they may be read; only those that don't run are looked at. */
export const fromObjects = (
  objects: {
    readonly workloads: ReadonlyArray<KubeObject.KubeObject>;
    readonly revisions: ReadonlyArray<KubeObject.KubeObject>;
    readonly pods?: ReadonlyArray<KubeObject.KubeObject>;
  },
  { now, marks }: ReadOptions,
): Found => {
  const [revisions, pods] = [objects.revisions, objects.pods ?? []].map(
    (owned) => new Map(KINDS.flatMap((kind) => [...Owned.byOwner(owned, kind)])),
  );
  return Owned.found(objects.workloads, marks, (workload) => {
    const { uid = "" } = workload.metadata;
    const owned = revisions?.get(uid) ?? [];
    const newest = newestOf(owned);
    if (newest === undefined) return undefined;
    const label = labelOf(newest, workload.kind);
    const current = (pods?.get(uid) ?? []).filter(
      (pod) => pod.metadata.labels?.[HASH_LABEL] === label,
    );
    return {
      strategy: "direct",
      kept: keptOf(owned),
      verdict: verdictOf(workload, newest, current, now),
    };
  });
};

/** `namespace`: absent for all. Pods that may not be read are done without. */
export const read = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
  options: ReadOptions,
): Effect.Effect<Found, ClusterFailure> =>
  Effect.gen(function* () {
    const lists = yield* Effect.forEach([...KINDS, "ControllerRevision"], (kind) =>
      cluster.list({ apiVersion: "apps/v1", kind, namespace }),
    );
    const [stateful = [], daemons = [], revisions = []] = lists.map(({ items }) => items);
    const workloads = [...stateful, ...daemons];
    const owned = new Map(KINDS.flatMap((kind) => [...Owned.byOwner(revisions, kind)]));
    const pods = yield* Effect.forEach(
      workloads,
      (workload) => {
        const newest = newestOf(owned.get(workload.metadata.uid ?? "") ?? []);
        return newest === undefined || runs(workload, newest)
          ? Effect.succeed([])
          : Owned.podsLabelled(
              cluster,
              workload.metadata.namespace,
              `${HASH_LABEL}=${labelOf(newest, workload.kind)}`,
            );
      },
      { concurrency: 4 },
    );
    return fromObjects({ workloads, revisions, pods: pods.flat() }, options);
  });
