/**
 * What an apply of a set would do: the API server's own dry-run of every object, in parallel,
 * against what is live. Of many, those that stand as they would be sent, and new ConfigMaps and
 * Secrets, are told without one where nothing else has a say in them.
 */
import { type Evidence, KubeObject, type Plan } from "@nopea/domain";
import { Effect, Either, Option } from "effect";
import { TakeOverNeeded } from "./Adoption.js";
import { type Admission, readAdmission } from "./admission.js";
import { areCreatable, isValid } from "./creatable.js";
import type { Cluster } from "../connection/Cluster.js";
import type { ApiFailure, ClusterFailure } from "../connection/ClusterError.js";
import { inLanes } from "./lanes.js";
import { AT_ONCE, type Live, readAutoscalers, readLive } from "./liveObjects.js";
import {
  marked,
  type PlannedOne,
  planEntry,
  type Refusal,
  type Surroundings,
} from "./planEntry.js";
import { retold } from "./retold.js";
import type { ManifestEntry, ManifestSet } from "../documents/ManifestSet.js";
import * as Replicas from "../fields/Replicas.js";

export interface PlanOptions {
  readonly fieldManager: string;
  /** Take fields from other managers. */
  readonly force: boolean;
  /** Take objects over from Helm, Argo CD, Flux or another service. */
  readonly takeOver: boolean;
  /** Labels that every sent object gets (our mark). */
  readonly labels: Readonly<Record<string, string>>;
  /** What nopea last applied, by `KubeObject.refKey`: decides who may take back which field. */
  readonly lastApplied: ReadonlyMap<string, KubeObject.KubeObject>;
}

/** One object of a plan, with what the apply needs to know of it. */
export interface PlannedEntry {
  readonly entry: ManifestEntry;
  readonly planned: Plan.PlannedObject;
  /** What is sent: marked, replicas left to their owner, as the plan found right. */
  readonly send: KubeObject.KubeObject;
  readonly live: Option.Option<KubeObject.KubeObject>;
  /** The dry-run's answer; none where it is `unknown`, `recreated`, or was not asked about. */
  readonly predicted: Option.Option<KubeObject.KubeObject>;
  /** Fields are taken from other managers: asked for, or the whole conflict lies in what nopea last applied. */
  readonly force: boolean;
  /** JSON patch of managedFields that folds an earlier manager's fields into ours, before the apply. */
  readonly adopt: Option.Option<ReadonlyArray<unknown>>;
  /** Delete first, then create. */
  readonly recreate: boolean;
  /** An admission webhook that it needs can't be called yet: it goes behind the workloads. */
  readonly late: boolean;
}

export interface SetPlan {
  readonly entries: ReadonlyArray<PlannedEntry>;
  /** Of all entries, and of the set's `skipped`. */
  readonly plan: Plan.Plan;
  /** Namespaces that entries live in, that don't exist, and that the set doesn't hold. Their entries are `unknown`. */
  readonly missingNamespaces: ReadonlyArray<string>;
  /**
   * Permissions whose lack left an entry `unknown`, and which no new role of the set can give: a
   * deploy is refused with the first, a diff shows what it could.
   */
  readonly denied: ReadonlyArray<ApiFailure>;
}

export type PlanFailure = ClusterFailure | TakeOverNeeded;

/**
 * From so many objects on that are live, or new and of one kind, asking once whether admission has
 * a say costs less than a dry-run of each. Fewer are all asked about.
 */
const MANY = 21;

/** So many refusals beside the first are told. */
const MAX_TOLD = 20;

const isRole = ({ object: { apiVersion, kind } }: ManifestEntry): boolean =>
  KubeObject.groupOf(apiVersion) === "rbac.authorization.k8s.io" && /Role(?:Binding)?$/.test(kind);

const keyOf = ({ object }: ManifestEntry): string => KubeObject.refKey(KubeObject.refOf(object));

const isLive = (live: Live | undefined): boolean =>
  live?.type === "known" && Option.isSome(live.object);

const ABSENT: Live = { type: "known", object: Option.none() };

const isAbsent = (live: Live | undefined): boolean =>
  live?.type === "known" && Option.isNone(live.object);

/** Entries that are new and break no rule of their kind, where there are many of a kind in a namespace. */
const manyNew = (
  entries: ReadonlyArray<ManifestEntry>,
  live: ReadonlyMap<string, Live>,
): ReadonlyArray<ReadonlyArray<ManifestEntry>> => {
  const groups = new Map<string, Array<ManifestEntry>>();
  for (const entry of entries) {
    if (!isAbsent(live.get(keyOf(entry))) || !isValid(entry.object)) continue;
    const { kind, metadata } = entry.object;
    const group = `${kind}/${metadata.namespace ?? ""}`;
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [entry]);
    else others.push(entry);
  }
  return [...groups.values()].filter(({ length }) => length >= MANY);
};

