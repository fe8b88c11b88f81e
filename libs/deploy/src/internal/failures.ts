/** What a cluster's failure means to a deploy that has its own words to keep there. */
import type { ClusterError } from "@nopea/k8s";
import { Duration, Effect, Schedule } from "effect";

type ClusterFailure = ClusterError.ClusterFailure;

/** Asking again may help: no answer, or none but "not now". */
export const isTransient = (failure: ClusterFailure): boolean =>
  failure._tag === "ClusterUnreachable" ||
  failure.status === 429 ||
  failure.status >= 500 ||
  failure.reason === "api_unavailable";

/** Another was faster: what was read is no longer what is there. */
export const isRace = (failure: ClusterFailure): boolean =>
  failure._tag === "ApiFailure" &&
  (failure.statusReason === "Conflict" || failure.statusReason === "AlreadyExists");

/** No permission, or no room: nopea goes on without what it would keep there. */
export const isDenied = (failure: ClusterFailure): boolean =>
  failure._tag === "ApiFailure" &&
  (failure.reason === "forbidden" || failure.reason === "quota_exceeded");

/** Repeats what is safe to repeat, with growing pauses, for `patienceMs` at most. */
export const patiently =
  (patienceMs: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.retry(effect, {
      schedule: Schedule.exponential("200 millis", 2).pipe(
        Schedule.union(Schedule.spaced("3 seconds")),
        Schedule.jittered,
        Schedule.upTo(Duration.millis(patienceMs)),
      ),
      while: (error) => isClusterFailure(error) && isTransient(error),
    });

export const isClusterFailure = (error: unknown): error is ClusterFailure =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  (error._tag === "ClusterUnreachable" || error._tag === "ApiFailure");
