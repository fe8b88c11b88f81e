/**
 * Where services stand, as it changes: a look, and another whenever the cluster has word of
 * something that it would show. A connection that is lost, or an API server that is down, ends
 * nothing: what was seen last is said to be from before, and the watch goes on when it is back.
 */
import { BadInput, type DeployResult, type KubeObject } from "@nopea/domain";
import { Clock, Effect, Option, Schema, Stream } from "effect";
import type * as Operation from "../Operation.js";
import { Session } from "../Session.js";
import type { Failure } from "./History.js";
import { type operation, type Output, output } from "./Status.js";

/** An API server that has just started refuses for a moment what it will allow: its rules are not loaded yet. */
const REFUSAL_PATIENCE_MS = 15_000;

export const watch: Operation.Watcher<typeof operation, Session> = (input, look) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      if (input.offline === true) {
        return yield* new BadInput({
          message: "there is nothing to watch offline: what memory has does not change meanwhile",
          field: "offline",
          advice: "Leave --offline out, or --watch.",
        });
      }
      const session = yield* Session;
      const cluster = yield* session.connect;
      const { inspector } = yield* session.engine;
      const namespace = yield* session.namespace(input.namespace);
      const changes = yield* inspector.changes(cluster, { namespace, service: input.service });

      /** The newest answer that the cluster itself gave. */
      let seen = Option.none<Output>();
      let refusedSinceMs: number | undefined;

      const fromBefore = (why: string) => Option.map(seen, (status) => outdated(status, why));

      const answered = (status: Output) =>
        Effect.gen(function* () {
          refusedSinceMs = undefined;
          if (status.cluster !== "reachable") {
            return Option.orElse(fromBefore(status.warnings.join("; ")), () => Option.some(status));
          }
          yield* changes.follow(objectsOf(status));
          const unwatched = yield* changes.unwatched;
          seen = Option.some(unwatched.length === 0 ? status : late(status, unwatched));
          return seen;
        });

      const refused = (failure: Failure) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis;
          refusedSinceMs ??= now;
          const passes =
            failure._tag === "ApiFailure" && now - refusedSinceMs < REFUSAL_PATIENCE_MS;
          return Option.isSome(seen) && passes ? fromBefore(failure.message) : yield* failure;
        });

      const looked = Effect.matchEffect(look, { onSuccess: answered, onFailure: refused });
      // A request waits until its server is back: what is known is said meanwhile.
      const cut = Stream.filterMap(changes.lost.changes, (lost) => lost).pipe(
        Stream.runHead,
        Effect.flatMap(Option.match({ onNone: () => Effect.never, onSome: Effect.succeed })),
        Effect.map(fromBefore),
      );
      const again = Effect.suspend(() =>
        Option.isNone(seen) ? looked : Effect.raceFirst(looked, cut),
      );
      return Stream.concat(
        Stream.fromEffect(looked),
        Stream.repeatEffect(Effect.zipRight(changes.next, again)),
      ).pipe(
        Stream.filterMap((answer) => answer),
        Stream.changesWith((one, other) => textOf(one) === textOf(other)),
      );
    }),
  );

const textOf = (status: Output): string => JSON.stringify(Schema.encodeSync(output)(status));

const objectsOf = (status: Output): ReadonlyArray<KubeObject.ObjectRef> =>
  ("service" in status ? [status] : status.services).flatMap(({ objects }) =>
    objects.map(({ object }) => object),
  );

/** What was true when it was last seen; whether it is ready now, nobody can say. */
const outdated = (status: Output, why: string): Output => {
  const marks = {
    cluster: "unreachable" as const,
    warnings: [`as it was last seen: ${why}`],
  };
  return "service" in status
    ? { ...status, ...marks, ready: false }
    : {
        ...status,
        ...marks,
        services: status.services.map((each) => ({ ...each, ...marks, ready: false })),
      };
};

const late = (status: Output, unwatched: ReadonlyArray<string>): Output => ({
  ...status,
  degraded: [...new Set<DeployResult.Degraded>([...status.degraded, "watch"])],
  warnings: [
    ...status.warnings,
    ...unwatched.map((message) => `${message}: its changes are seen some seconds late`),
  ],
});
