/**
 * What comes before the first write: the request makes sense, the set holds together, the
 * namespaces are there or may be made, and the API server has said what an apply would do.
 * Whatever is found wrong here refuses the deploy, and nothing has been touched.
 */
import { BadInput, KubeObject, type Risk, type Service } from "@nopea/domain";
import {
  Applier,
  Change,
  type Cluster,
  type ClusterError,
  ConfigReaders,
  ManifestSet,
  Marks,
  Planner,
} from "@nopea/k8s";
import type { Memory } from "@nopea/memory";
import type { StoreError } from "@nopea/store";
import { Clock, Effect, Option } from "effect";
import * as Choice from "./Choice.js";
import * as ClusterIdentity from "./ClusterIdentity.js";
import type { ResolvedRequest } from "./Deployer.js";
import type { ByKey } from "./LastApplied.js";
import * as Ledgers from "./Ledgers.js";
import * as Policy from "./Policy.js";
import * as Recollection from "./Recollection.js";
import { type FreezeWindow, Refused, type Refusal } from "./Refusal.js";

type ClusterService = typeof Cluster.Cluster.Service;

export interface Prepared {
  readonly place: Ledgers.Place;
  readonly ref: Service.ServiceRef;
  readonly set: ManifestSet.ManifestSet;
  /** The service's namespace doesn't exist yet. */
  readonly namespaceMissing: boolean;
  /** By what is known before the plan. */
  readonly chosen: Choice.Chosen;
}

export const prepare: (
  cluster: ClusterService,
  request: ResolvedRequest,
) => Effect.Effect<Prepared, Refusal> = Effect.fn("Preparation.prepare")(
  function* (cluster, request) {
    const { service, namespace } = request;
    const place = { service, namespace };
    // What forbids the deploy is said before anyone is asked; what only the plan shows can't forbid it.
    const chosen = yield* choose(request, { canRoll: true, isFirst: false });
    const [made, id, found] = yield* Effect.all(
      [
        ManifestSet.make(
          request.manifests,
          { service, namespace, alsoNamespaces: request.alsoNamespaces ?? [] },
          cluster,
        ),
        ClusterIdentity.resolve(cluster, Option.some(place)),
        namespaceOf(cluster, namespace),
      ],
      { concurrency: "unbounded" },
    );
    const set = request.rollOnConfig === true ? ConfigReaders.rollOnConfig(made) : made;
    if (found === "missing") yield* mayCreate(request, [namespace], set);
    return {
      place,
      ref: { cluster: id, namespace, service },
      set,
      namespaceMissing: found === "missing",
      chosen,
    };
  },
);

/** The strategy, by what is known so far. A dry run isn't refused by a freeze window, but told of it. */
const choose = (
  request: ResolvedRequest,
  known: Pick<Choice.Question, "risk" | "canRoll" | "isFirst">,
): Effect.Effect<Choice.Chosen, FreezeWindow | Refused> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Choice.choose({
      ...known,
      asked: request.strategy,
      policy: request.policy ?? Policy.empty,
      ref: request,
      now,
      overrideFreeze: request.overrideFreeze === true || request.dryRun === true,
      engine: Choice.engine,
    }),
  );

export interface Decided {
  readonly chosen: Choice.Chosen;
  /** Undefined where nothing would change, which has nothing to fail at, or memory can't be asked. */
  readonly risk: Risk.Risk | undefined;
  readonly rolling: Choice.Rolling;
}

/** What a plan was made of. */
interface Seen {
  readonly planned: Planner.SetPlan;
  readonly ledger: Option.Option<Ledgers.Stored>;
  readonly lastApplied: ByKey;
}

/** The strategy and the risk of a plan, for a deploy and its dry run alike. */
export const decide = (
  memory: typeof Memory.Memory.Service,
  cluster: ClusterService,
  prepared: Pick<Prepared, "ref">,
  request: ResolvedRequest,
  seen: Seen,
  onNoStore: (failure: StoreError.StoreUnavailable) => Effect.Effect<void>,
): Effect.Effect<Decided, FreezeWindow | Refused> =>
  Effect.gen(function* () {
    const rolling = rollingOf(seen);
    const at = yield* Clock.currentTimeMillis;
    const change = Change.of(seen.planned);
    const ask = { at, change, bot: request.who.kind !== "human" };
    const risk = seen.planned.plan.unchanged
      ? undefined
      : yield* memory.context(prepared.ref, ask).pipe(
          Effect.map((context) => context.risk),
          Effect.catchAll((failure) =>
            Effect.zipRight(onNoStore(failure), recalled(cluster, prepared.ref, ask)),
          ),
        );
    return { chosen: yield* choose(request, { risk, ...rolling }), risk, rolling };
  });

/** What the ledgers alone say, if they may be read: a deploy goes on without. */
const recalled = (cluster: ClusterService, ref: Service.ServiceRef, ask: Memory.Ask) =>
  Recollection.context(cluster, ref, ask).pipe(
    Effect.map(({ context }) => context.risk),
    Effect.orElseSucceed(() => undefined),
  );

