/** Sending one planned object: adoption first where the plan says so, then server-side apply, tried again as far as repeating is safe. */
import { KubeObject } from "@nopea/domain";
import { Effect, Option, Schedule } from "effect";
import * as Adoption from "./Adoption.js";
import type { Cluster } from "../connection/Cluster.js";
import { ApiFailure, type ClusterFailure } from "../connection/ClusterError.js";
import * as Conflicts from "./Conflicts.js";
import { isWebhookFailure } from "./planEntry.js";
import * as Planner from "./Planner.js";

export interface Applied {
  /** The API server's answer. */
  readonly response: KubeObject.KubeObject;
  readonly action: "created" | "configured" | "unchanged" | "recreated" | "adopted";
}

type ClusterService = typeof Cluster.Service;

/** A kind is served, and a namespace open, a moment after it was made. */
const NEW_PATIENCE = "15 seconds";
/** A lost race is run again so often. */
const RACES = 5;
const GONE_PATIENCE = "60 seconds";

const soon = Schedule.exponential("100 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("1 second")),
);

const isApi = (failure: Planner.PlanFailure): failure is ApiFailure =>
  failure._tag === "ApiFailure";

/** An admission webhook could not be called: the object may go behind the workloads that serve it. */
export const isWebhookUnavailable = (failure: Planner.PlanFailure): boolean =>
  isApi(failure) && isWebhookFailure(failure);

const isNotThereYet = (failure: Planner.PlanFailure): boolean =>
  isApi(failure) && (failure.missing === "namespace" || failure.reason === "unknown_kind");

const isRace = (failure: ClusterFailure): boolean =>
  failure._tag === "ApiFailure" && failure.status === 409 && failure.reason !== "field_conflict";

const forNew = soon.pipe(Schedule.upTo(NEW_PATIENCE));

