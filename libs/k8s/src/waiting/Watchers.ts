/**
 * Everything that a wait listens to, brought into one inbox: callbacks only enqueue. A source that
 * is denied does not end the wait: targets are then read one by one, the rest is done without.
 */
import type { KubeObject } from "@nopea/domain";
import { Duration, Effect, Option, Queue, type Scope, Stream } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ApiFailure } from "../connection/ClusterError.js";
import type { WatchEvent } from "../connection/Watch.js";
import { type Source, sourcesOf } from "./Sources.js";

export type Input =
  | { readonly type: "event"; readonly source: Source; readonly event: WatchEvent }
  /** The source will say nothing more. */
  | { readonly type: "denied"; readonly source: Source; readonly failure: ApiFailure }
  | { readonly type: "failed"; readonly failure: ApiFailure }
  /** Nothing happened, but a time has come. */
  | { readonly type: "due" };

const POLL = Duration.seconds(2);

const isDenied = (failure: ApiFailure): boolean =>
  failure.status === 401 || failure.status === 403 || failure.status === 405;

/** Without `list`: each object of its own, every 2 s; a `get` that is denied too ends the wait. */
const poll = (
  cluster: typeof Cluster.Service,
  source: Source,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
  inbox: Queue.Queue<Input>,
) =>
  Effect.forEach(refs, (ref) => cluster.get(ref), { concurrency: 8 }).pipe(
    Effect.matchEffect({
      onSuccess: (found) =>
        Queue.offer(inbox, {
          type: "event",
          source,
          event: { type: "resynced", objects: found.flatMap(Option.toArray) },
        }),
      onFailure: (failure) =>
        Queue.offer(
          inbox,
          failure._tag === "ApiFailure" && isDenied(failure)
            ? { type: "failed", failure }
            : { type: "event", source, event: { type: "disconnected", message: failure.message } },
        ),
    }),
    Effect.andThen(Effect.sleep(POLL)),
    Effect.forever,
  );

const matches = (source: Source, ref: KubeObject.ObjectRef): boolean =>
  source.collection.apiVersion === ref.apiVersion &&
  source.collection.kind === ref.kind &&
  source.collection.namespace === ref.namespace;

/** Starts them for the scope and returns what they are. */
export const start = (
  cluster: typeof Cluster.Service,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
  inbox: Queue.Queue<Input>,
): Effect.Effect<ReadonlyArray<Source>, never, Scope.Scope> => {
  const sources = sourcesOf(refs);
  const follow = (source: Source) =>
    cluster.watch(source.collection).pipe(
      Stream.runForEach((event) => Queue.offer(inbox, { type: "event", source, event })),
      Effect.catchAll((failure): Effect.Effect<unknown> => {
        if (source.role !== "targets")
          return Queue.offer(inbox, { type: "denied", source, failure });
        if (!isDenied(failure)) return Queue.offer(inbox, { type: "failed", failure });
        return Queue.offer(inbox, { type: "denied", source, failure }).pipe(
          Effect.andThen(
            poll(
              cluster,
              source,
              refs.filter((ref) => matches(source, ref)),
              inbox,
            ),
          ),
        );
      }),
    );
  return Effect.forEach(sources, (source) => Effect.forkScoped(follow(source)), {
    discard: true,
  }).pipe(Effect.as(sources));
};
