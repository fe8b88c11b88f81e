/**
 * Where a service stands, from what the cluster keeps of it and from what is live: the set in
 * force, a deploy in flight, readiness, and drift. Reads only.
 */
import { type Drift, KubeObject, type Service, type DeployResult } from "@nopea/domain";
import { type Cluster, type ClusterError, ThreeWay, Waiter } from "@nopea/k8s";
import { Deploys, type DeployRow, SecretDigest } from "@nopea/store";
import { Array, Context, Effect, Layer, Option, type Scope } from "effect";
import * as ClusterIdentity from "./ClusterIdentity.js";
import { withEvidence } from "./Intake.js";
import * as Changes from "./internal/changes.js";
import { isDenied } from "./internal/failures.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import { Recovery, type View } from "./Recovery.js";
import { Settings, waitSettings } from "./Settings.js";

export type { Changes } from "./internal/changes.js";

type ClusterService = typeof Cluster.Cluster.Service;

export interface Inspection {
  readonly ref: Service.ServiceRef;
  /** False where the cluster keeps nothing of it. */
  readonly known: boolean;
  /** The deploy whose set is in force, with its result where its record is kept. */
  readonly current: Option.Option<DeployRow.DeployRow>;
  /** The one that ended last, where it is another. */
  readonly latest: Option.Option<DeployRow.DeployRow>;
  readonly inFlight: Option.Option<View>;
  /** Every object looked at is there and ready; false where there is none. */
  readonly ready: boolean;
  readonly objects: ReadonlyArray<{
    readonly object: KubeObject.ObjectRef;
    readonly ready: boolean;
    readonly message: string;
  }>;
  /** What stands against it: terminal findings first. */
  readonly findings: ReadonlyArray<Waiter.Finding>;
  /** Of every object looked at, `no_drift` too; none while a deploy is in flight, which changes them. */
  readonly drift: ReadonlyArray<Drift.Drift>;
  readonly degraded: ReadonlyArray<DeployResult.Degraded>;
  readonly warnings: ReadonlyArray<string>;
}

interface Place {
  readonly namespace: Service.Namespace;
  readonly service: Service.ServiceName;
}

export class Inspector extends Context.Tag("@nopea/deploy/Inspector")<
  Inspector,
  {
    readonly inspect: (
      cluster: ClusterService,
      place: Place,
    ) => Effect.Effect<Inspection, Ledgers.Failure>;
    /** Word that another look may show something else, of a service or of all of a namespace. */
    readonly changes: (
      cluster: ClusterService,
      place: Changes.Place,
    ) => Effect.Effect<Changes.Changes, never, Scope.Scope>;
  }
>() {}

export const make: Effect.Effect<
  typeof Inspector.Service,
  never,
  Recovery | Deploys.Deploys | SecretDigest.SecretDigest
