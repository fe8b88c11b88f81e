/**
 * A collection as a stream that survives what a network does: a list, a watch from where it ended,
 * and a list every 10 s beneath, in case the watch only seems alive.
 *
 * Guarantees: after a `resynced` no older `changed` or `deleted` is said, and no `resynced` that is
 * older than what was said before it; `disconnected` is always followed by a `resynced`, however
 * long that takes; interrupting the stream closes its socket at once.
 */
import type { KubeObject } from "@nopea/domain";
import { Clock, Duration, Effect, Random, Schema, Stream } from "effect";
import { StringDecoder } from "node:string_decoder";
import type { ApiResource } from "./ApiResource.js";
import type { Collection, ListAnswer } from "./Cluster.js";
import type { ApiFailure, ClusterFailure } from "./ClusterError.js";
import type { WatchEvent } from "./Watch.js";
import { fromStatus, type About } from "./apiFailure.js";
import { parsed } from "./calls.js";
import { statusOf } from "./classify.js";
import * as ResourceVersion from "./resourceVersion.js";
import { unreachable, type Transport } from "./transport.js";

/** The API server sends a bookmark about every minute, so more silence than this is a dead line. */
const SILENCE_MS = 75_000;
const BENEATH_MS = 10_000;
/** Without the watch verb. */
const POLL_MS = 2_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A watch that lived this long was a good one: the next back-off starts from the beginning. */
const SETTLED_MS = 5_000;
/** An API server that has just started refuses what it will allow in a moment: its rules and CRDs are not loaded yet. */
const REFUSAL_PATIENCE_MS = 15_000;

export interface WatchDependencies {
  readonly transport: Transport;
  /** One try: waiting and saying so is done here. */
  readonly list: (collection: Collection) => Effect.Effect<ListAnswer, ClusterFailure>;
  readonly resourceOf: (collection: Collection) => Effect.Effect<ApiResource, ClusterFailure>;
  /** Path and query of a watch on the collection. */
  readonly path: (resource: ApiResource, collection: Collection, watch: WatchQuery) => string;
}

