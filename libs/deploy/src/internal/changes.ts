/**
 * Word that a service may look otherwise by now: watches of its ledger, of its objects and of what
 * belongs to them, each collection watched once. What they say is compared with what they said
 * before and not kept, so that a list that only repeats itself is no word.
 */
import { KubeObject } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import {
  Clock,
  Duration,
  Effect,
  FiberMap,
  Option,
  Queue,
  type Scope,
  Stream,
  SubscriptionRef,
} from "effect";
import * as Ledgers from "../Ledgers.js";

type ClusterService = typeof Cluster.Cluster.Service;
type Collection = Parameters<ClusterService["watch"]>[0];

/** What a look can change by without word: windows that pass, and what may not be watched. */
const LOOK_AGAIN = Duration.seconds(10);
/** The first change is told at once, those that come within this of it together. */
const APART_MS = 500;

export interface Changes {
  /** From now on word of these counts too, and of what belongs to them. */
  readonly follow: (objects: ReadonlyArray<KubeObject.ObjectRef>) => Effect.Effect<void>;
  /** Until there is word that nobody was given yet, and 10 s at the most. */
  readonly next: Effect.Effect<void>;
  /** Why the cluster can't be heard, while that is so. */
  readonly lost: SubscriptionRef.SubscriptionRef<Option.Option<string>>;
  /** What may not be watched, and is looked at as time passes: one sentence each. */
  readonly unwatched: Effect.Effect<ReadonlyArray<string>>;
}

/** Without a service: of all services of the namespace. */
export interface Place {
  readonly namespace: string;
  readonly service: string | undefined;
}

export const make = (
  cluster: ClusterService,
  { namespace, service }: Place,
): Effect.Effect<Changes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const told = yield* Queue.sliding<void>(1);
    const tell = Queue.offer(told, undefined);
    const lost = yield* SubscriptionRef.make(Option.none<string>());
    const watches = yield* FiberMap.make<string>();
    const broken = new Map<string, string>();
    const unwatched = new Set<string>();
    let members: Members = membersOf([]);

    /** One stalled collection says little; where none can be heard, the cluster can't be. */
    const hear = Effect.gen(function* () {
      const [message] = broken.values();
      const all = broken.size > 0 && broken.size === (yield* FiberMap.size(watches));
      const now = all ? Option.fromNullable(message) : Option.none();
      const before = yield* SubscriptionRef.getAndSet(lost, now);
      if (Option.isSome(before) !== Option.isSome(now)) yield* tell;
    });

    const watch = (
      collection: Collection,
      isWanted: (object: KubeObject.KubeObject) => boolean,
    ) => {
      const key = JSON.stringify(collection);
      const versions = new Map<string, string | undefined>();
      return FiberMap.run(
        watches,
        key,
        cluster.watch(collection).pipe(
          Stream.runForEach((event) => {
            switch (event.type) {
              case "degraded":
                unwatched.add(event.message);
                return tell;
              case "disconnected":
                broken.set(key, event.message);
                return hear;
              case "resynced": {
                broken.delete(key);
                const wanted = event.objects.filter(isWanted);
                const isNews =
                  wanted.length !== versions.size ||
                  wanted.some((object) => versions.get(idOf(object)) !== versionOf(object));
                versions.clear();
                for (const object of wanted) versions.set(idOf(object), versionOf(object));
                return Effect.zipRight(hear, isNews ? tell : Effect.void);
              }
              case "changed":
              case "deleted":
                if (!isWanted(event.object)) return Effect.void;
                if (event.type === "deleted") versions.delete(idOf(event.object));
                else versions.set(idOf(event.object), versionOf(event.object));
                return tell;
            }
          }),
          // Refused: it is looked at as time passes.
          Effect.catchAll(({ message }) => {
            unwatched.add(message);
            broken.delete(key);
            return Effect.zipRight(hear, tell);
          }),
        ),
        { onlyIfMissing: true },
      ).pipe(Effect.asVoid);
    };

    const ledger = Ledgers.refOf({ namespace, service: service ?? "" });
    yield* watch(
      {
        apiVersion: ledger.apiVersion,
        kind: ledger.kind,
        namespace,
        ...(service === undefined
          ? { labelSelector: Ledgers.label }
          : { fieldSelector: `metadata.name=${ledger.name}` }),
      },
      () => true,
    );

    let toldAtMs = Number.NEGATIVE_INFINITY;
    return {
      follow: (objects) =>
        Effect.suspend(() => {
          members = membersOf(objects);
          const isMember = (object: KubeObject.KubeObject) => isOneOf(members, object);
          const collections = objects.map(({ apiVersion, kind, namespace }) => ({
            apiVersion,
            kind,
            namespace,
          }));
          const below = [...new Set(objects.filter(hasPods).map(({ namespace }) => namespace))];
          return Effect.forEach(
            [
              ...collections,
              ...below.flatMap((namespace) => [
                { apiVersion: "v1", kind: "Pod", namespace },
                { apiVersion: "apps/v1", kind: "ReplicaSet", namespace },
              ]),
            ],
            (collection) => watch(collection, isMember),
            { discard: true },
          );
        }),
      next: Effect.gen(function* () {
        yield* Queue.take(told).pipe(Effect.timeout(LOOK_AGAIN), Effect.ignore);
        const early = toldAtMs + APART_MS - (yield* Clock.currentTimeMillis);
        if (early > 0) yield* Effect.sleep(Duration.millis(early));
        yield* Queue.takeAll(told);
        toldAtMs = yield* Clock.currentTimeMillis;
      }),
      lost,
      unwatched: Effect.sync(() => [...unwatched]),
    };
  });

const idOf = (object: KubeObject.KubeObject) => object.metadata.uid ?? "";
const versionOf = (object: KubeObject.KubeObject) => object.metadata.resourceVersion;

/** Kinds of these groups make pods, by a ReplicaSet between them or not. */
const hasPods = ({ apiVersion, kind }: KubeObject.ObjectRef): boolean =>
  kind === "Pod" || ["apps", "batch", "argoproj.io"].includes(KubeObject.groupOf(apiVersion));

interface Members {
  readonly keys: ReadonlySet<string>;
  /** Namespace and name. */
  readonly names: ReadonlySet<string>;
}

const nameKey = (namespace: string | undefined, name: string) => `${namespace ?? ""}/${name}`;

const membersOf = (objects: ReadonlyArray<KubeObject.ObjectRef>): Members => ({
  keys: new Set(objects.map(KubeObject.refKey)),
  names: new Set(objects.map(({ namespace, name }) => nameKey(namespace, name))),
});

/**
 * A member, or what a controller made for one: a ReplicaSet or a pod has its name before the last
 * dash. That another object has such a name costs a look.
 */
const isOneOf = ({ keys, names }: Members, object: KubeObject.KubeObject): boolean => {
  if (keys.has(KubeObject.refKey(KubeObject.refOf(object)))) return true;
  const { namespace, ownerReferences = [] } = object.metadata;
  return ownerReferences.some(
    ({ name }) =>
      names.has(nameKey(namespace, name)) ||
      names.has(nameKey(namespace, name.slice(0, Math.max(0, name.lastIndexOf("-"))))),
  );
};