> = Effect.gen(function* () {
  const recovery = yield* Recovery;
  const deploys = yield* Deploys.Deploys;
  const digests = yield* SecretDigest.SecretDigest;

  const inspectKnown = (
    cluster: ClusterService,
    ref: Service.ServiceRef,
    ledger: Ledger.Ledger,
    warnings: string[],
  ) =>
    Effect.gen(function* () {
      const inSet = ledger.inventory.filter((entry) => entry.inSet);
      const refs = (inSet.length > 0 ? inSet : ledger.inventory).map(Ledger.refOf);
      const settings = yield* Settings;
      const [live, lastApplied, inFlight] = yield* Effect.all(
        [
          liveOf(cluster, refs, warnings),
          lastAppliedOf(cluster, ref, ledger),
          recovery.view(cluster, ref, ledger),
        ],
        { concurrency: "unbounded" },
      );
      const snapshot = yield* Waiter.snapshot(
        cluster,
        refs.map((one) => ({ object: live.get(KubeObject.refKey(one)) ?? bare(one) })),
        waitSettings(settings, { timeoutMs: 0, deadlineMs: 0 }),
      );
      const isSettled = Option.isNone(inFlight);
      if (isSettled && lastApplied.objects.size === 0 && refs.length > 0) {
        warnings.push("what was last applied is not known here, so that drift can't be seen");
      }
      const drift = yield* Effect.forEach(isSettled ? refs : [], (one) => {
        const key = KubeObject.refKey(one);
        const last = lastApplied.objects.get(key);
        const there = live.get(key);
        return Effect.map(
          lastApplied.digested && there !== undefined
            ? Effect.orElseSucceed(LastApplied.withDigests(digests, there), () => there)
            : Effect.succeed(there),
          (live) =>
            last === undefined && lastApplied.objects.size === 0
              ? []
              : [ThreeWay.drift({ object: one, lastApplied: last, desired: undefined, live })],
        );
      });
      return {
        inFlight,
        ready: refs.length > 0 && snapshot.ready,
        objects: snapshot.objects.map(({ object, ready, message }) => ({ object, ready, message })),
        findings: [...snapshot.terminal, ...snapshot.standing],
        drift: drift.flat(),
      };
    });

  /** From the records, else from the store, where Secrets are digests. */
  const lastAppliedOf = (cluster: ClusterService, ref: Service.ServiceRef, ledger: Ledger.Ledger) =>
    LastApplied.fromRecords(cluster, ref, ledger).pipe(
      Effect.catchIf(isDenied, () => Effect.succeed<LastApplied.ByKey>(new Map())),
      Effect.flatMap((objects) =>
        objects.size > 0
          ? Effect.succeed({ objects, digested: false })
          : Effect.map(LastApplied.fromStore(deploys, ref), (objects) => ({
              objects,
              digested: true,
            })),
      ),
    );

  const inspect: (typeof Inspector.Service)["inspect"] = Effect.fn("Inspector.inspect")(
    function* (cluster, place) {
      const [id, stored] = yield* Effect.all(
        [
          ClusterIdentity.resolve(cluster, Option.some(place)),
          Ledgers.read(cluster, place).pipe(
            Effect.map((stored) => ({ stored, failure: Option.none<string>() })),
            Effect.catchIf(
              (failure) =>
                failure._tag === "ApiFailure" &&
                (isDenied(failure) || failure.missing === "namespace"),
              (failure) =>
                Effect.succeed({
                  stored: Option.none<Ledgers.Stored>(),
                  failure: Option.some(failure.message),
                }),
            ),
          ),
        ],
        { concurrency: "unbounded" },
      );
      const ref = { cluster: id, ...place };
      const warnings = Option.toArray(stored.failure);
      if (Option.isNone(stored.stored)) {
        return { ...nothing(ref), degraded: warnings.length > 0 ? ["ledger"] : [], warnings };
      }
      const { ledger } = stored.stored.value;
      const [latest] = ledger.outcomes;
      const current = ledger.outcomes.find((entry) => entry.id === ledger.current);
      const rowFor = (entry: Ledger.OutcomeEntry | undefined) =>
        entry === undefined
          ? Effect.succeedNone
          : withEvidence(cluster, ref, ledger, entry).pipe(
              Effect.catchIf(isDenied, () =>
                withEvidence(cluster, ref, { ...ledger, records: [] }, entry),
              ),
              Effect.asSome,
            );
      const [seen, currentRow, latestRow] = yield* Effect.all(
        [
          inspectKnown(cluster, ref, ledger, warnings),
          rowFor(current),
          rowFor(latest?.id === current?.id ? undefined : latest),
        ],
        { concurrency: "unbounded" },
      );
      return {
        ref,
        known: true,
        current: currentRow,
        latest: latestRow,
        ...seen,
        degraded: warnings.length > 0 ? ["ledger"] : [],
        warnings,
      } satisfies Inspection;
    },
  );

  return Inspector.of({ inspect, changes: Changes.make });
});

export const layer: Layer.Layer<
  Inspector,
  never,
  Recovery | Deploys.Deploys | SecretDigest.SecretDigest
> = Layer.effect(Inspector, make);

const nothing = (ref: Service.ServiceRef): Inspection => ({
  ref,
  known: false,
  current: Option.none(),
  latest: Option.none(),
  inFlight: Option.none(),
  ready: false,
  objects: [],
  findings: [],
  drift: [],
  degraded: [],
  warnings: [],
});

const bare = (ref: KubeObject.ObjectRef): KubeObject.KubeObject => ({
  apiVersion: ref.apiVersion,
  kind: ref.kind,
  metadata: {
    name: ref.name,
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    ...(ref.uid === undefined ? {} : { uid: ref.uid }),
  },
});

/** From so many objects of one kind on, the whole collection is read in one request. */
const listFrom = 4;

/** The live objects by key; what may not be read, or whose kind is gone, is said and left out. */
const liveOf = (
  cluster: ClusterService,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
  warnings: string[],
): Effect.Effect<ReadonlyMap<string, KubeObject.KubeObject>, ClusterError.ClusterFailure> =>
  Effect.gen(function* () {
    const groups = Array.groupBy(
      refs,
      (ref) => `${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ""}`,
    );
    const live = new Map<string, KubeObject.KubeObject>();
    const wanted = new Set(refs.map(KubeObject.refKey));
    const keep = (object: KubeObject.KubeObject) => {
      const key = KubeObject.refKey(KubeObject.refOf(object));
      if (wanted.has(key)) live.set(key, object);
    };
    const getEach = (group: ReadonlyArray<KubeObject.ObjectRef>) =>
      Effect.forEach(group, (ref) => Effect.map(cluster.get(withoutUid(ref)), Option.map(keep)), {
        concurrency: 8,
        discard: true,
      });
    const readGroup = (group: ReadonlyArray<KubeObject.ObjectRef>) =>
      Effect.gen(function* () {
        const [first] = group;
        if (first === undefined) return;
        if (group.length < listFrom) return yield* getEach(group);
        const { apiVersion, kind, namespace } = first;
        yield* cluster.list({ apiVersion, kind, namespace }).pipe(
          Effect.map(({ items }) => items.forEach(keep)),
          Effect.catchIf(isDenied, () => getEach(group)),
        );
      }).pipe(
        Effect.catchTag("ApiFailure", (failure) =>
          Effect.sync(() => {
            if (!warnings.includes(failure.message)) warnings.push(failure.message);
          }),
        ),
      );
    yield* Effect.forEach(Object.values(groups), readGroup, { concurrency: 8, discard: true });
    return live;
  });

const withoutUid = ({ uid: _, ...names }: KubeObject.ObjectRef): KubeObject.ObjectRef => names;
