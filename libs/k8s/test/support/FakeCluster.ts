/** A cluster that says exactly what a test tells it to, and keeps what it was asked. */
import type { KubeObject, Service } from "@nopea/domain";
import { Effect, Option, PubSub, Stream } from "effect";
import type { Cluster, Collection } from "../../src/connection/Cluster.js";
import { ApiFailure } from "../../src/connection/ClusterError.js";
import type { WatchEvent } from "../../src/connection/Watch.js";

const unasked = Effect.die("the fake cluster was asked for what no test expects");

export const denied = (verb: string, resource: string): ApiFailure =>
  new ApiFailure({
    message: `${resource} is forbidden: cannot ${verb}`,
    reason: "forbidden",
    status: 403,
    statusReason: "Forbidden",
    verb,
    causes: [],
  });

export interface FakeOptions {
  /** Kinds whose watch is refused. */
  readonly denies?: ReadonlyArray<string>;
  /** Kinds whose watch says nothing until it is told to. */
  readonly silent?: ReadonlyArray<string>;
  readonly logs?: (
    container: string,
    previous: boolean,
  ) => Effect.Effect<ReadonlyArray<string>, ApiFailure>;
  /** What lists answer, by kind; also said first by a watch. */
  readonly objects?: Readonly<Record<string, ReadonlyArray<KubeObject.KubeObject>>>;
}

export const make = (options: FakeOptions = {}) =>
  Effect.gen(function* () {
    const said = yield* PubSub.unbounded<{ readonly kind: string; readonly event: WatchEvent }>();
    const watched: Array<Collection> = [];
    let closed = 0;
    const asked: Array<{ readonly container: string; readonly previous: boolean }> = [];
    const items = (kind: string) => options.objects?.[kind] ?? [];
    const refused = (kind: string) => options.denies?.includes(kind) ?? false;
    const cluster: typeof Cluster.Service = {
      server: "https://fake:6443",
      contextName: "fake",
      namespace: Option.none(),
      fallbackId: "ca:fake" as Service.ClusterId,
      id: unasked,
      version: Effect.succeed("v1.37.0"),
      clockSkewMs: Effect.succeed(0),
      resource: () => unasked,
      resources: unasked,
      get: (ref) =>
        Effect.succeed(
          Option.fromNullable(items(ref.kind).find((item) => item.metadata.name === ref.name)),
        ),
      list: ({ kind }) =>
        refused(kind)
          ? Effect.fail(denied("list", kind))
          : Effect.succeed({ items: items(kind), resourceVersion: "1" }),
      listMetadata: ({ kind }) => Effect.succeed({ items: items(kind), resourceVersion: "1" }),
      create: () => unasked,
      replace: () => unasked,
      apply: () => unasked,
      patch: () => unasked,
      remove: () => unasked,
      watch: (collection) => {
        watched.push(collection);
        if (refused(collection.kind)) return Stream.fail(denied("list", collection.kind));
        return Stream.unwrapScoped(
          PubSub.subscribe(said).pipe(
            Effect.map((inbox) =>
              Stream.concat(
                options.silent?.includes(collection.kind) === true
                  ? Stream.empty
                  : Stream.make<[WatchEvent]>({
                      type: "resynced",
                      objects: items(collection.kind),
                    }),
                Stream.fromQueue(inbox).pipe(
                  Stream.filter(({ kind }) => kind === collection.kind),
                  Stream.map(({ event }) => event),
                ),
              ),
            ),
          ),
        ).pipe(Stream.ensuring(Effect.sync(() => (closed += 1))));
      },
      logs: (_, { container, previous = false }) => {
        asked.push({ container, previous });
        return options.logs?.(container, previous) ?? Effect.succeed(["last words"]);
      },
    };
    return {
      cluster,
      watched,
      /** Watches that have ended. */
      closed: () => closed,
      asked,
      say: (event: WatchEvent, kind: string) => PubSub.publish(said, { kind, event }),
      changed: (object: KubeObject.KubeObject) =>
        PubSub.publish(said, { kind: object.kind, event: { type: "changed", object } }),
    };
  });