/** Again while its kind or namespace, made a moment ago, is not there yet. */
const whenThere = <A, E extends Planner.PlanFailure>(
  effect: Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  // Retrying costs even where nothing fails: it begins with the first failure.
  Effect.catchIf(effect, isNotThereYet, () =>
    Effect.retry(effect, { while: isNotThereYet, schedule: forNew }),
  );

/** Again while somebody else writes at the same moment. */
const untilWon = <A>(effect: Effect.Effect<A, ClusterFailure>): Effect.Effect<A, ClusterFailure> =>
  Effect.catchIf(effect, isRace, () =>
    Effect.retry(effect, { while: isRace, times: RACES, schedule: soon }),
  );

/** Folds the old managers' fields into ours; again on what is live then, if it changed meanwhile. */
const adopt = (
  cluster: ClusterService,
  ref: KubeObject.ObjectRef,
  patch: ReadonlyArray<unknown>,
  fieldManager: string,
): Effect.Effect<void, ClusterFailure> => {
  const attempt = (
    body: ReadonlyArray<unknown>,
    left: number,
  ): Effect.Effect<void, ClusterFailure> =>
    cluster.patch(ref, { type: "json", body, fieldManager }).pipe(
      Effect.asVoid,
      Effect.catchIf(
        (failure) => isRace(failure) && left > 0,
        () =>
          cluster.get(ref).pipe(
            Effect.map(Option.getOrUndefined),
            Effect.flatMap((live) => {
              const fold = live === undefined ? undefined : Adoption.foldOf(live, fieldManager);
              return fold === undefined ? Effect.void : attempt(fold.patch, left - 1);
            }),
          ),
      ),
    );
  return attempt(patch, RACES);
};

const remove = Effect.fnUntraced(function* (
  cluster: ClusterService,
  live: KubeObject.KubeObject,
): Effect.fn.Return<void, ClusterFailure> {
  const ref = KubeObject.refOf(live);
  yield* cluster.remove(ref, { propagation: "Background" });
  const stays = new ApiFailure({
    message: `${KubeObject.refText(ref)} was deleted to be made anew, but is still there after ${GONE_PATIENCE}.`,
    reason: "timeout",
    object: ref,
    advice: "Look at its finalizers: whoever set them has to let it go.",
    status: 409,
    statusReason: "Conflict",
    verb: "delete",
    causes: [],
  });
  yield* cluster.get(ref).pipe(
    Effect.filterOrFail(
      (found) => Option.isNone(found) || found.value.metadata.uid !== ref.uid,
      () => stays,
    ),
    Effect.retry({
      while: (failure) => failure === stays,
      schedule: soon.pipe(Schedule.upTo(GONE_PATIENCE)),
    }),
  );
});

const send = (
  cluster: ClusterService,
  planned: Planner.PlannedEntry,
  options: Planner.PlanOptions,
): Effect.Effect<KubeObject.KubeObject, ClusterFailure> => {
  const ref = KubeObject.refOf(planned.send);
  const applyWith = (force: boolean) =>
    cluster.apply(planned.send, { fieldManager: options.fieldManager, force });
  // The plan's leave to take fields back holds for the conflicts that it saw, so they are looked at again.
  const attempt = applyWith(options.force).pipe(
    Effect.catchIf(
      (failure): failure is ApiFailure =>
        failure._tag === "ApiFailure" && failure.reason === "field_conflict",
      (failure) =>
        Conflicts.mayTakeBack(
          Conflicts.of(failure),
          options.lastApplied.get(KubeObject.refKey(ref)),
        )
          ? applyWith(true)
          : Effect.fail(Conflicts.refusal(failure, ref, Option.getOrUndefined(planned.live))),
    ),
  );
  return untilWon(attempt);
};

/** What was `unknown` is planned again, now that what it waited for is there. */
const planAgain = (
  cluster: ClusterService,
  { entry }: Planner.PlannedEntry,
  options: Planner.PlanOptions,
): Effect.Effect<Planner.PlannedEntry, Planner.PlanFailure> =>
  Effect.gen(function* () {
    const resource = yield* cluster.resource(entry.object.apiVersion, entry.object.kind);
    const again = yield* Planner.plan(
      cluster,
      {
        entries: [{ ...entry, resource: Option.some(resource) }],
        skipped: [],
        otherNamespaces: [],
        warnings: [],
      },
      options,
    );
    const [planned] = again.entries;
    if (planned === undefined) return yield* Effect.dieMessage("a plan of one entry has one entry");
    const [namespace] = again.missingNamespaces;
    if (namespace === undefined) return planned;
    return yield* new ApiFailure({
      message: `${KubeObject.refText(KubeObject.refOf(entry.object))} can't be created: the namespace ${namespace} does not exist.`,
      reason: "invalid_object",
      object: KubeObject.refOf(entry.object),
      status: 404,
      statusReason: "NotFound",
      missing: "namespace",
      verb: "apply",
      causes: [],
    });
  }).pipe(whenThere);

const actionOf = (
  planned: Planner.PlannedEntry,
  response: KubeObject.KubeObject,
): Applied["action"] => {
  const { action } = planned.planned;
  switch (action) {
    case "created":
    case "configured":
    case "unchanged":
    case "recreated":
    case "adopted":
      return action;
    default: {
      // Never planned: what was there before tells.
      const before = Option.getOrUndefined(planned.live);
      if (before === undefined) return "created";
      return before.metadata.resourceVersion === response.metadata.resourceVersion
        ? "unchanged"
        : "configured";
    }
  }
};

/** Applies one object. What was planned `unchanged` is not sent; what was `unknown` is planned again first. */
export const apply = Effect.fnUntraced(function* (
  cluster: ClusterService,
  planned: Planner.PlannedEntry,
  options: Planner.PlanOptions,
): Effect.fn.Return<Applied, Planner.PlanFailure> {
  const now =
    planned.planned.action === "unknown" ? yield* planAgain(cluster, planned, options) : planned;
  if (now.planned.action === "unchanged" && Option.isSome(now.predicted)) {
    return { response: now.predicted.value, action: "unchanged" };
  }
  if (now.recreate && Option.isSome(now.live)) yield* remove(cluster, now.live.value);
  if (Option.isSome(now.adopt)) {
    const ref = KubeObject.refOf(now.send);
    yield* adopt(cluster, ref, now.adopt.value, options.fieldManager);
  }
  const response = yield* whenThere(send(cluster, now, options));
  return { response, action: actionOf(now, response) };
});