const rollingOf = ({ planned, ledger, lastApplied }: Seen): Choice.Rolling => ({
  canRoll: planned.entries.some(
    ({ planned: { object } }) => object.kind === "Deployment" && object.apiVersion === "apps/v1",
  ),
  isFirst: Option.match(ledger, {
    // Where the cluster keeps none the store knows what was applied.
    onNone: () => lastApplied.size === 0,
    onSome: ({ ledger }) => ledger.current === undefined,
  }),
});

/** An account of one namespace may not read the namespace itself: it is there then. */
const namespaceOf = (
  cluster: ClusterService,
  name: string,
): Effect.Effect<"there" | "missing", ClusterError.ClusterFailure> =>
  cluster.get({ apiVersion: "v1", kind: "Namespace", name }).pipe(
    Effect.map((found) => (Option.isSome(found) ? ("there" as const) : ("missing" as const))),
    Effect.catchTag("ApiFailure", (failure) =>
      failure.missing === "namespace"
        ? Effect.succeed("missing" as const)
        : failure.reason === "forbidden"
          ? Effect.succeed("there" as const)
          : Effect.fail(failure),
    ),
  );

const holds = (set: ManifestSet.ManifestSet, namespace: string): boolean =>
  set.entries.some(({ object }) => isNamespace(object, namespace));

const isNamespace = (object: KubeObject.KubeObject, name: string): boolean =>
  object.apiVersion === "v1" && object.kind === "Namespace" && object.metadata.name === name;

const mayCreate = (
  request: ResolvedRequest,
  namespaces: ReadonlyArray<string>,
  set: ManifestSet.ManifestSet,
): Effect.Effect<void, BadInput> => {
  const missing = namespaces.find((namespace) => !holds(set, namespace));
  return missing === undefined || request.createNamespace === true
    ? Effect.void
    : Effect.fail(
        new BadInput({
          message: `namespace ${missing} does not exist`,
          field: "namespace",
          advice: "Create it, put it into the set, or say --create-namespace.",
        }),
      );
};

export const planOptions = (
  request: ResolvedRequest,
  place: Ledgers.Place,
  lastApplied: ByKey,
): Planner.PlanOptions => ({
  fieldManager: Ledgers.fieldManager,
  force: request.forceConflicts ?? false,
  takeOver: request.takeOver ?? false,
  labels: Marks.memberLabels(Ledgers.applySetId(place)),
  lastApplied,
});

/** The plan, once nothing in it refuses the deploy. `lenient`: what may not be looked at is only shown. */
export const plan: (
  cluster: ClusterService,
  prepared: Pick<Prepared, "set">,
  request: ResolvedRequest,
  options: Planner.PlanOptions,
  lenient?: boolean,
) => Effect.Effect<Planner.SetPlan, Refusal> = Effect.fn("Preparation.plan")(function* (
  cluster,
  { set },
  request,
  options,
  lenient = false,
) {
  const planned = yield* Planner.plan(cluster, set, options).pipe(
    Effect.catchTag("TakeOverNeeded", (needed) => Effect.fail(refusedBy(needed))),
  );
  yield* mayCreate(request, planned.missingNamespaces, set);
  const [denied] = planned.denied;
  if (denied !== undefined && !lenient) return yield* denied;
  return planned;
});

const refusedBy = (needed: {
  readonly message: string;
  readonly object: KubeObject.ObjectRef;
  readonly advice: string;
  readonly reason?: Refused["reason"];
  readonly evidence?: Refused["evidence"];
}): Refused =>
  new Refused({
    message: needed.message,
    object: needed.object,
    advice: needed.advice,
    ...(needed.reason === undefined ? {} : { reason: needed.reason }),
    ...(needed.evidence === undefined ? {} : { evidence: needed.evidence }),
  });

/**
 * Makes the namespaces that are missing: the set's own documents as they are, the others bare.
 * Answers the keys of the documents that were applied here.
 */
export const createNamespaces: (
  cluster: ClusterService,
  planned: Planner.SetPlan,
  options: Planner.PlanOptions,
  names: ReadonlyArray<string>,
) => Effect.Effect<ReadonlySet<string>, Refusal> = Effect.fn("Preparation.createNamespaces")(
  function* (cluster, planned, options, names) {
    const applied = new Set<string>();
    for (const name of new Set([...names, ...planned.missingNamespaces])) {
      const document = planned.entries.find(({ entry }) => isNamespace(entry.object, name));
      if (document !== undefined) {
        yield* Applier.apply(cluster, document, options).pipe(
          Effect.catchTag("TakeOverNeeded", (needed) => Effect.fail(refusedBy(needed))),
        );
        applied.add(KubeObject.refKey(document.planned.object));
        continue;
      }
      yield* cluster
        .create(
          { apiVersion: "v1", kind: "Namespace", metadata: { name } },
          { fieldManager: Ledgers.fieldManager },
        )
        .pipe(
          // Someone else was faster, which is as well.
          Effect.catchIf(
            (failure) => failure._tag === "ApiFailure" && failure.statusReason === "AlreadyExists",
            () => Effect.void,
          ),
        );
    }
    return applied;
  },
);