/** Those of the groups that are created as they are sent. */
const creatableOf = (
  cluster: typeof Cluster.Service,
  groups: ReadonlyArray<ReadonlyArray<ManifestEntry>>,
  admission: Admission | undefined,
  { fieldManager, labels }: PlanOptions,
) =>
  Effect.filter(
    groups,
    ([sample]) =>
      admission === undefined || sample === undefined || Option.isNone(sample.resource)
        ? Effect.succeed(false)
        : areCreatable(
            cluster,
            admission,
            sample.resource.value,
            marked(sample.object, labels),
            fieldManager,
          ),
    { concurrency: "unbounded" },
  ).pipe(Effect.map((creatable) => new Set(creatable.flat())));

const surroundings = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  entries: ReadonlyArray<ManifestEntry>,
  live: ReadonlyMap<string, Live>,
  options: PlanOptions,
) {
  // Only a count that is live already can be someone else's.
  const counted = entries.filter(
    (entry) => Replicas.saysCount(entry.object) && isLive(live.get(keyOf(entry))),
  );
  const namespaces = counted.flatMap(({ object }) => object.metadata.namespace ?? []);
  const isManyLive = entries.filter((entry) => isLive(live.get(keyOf(entry)))).length >= MANY;
  const groups = manyNew(entries, live);
  const [autoscalers, admission] = yield* Effect.all(
    [
      readAutoscalers(cluster, [...new Set(namespaces)]),
      isManyLive || groups.length > 0 ? readAdmission(cluster) : Effect.succeed(undefined),
    ],
    { concurrency: "unbounded" },
  );
  return {
    admission,
    creatable: yield* creatableOf(cluster, groups, admission, options),
    newRoles: entries.some((entry) => isRole(entry) && !isLive(live.get(keyOf(entry)))),
    autoscaled: Replicas.autoscaled([...autoscalers, ...entries.map(({ object }) => object)]),
  } satisfies Surroundings;
});

/** The first refusal by order, which tells of all the others. */
const gathered = (
  refusals: ReadonlyArray<{ readonly refusal: Refusal; readonly source: string }>,
): Refusal | undefined => {
  const [first, ...others] = refusals;
  if (first === undefined) return undefined;
  const note = (text: string): Evidence.Evidence => ({ kind: "note", text });
  const evidence = [
    ...(first.refusal.evidence ?? []),
    note(`from ${first.source}`),
    ...others
      .slice(0, MAX_TOLD)
      .map(({ refusal, source }) => note(`${source}: ${refusal.message}`)),
    ...(others.length > MAX_TOLD ? [note(`and ${others.length - MAX_TOLD} more`)] : []),
  ];
  return first.refusal._tag === "ApiFailure"
    ? retold(first.refusal, { evidence })
    : new TakeOverNeeded({ ...first.refusal, message: first.refusal.message, evidence });
};

const missingNamespaces = (
  set: ManifestSet,
  planned: ReadonlyArray<PlannedOne>,
): ReadonlyArray<string> => {
  const held = new Set(
    set.entries
      .filter(({ object }) => object.apiVersion === "v1" && object.kind === "Namespace")
      .map(({ object }) => object.metadata.name),
  );
  const absent = planned
    .filter(({ cause }) => cause?.missing === "namespace")
    .flatMap(({ entry }) => entry.send.metadata.namespace ?? []);
  return [...new Set(absent)].filter((namespace) => !held.has(namespace));
};

/**
 * Asks the API server what an apply of the set would do. Every object is asked about before the
 * first refusal by order is told, with the others in its evidence.
 */
export const plan = Effect.fn("Planner.plan")(function* (
  cluster: typeof Cluster.Service,
  set: ManifestSet,
  options: PlanOptions,
): Effect.fn.Return<SetPlan, PlanFailure> {
  const live = yield* readLive(cluster, set.entries);
  const around = yield* surroundings(cluster, set.entries, live, options);
  const answers = yield* inLanes(set.entries, AT_ONCE, (entry) =>
    planEntry(cluster, entry, live.get(keyOf(entry)) ?? ABSENT, options, around),
  );
  const planned: Array<PlannedOne> = [];
  const refusals: Array<{ readonly refusal: Refusal; readonly source: string }> = [];
  answers.forEach((answer, index) => {
    if (Either.isRight(answer)) planned.push(answer.right);
    else refusals.push({ refusal: answer.left, source: set.entries[index]?.source ?? "" });
  });
  const refusal = gathered(refusals);
  if (refusal !== undefined) return yield* refusal;
  const objects: ReadonlyArray<Plan.PlannedObject> = [
    ...planned.map(({ entry }) => entry.planned),
    ...set.skipped.map(({ object, source, note }) => ({
      object: KubeObject.refOf(object),
      source,
      action: "skipped" as const,
      note,
      fields: [],
    })),
  ];
  return {
    entries: planned.map(({ entry }) => entry),
    plan: {
      objects,
      unchanged: objects.every(({ action }) => action === "unchanged" || action === "skipped"),
      warnings: [...set.warnings, ...planned.flatMap((one) => one.warnings)],
    },
    missingNamespaces: missingNamespaces(set, planned),
    denied: around.newRoles
      ? []
      : planned.flatMap(({ cause }) => (cause?.reason === "forbidden" ? [cause] : [])),
  };
});
