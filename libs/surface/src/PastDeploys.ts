/**
 * What a cluster's objects show of past deploys, joined with what memory knows already: lessons
 * that are new, and how many were not. A revision that one of nopea's own deploys made is known.
 */
import { Service } from "@nopea/domain";
import { type ClusterError, History, Marks } from "@nopea/k8s";
import { Lesson } from "@nopea/memory";
import type { StoreError } from "@nopea/store";
import { Clock, Effect, Stream } from "effect";
import { type ClusterService, Session } from "./Session.js";

export interface Found {
  /** New ones, and those that ended otherwise than was imported before. */
  readonly lessons: ReadonlyArray<Lesson.Lesson>;
  readonly known: number;
  readonly skipped: ReadonlyArray<History.Skipped>;
}

/** Between the clock of the cluster, which keeps whole seconds, and that of whoever deployed. */
const SKEW_MS = 5_000;

const toLesson = (
  { subject: _, parts: __, isInferred: ___, namespace, service, ...deploy }: History.PastDeploy,
  cluster: Service.ClusterId,
  id: string,
): Lesson.Lesson => ({
  ...deploy,
  id,
  ref: { cluster, namespace, service },
  source: "import",
});

export interface Remembered {
  /** By the ids of all that a past deploy was put together from. */
  readonly byId: ReadonlyMap<string, Lesson.Lesson>;
  /** Of nopea's own deploys, by namespace and service. */
  readonly deploys: ReadonlyMap<string, ReadonlyArray<Lesson.Lesson>>;
}

const place = (namespace: string, service: string): string => `${namespace}/${service}`;

/** What memory has of these, of all that it has. */
const remembered = (
  cluster: Service.ClusterId,
  namespace: Service.Namespace | undefined,
  past: ReadonlyArray<History.PastDeploy>,
): Effect.Effect<Remembered, StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    const { memory } = yield* (yield* Session).engine;
    const ids = new Set(past.flatMap(({ parts }) => parts));
    const byId = new Map<string, Lesson.Lesson>();
    const deploys = new Map<string, Array<Lesson.Lesson>>(
      past.map((each) => [place(each.namespace, each.service), []]),
    );
    yield* Stream.runForEach(memory.exportLessons({ cluster, namespace }), (lesson) =>
      Effect.sync(() => {
        if (ids.has(lesson.id)) byId.set(lesson.id, lesson);
        if (lesson.source === "deploy")
          deploys.get(place(lesson.ref.namespace, lesson.ref.service))?.push(lesson);
      }),
    );
    return { byId, deploys };
  });

/** Pods that showed why go sooner than what they belonged to. */
const isVaguer = (known: Lesson.Lesson, { failed, reason }: History.PastDeploy): boolean =>
  known.failed &&
  failed &&
  known.reason !== undefined &&
  (reason === undefined || History.isVague(reason));

/** Undefined for what is known already. */
export const news = (
  deploy: History.PastDeploy,
  cluster: Service.ClusterId,
  { byId, deploys }: Remembered,
): Lesson.Lesson | undefined => {
  const known = deploy.parts.flatMap((id) => byId.get(id) ?? [])[0];
  if (known !== undefined) {
    const isRevised =
      known.source === "import" &&
      Lesson.endedOtherwise(known, deploy) &&
      !(known.failed && deploy.isInferred === true) &&
      !isVaguer(known, deploy);
    return isRevised ? toLesson(deploy, cluster, known.id) : undefined;
  }
  const isOwn = (deploys.get(place(deploy.namespace, deploy.service)) ?? []).some(
    ({ startedAt, revealedAt }) =>
      deploy.startedAt >= startedAt - SKEW_MS && deploy.startedAt <= revealedAt + SKEW_MS,
  );
  return isOwn ? undefined : toLesson(deploy, cluster, deploy.id);
};

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
    const namespaces = namespace === undefined ? yield* namespacesOf(connection) : [namespace];
    const now = (yield* Clock.currentTimeMillis) + (yield* connection.clockSkewMs);
    const found = yield* Effect.forEach(
      namespaces,
      (each) => History.read(connection, each, { now, marks }),
      { concurrency: 2 },
    );
    const deploys = found.flatMap((each) => each.deploys);
    const known = yield* remembered(cluster, namespace, deploys);
    const lessons = deploys.flatMap((deploy) => news(deploy, cluster, known) ?? []);
    return {
      lessons,
      known: deploys.length - lessons.length,
      skipped: found.flatMap((each) => each.skipped),
    };
  });