export interface WatchQuery {
  readonly watch: true;
  readonly allowWatchBookmarks: true;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

/** How one watch ended. */
type Ending =
  /** As agreed, or by a server that goes away in order: go on from the last version. */
  | { readonly type: "closed" }
  /** The version is too old, or the line was silent: list again. */
  | { readonly type: "stale" }
  | { readonly type: "broken"; readonly message: string }
  | { readonly type: "denied"; readonly message: string };

const Line = Schema.Struct({
  type: Schema.Literal("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"),
  object: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
});
const isLine = Schema.is(Line);

/** Splits chunks into lines without joining what came before over and over. */
const lines = (onLine: (line: string) => void): ((chunk: Buffer) => void) => {
  const decoder = new StringDecoder("utf8");
  let parts: Array<string> = [];
  return (chunk) => {
    const [first = "", ...rest] = decoder.write(chunk).split("\n");
    parts.push(first);
    for (const next of rest) {
      onLine(parts.join(""));
      parts = [next];
    }
  };
};

const isRefusal = (error: ApiFailure): boolean => [400, 401, 403, 404, 405].includes(error.status);

export const watchCollection = (
  dependencies: WatchDependencies,
  collection: Collection,
): Stream.Stream<WatchEvent, ApiFailure> =>
  Stream.asyncPush<WatchEvent, ApiFailure>(
    (emit) =>
      follow(dependencies, collection, (event) => void emit.single(event)).pipe(
        Effect.catchAll((error) => Effect.sync(() => emit.fail(error))),
        Effect.forkScoped,
      ),
    { bufferSize: "unbounded" },
  );

/** Says what happens, for ever; the order of what is said is kept by `sayer`. */
const follow = Effect.fnUntraced(function* (
  { transport, list, resourceOf, path }: WatchDependencies,
  collection: Collection,
  emit: (event: WatchEvent) => void,
): Effect.fn.Return<never, ApiFailure> {
  const about: About = { ...collection, verb: "watch" };
  const { say, resync, isConnected } = sayer(emit);
  let firstListed = false;
  let refusedSinceMs: number | undefined;

  /** A list that counts; a refusal is final the first time, and later only when it lasts. */
  const resynced = Effect.gen(function* () {
    const answer = yield* list(collection).pipe(
      Effect.tapErrorTag("ApiFailure", (error) =>
        Effect.gen(function* () {
          if (!isRefusal(error)) return;
          const nowMs = yield* Clock.currentTimeMillis;
          refusedSinceMs ??= nowMs;
          if (!firstListed || nowMs - refusedSinceMs > REFUSAL_PATIENCE_MS) {
            return yield* Effect.fail({ _tag: "Refused" as const, error });
          }
        }),
      ),
    );
    firstListed = true;
    refusedSinceMs = undefined;
    resync(answer);
    return answer.resourceVersion;
  });

  const poll = resynced.pipe(
    Effect.catchTags({
      ApiFailure: (error) => Effect.sync(() => say.disconnected(error.message)),
      ClusterUnreachable: (error) => Effect.sync(() => say.disconnected(error.message)),
    }),
    Effect.zipRight(Effect.sleep(POLL_MS)),
    Effect.forever,
    Effect.catchTag("Refused", ({ error }) => Effect.fail(error)),
  );

  /** In case the watch only seems alive; ends when the server can't be reached, for the watch is dead then too. */
  const beneath = Effect.sleep(BENEATH_MS).pipe(
    Effect.zipRight(resynced),
    Effect.forever,
    Effect.catchTags({
      ApiFailure: (error) => Effect.succeed<Ending>({ type: "broken", message: error.message }),
      ClusterUnreachable: (error) =>
        Effect.succeed<Ending>({ type: "broken", message: error.message }),
    }),
  );

  /** One watch, from its request to its end. `onVersion` hears how far it came. */
  const watchOnce = (from: string, onVersion: (version: string) => void) =>
    Effect.gen(function* () {
      const resource = yield* resourceOf(collection);
      if (!resource.verbs.includes("watch")) {
        return { type: "denied", message: `${resource.name} can't be watched` } as const;
      }
      const timeoutSeconds = yield* Random.nextIntBetween(300, 600);
      const clock = yield* Effect.clock;
      const { status, body } = yield* transport.open({
        method: "GET",
        path: path(resource, collection, {
          watch: true,
          allowWatchBookmarks: true,
          resourceVersion: from,
          timeoutSeconds,
        }),
      });
      if (status !== 200) {
        const text = yield* Effect.promise(() => body.text().catch(() => ""));
        const failure = fromStatus(statusOf({ status, text }, parsed(text)), about);
        if (status === 410) return { type: "stale" } as const;
        return {
          type: status === 403 || status === 405 ? "denied" : "broken",
          message: failure.message,
        } as const;
      }
      let heardMs = clock.unsafeCurrentTimeMillis();
      const reading = Effect.async<Ending>((resume) => {
        const onLine = lines((line) => {
          heardMs = clock.unsafeCurrentTimeMillis();
          const value = parsed(line);
          if (!isLine(value)) return;
          const object = value.object as unknown as KubeObject.KubeObject;
          const version = object.metadata?.resourceVersion;
          if (value.type === "ERROR") {
            body.destroy();
            resume(Effect.succeed({ type: "stale" }));
            return;
          }
          if (version !== undefined) onVersion(version);
          if (value.type === "DELETED") say.deleted(object);
          else if (value.type !== "BOOKMARK") say.changed(object);
        });
        body.on("data", onLine);
        body.once("end", () => resume(Effect.succeed({ type: "closed" })));
        body.once("error", (error) =>
          resume(Effect.succeed({ type: "broken", message: unreachableMessage(error) })),
        );
      });
      const silence = Effect.gen(function* () {
        for (;;) {
          const left = heardMs + SILENCE_MS - (yield* Clock.currentTimeMillis);
          if (left <= 0) return { type: "stale" } as const;
          yield* Effect.sleep(Duration.millis(left));
        }
      });
      return yield* Effect.race(reading, silence);
    }).pipe(
      Effect.scoped,
      Effect.catchTags({
        Unanswered: (error) =>
          Effect.succeed<Ending>({ type: "broken", message: unreachable(error).message }),
        ClusterUnreachable: (error) =>
          Effect.succeed<Ending>({ type: "broken", message: error.message }),
        ApiFailure: (error) => Effect.succeed<Ending>({ type: "broken", message: error.message }),
      }),
    );
  const unreachableMessage = (error: Error) => unreachable(transport.unanswered(error)).message;

  let waits = 0;
  const backOff = Effect.gen(function* () {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** waits, LONGEST_WAIT_MS);
    waits += 1;
    yield* Effect.sleep(Duration.millis(wait * (yield* Random.nextRange(0.75, 1.25))));
  });

  let version: string | undefined;
  for (;;) {
    if (version === undefined || !isConnected()) {
      const listed = yield* Effect.either(resynced);
      if (listed._tag === "Left") {
        if (listed.left._tag === "Refused") return yield* listed.left.error;
        say.disconnected(listed.left.message);
        yield* backOff;
        continue;
      }
      version = listed.right;
    }
    const startedMs = yield* Clock.currentTimeMillis;
    const ending: Ending = yield* Effect.race(
      watchOnce(version, (next) => (version = next)),
      beneath,
    ).pipe(Effect.catchTag("Refused", ({ error }) => Effect.fail(error)));
    if ((yield* Clock.currentTimeMillis) - startedMs >= SETTLED_MS) waits = 0;
    switch (ending.type) {
      case "denied":
        emit({ type: "degraded", message: ending.message });
        return yield* poll;
      case "stale":
        version = undefined;
        if (waits > 0) yield* backOff;
        else waits = 1;
        break;
      case "broken":
        say.disconnected(ending.message);
        yield* backOff;
        break;
      case "closed":
        // A server that closes at once, again and again, must not be asked in a tight circle.
        if ((yield* Clock.currentTimeMillis) - startedMs < FIRST_WAIT_MS) yield* backOff;
    }
  }
});

/**
 * Keeps the order: what is older than the last list, or a list that is older than what was said
 * since, is not said. `disconnected` is said once until the next `resynced`.
 */
const sayer = (emit: (event: WatchEvent) => void) => {
  let listed: string | undefined;
  let heard: string | undefined;
  let connected = true;
  const moved = (type: "changed" | "deleted") => (object: KubeObject.KubeObject) => {
    const version = object.metadata.resourceVersion;
    if (ResourceVersion.isOlderOrSame(version, listed)) return;
    heard = version;
    emit({ type, object });
  };
  return {
    isConnected: () => connected,
    say: {
      changed: moved("changed"),
      deleted: moved("deleted"),
      disconnected: (message: string) => {
        if (connected) emit({ type: "disconnected", message });
        connected = false;
      },
    },
    resync: ({ items, resourceVersion }: ListAnswer) => {
      // The watch is ahead of this list, so it is alive, and said more than the list knows.
      if (connected && ResourceVersion.isOlder(resourceVersion, heard)) return;
      listed = resourceVersion;
      connected = true;
      emit({ type: "resynced", objects: items });
    },
  };
};
