/**
 * Word that something in a namespace may look otherwise by now: watches of the collections asked
 * for, each opened once, and nothing kept of what they say.
 */
import type { KubeObject } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import { Effect, FiberMap, Queue, type Scope, Stream } from "effect";

type ClusterService = typeof Cluster.Cluster.Service;
type Collection = Parameters<ClusterService["watch"]>[0];

/** What a look can change by without an event: windows that pass, and what may not be watched. */
const LOOK_AGAIN = "10 seconds";
/** Changes come in bursts: one look is enough for all that come within. */
const BURST = "500 millis";

export interface Changes {
  /** Watches the collections as well; those watched before stay. `wanted`: none = any object. */
  readonly of: (
    collection: Collection,
    wanted?: (object: KubeObject.KubeObject) => boolean,
  ) => Effect.Effect<void>;
  /** Until a change that nobody has waited for yet, and 10 s at the most. */
  readonly next: Effect.Effect<void>;
}

export const make = (cluster: ClusterService): Effect.Effect<Changes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const told = yield* Queue.sliding<void>(1);
    const watches = yield* FiberMap.make<string>();
    return {
      of: (collection, wanted = () => true) =>
        FiberMap.run(
          watches,
          JSON.stringify(collection),
          cluster.watch(collection).pipe(
            // Its first word is a list: what has changed since the look that asked for this watch.
            Stream.filter(
              (event) => event.type === "resynced" || ("object" in event && wanted(event.object)),
            ),
            Stream.runForEach(() => Queue.offer(told, undefined)),
            // What may not be watched is looked at as time passes.
            Effect.ignore,
          ),
          { onlyIfMissing: true },
        ).pipe(Effect.asVoid),
      next: Queue.take(told).pipe(
        Effect.zipRight(Effect.sleep(BURST)),
        Effect.zipRight(Queue.takeAll(told)),
        Effect.timeout(LOOK_AGAIN),
        Effect.ignore,
      ),
    };
  });
