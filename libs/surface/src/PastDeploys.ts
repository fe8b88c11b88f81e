/**
 * What a cluster's objects show of past deploys, joined with what memory knows already: lessons
 * that are new, and how many were not. A revision that one of nopea's own deploys made is known.
 */
import { Service } from "@nopea/domain";
import { type ClusterError, History, Marks } from "@nopea/k8s";
import type { Lesson } from "@nopea/memory";
import type { StoreError } from "@nopea/store";
import { Clock, Effect, Stream } from "effect";
import { type ClusterService, Session } from "./Session.js";

export interface Found {
  readonly lessons: ReadonlyArray<Lesson.Lesson>;
  readonly known: number;
  readonly skipped: ReadonlyArray<History.Skipped>;
}

/** Between the clock of the cluster, which keeps whole seconds, and that of whoever deployed. */
const SKEW_MS = 5_000;

const toLesson =
  (cluster: Service.ClusterId) =>
  ({
    subject: _,
    parts: __,
    namespace,
    service,
    ...deploy
  }: History.PastDeploy): Lesson.Lesson => ({
    ...deploy,
    ref: { cluster, namespace, service },
    source: "import",
  });

interface Remembered {
  readonly ids: ReadonlySet<string>;
  /** Of nopea's own deploys, by namespace and service. */
  readonly deploys: ReadonlyMap<string, ReadonlyArray<Lesson.Lesson>>;
}

const place = (namespace: string, service: string): string => `${namespace}/${service}`;

const remembered = (
  cluster: Service.ClusterId,
  namespace: Service.Namespace | undefined,
): Effect.Effect<Remembered, StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    const { memory } = yield* (yield* Session).engine;
    const ids = new Set<string>();
    const deploys = new Map<string, Array<Lesson.Lesson>>();
    yield* Stream.runForEach(memory.exportLessons({ cluster, namespace }), (lesson) =>
      Effect.sync(() => {
        ids.add(lesson.id);
        if (lesson.source !== "deploy") return;
        const key = place(lesson.ref.namespace, lesson.ref.service);
        const some = deploys.get(key);
        if (some === undefined) deploys.set(key, [lesson]);
        else some.push(lesson);
      }),
    );
    return { ids, deploys };
  });

const isKnown = (deploy: History.PastDeploy, { ids, deploys }: Remembered): boolean =>
  deploy.parts.some((id) => ids.has(id)) ||
  (deploys.get(place(deploy.namespace, deploy.service)) ?? []).some(
    ({ startedAt, revealedAt }) =>
      deploy.startedAt >= startedAt - SKEW_MS && deploy.startedAt <= revealedAt + SKEW_MS,
  );

/** Which service each of nopea's marks stands for. */
const marksOf = (cluster: Service.ClusterId, namespace: Service.Namespace | undefined) =>
  Effect.gen(function* () {
    const { deploys } = yield* Session;
    const services = yield* deploys.services({
      cluster,
      ...(namespace === undefined ? {} : { namespace }),
    });
    return new Map<string, string>(
      services.map(({ ref }) => [
        Marks.applySetId({ namespace: ref.namespace, name: Service.clusterName(ref.service) }),
        ref.service,
      ]),
    );
  });

/** One namespace after the other, so that no more than one's objects are held; all at once where they can't be listed. */
const namespacesOf = (connection: ClusterService) =>
  connection.listMetadata({ apiVersion: "v1", kind: "Namespace" }).pipe(
    Effect.map(({ items }): ReadonlyArray<string | undefined> =>
      items.flatMap(({ metadata }) => metadata.name ?? []),
    ),
    Effect.catchTag("ApiFailure", () => Effect.succeed([undefined])),
  );

/** `namespace`: absent for all of the cluster. */
export const find = (
  connection: ClusterService,
  cluster: Service.ClusterId,
  namespace: Service.Namespace | undefined,
): Effect.Effect<Found, StoreError.StoreUnavailable | ClusterError.ClusterUnreachable, Session> =>
  Effect.gen(function* () {
    const marks = yield* marksOf(cluster, namespace);
    const known = yield* remembered(cluster, namespace);
    const namespaces = namespace === undefined ? yield* namespacesOf(connection) : [namespace];
    const now = (yield* Clock.currentTimeMillis) + (yield* connection.clockSkewMs);
    const found = yield* Effect.forEach(
      namespaces,
      (each) => History.read(connection, each, { now, marks }),
      { concurrency: 2 },
    );
    const deploys = found.flatMap((each) => each.deploys);
    const fresh = deploys.filter((deploy) => !isKnown(deploy, known));
    return {
      lessons: fresh.map(toLesson(cluster)),
      known: deploys.length - fresh.length,
      skipped: found.flatMap((each) => each.skipped),
    };
  });
