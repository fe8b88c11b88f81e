/**
 * Taking, renewing and giving back a Lease, always by compare-and-set. It is taken when it is
 * free: without a holder, with one whose process is gone, or unchanged for 15 s by our own
 * monotonic clock; times that others wrote are never compared.
 */
import { Clock, Deferred, Duration, Effect, Option, Random, type Scope } from "effect";
import type { KubeObject } from "@nopea/domain";
import type { Cluster } from "../connection/Cluster.js";
import { ApiFailure, type ClusterFailure } from "../connection/ClusterError.js";
import { LeaseLost, LeaseTaken, type HeldLease, type LeaseRequest } from "./Lease.js";
import type { ProcessIdentity } from "./ProcessIdentity.js";
import { holderGone } from "./holderGone.js";
import * as Rules from "./leaseRules.js";

const POLL_MS = 1_000;
/** After a renewal that failed. */
const RETRY_MS = 1_000;
/** A renewal that hangs is given up, so that another can be tried before the Lease is lost. */
const RENEWAL_TIMEOUT_MS = 4_000;
const RELEASE_TIMEOUT_MS = 3_000;

const monotonicMs = Clock.currentTimeNanos.pipe(Effect.map((nanos) => Number(nanos / 1_000_000n)));

const isRace = (error: ClusterFailure): boolean =>
  error._tag === "ApiFailure" &&
  (error.statusReason === "Conflict" || error.statusReason === "AlreadyExists");

/** Gone between our look and our write. */
const isGone = (error: ClusterFailure): boolean =>
  error._tag === "ApiFailure" && error.missing === "object";

const foreign = (ref: KubeObject.ObjectRef, lease: KubeObject.KubeObject): ApiFailure => {
  const identity = Rules.identityIn(lease);
  const managers = [...new Set(lease.metadata.managedFields?.map(({ manager }) => manager) ?? [])];
  const whose = [
    ...(managers.length === 0 ? [] : [`made by ${managers.join(", ")}`]),
    ...(identity === undefined ? [] : [`held by ${Rules.holderText(identity)}`]),
  ].join(", ");
  return new ApiFailure({
    message: `The Lease ${ref.name} in ${ref.namespace} is not nopea's${whose === "" ? "" : ` (${whose})`}, so it is not taken over.`,
    reason: "field_conflict",
    object: ref,
    status: 409,
    statusReason: "",
    verb: "replace",
    causes: [],
    advice: "Deploy under another service name, or delete that Lease if nobody needs it.",
  });
};

export const acquireLease = Effect.fnUntraced(function* (
  process: typeof ProcessIdentity.Service,
  cluster: typeof Cluster.Service,
  request: LeaseRequest,
): Effect.fn.Return<HeldLease, LeaseTaken | ClusterFailure, Scope.Scope> {
  const id = (yield* Random.nextIntBetween(0, 2 ** 31)).toString(36);
  const identity = Rules.identityOf(process.self, id);
  const ref: KubeObject.ObjectRef = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    namespace: request.namespace,
    name: request.name,
  };
  const write = { fieldManager: request.fieldManager };
  let tried = false;

  // Before the first try: an interruption half-way must not leave it held.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => (tried ? release(cluster, ref, identity, write) : Effect.void)),
  );

  /** The Lease as we wrote it; none where another was faster. */
  const take = (found: Option.Option<KubeObject.KubeObject>) =>
    Effect.gen(function* () {
      tried = true;
      const before = Option.match(found, { onNone: () => ({}), onSome: Rules.specOf });
      const spec = Rules.taken(before, identity, yield* Clock.currentTimeMillis);
      return yield* Option.match(found, {
        onNone: () =>
          cluster.create(
            {
              apiVersion: ref.apiVersion,
              kind: ref.kind,
              metadata: {
                name: request.name,
                namespace: request.namespace,
                labels: request.labels,
              },
              spec,
            },
            write,
          ),
        onSome: (lease) => cluster.replace({ ...lease, spec }, write),
      });
    }).pipe(
      Effect.asSome,
      Effect.catchIf(
        (error) => isRace(error) || isGone(error),
        () => Effect.succeedNone,
      ),
    );

  const startedMs = yield* monotonicMs;
  let seen: { readonly version: string | undefined; readonly sinceMs: number } | undefined;
  let told: string | undefined;
  let stamp = yield* now;
  let held: Option.Option<KubeObject.KubeObject> = Option.none();

  while (Option.isNone(held)) {
    const found = yield* cluster.get(ref);
    const nowMs = yield* monotonicMs;
    if (Option.isSome(found) && !Rules.hasLabels(found.value, request.labels)) {
      return yield* foreign(ref, found.value);
    }
    const version = Option.isSome(found) ? found.value.metadata.resourceVersion : undefined;
    if (seen === undefined || seen.version !== version) seen = { version, sinceMs: nowMs };
    const holder = Option.isSome(found) ? Rules.identityIn(found.value) : undefined;
    const free =
      holder === undefined ||
      nowMs - seen.sinceMs >= Rules.LEASE_MS ||
      (yield* holderGone(process, holder));
    if (free) {
      stamp = yield* now;
      held = yield* take(found);
      // Another was faster: look again, at once the first time round.
      if (Option.isNone(held)) yield* Effect.sleep(Duration.millis(yield* Random.nextRange(0, 50)));
      continue;
    }
    const left = request.waitMs - (nowMs - startedMs);
    if (left <= 0) {
      return yield* new LeaseTaken({
        message: `${request.name} in ${request.namespace} is held by ${Rules.holderText(holder)}.`,
        holder: Rules.holderText(holder),
      });
    }
    if (told !== holder) {
      told = holder;
      yield* request.onWait(Rules.holderText(holder));
    }
    yield* Effect.sleep(Duration.millis(Math.min(POLL_MS, left)));
  }

  return yield* hold(cluster, ref, identity, write, held.value, stamp);
});

/** Both clocks: the monotonic one stands still while a laptop sleeps, the wall clock can be set. */
interface Stamp {
  readonly monotonicMs: number;
  readonly wallMs: number;
}
const now: Effect.Effect<Stamp> = Effect.zipWith(
  monotonicMs,
  Clock.currentTimeMillis,
  (monotonic, wallMs) => ({ monotonicMs: monotonic, wallMs }),
);

/** Renews it in the scope, and says when it can no longer be trusted. */
const hold = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  ref: KubeObject.ObjectRef,
  identity: string,
  write: { readonly fieldManager: string },
  taken: KubeObject.KubeObject,
  takenAt: Stamp,
): Effect.fn.Return<HeldLease, never, Scope.Scope> {
  const lost = yield* Deferred.make<never, LeaseLost>();
  const lose = (why: string) =>
    Deferred.fail(
      lost,
      new LeaseLost({ message: `The Lease ${ref.name} in ${ref.namespace} was lost: ${why}.` }),
    );
  let lease = taken;
  // The moment before the request was sent: the server's writing of it is later.
  let renewed = takenAt;

  const renew = Effect.gen(function* () {
    const sent = yield* now;
    const spec = { ...Rules.specOf(lease), renewTime: Rules.microTime(sent.wallMs) };
    lease = yield* cluster.replace({ ...lease, spec }, write);
    renewed = sent;
  }).pipe(
    Effect.catchIf(isRace, (error) =>
      cluster.get(ref).pipe(
        Effect.flatMap((found) => {
          if (Option.isSome(found) && Rules.identityIn(found.value) === identity) {
            // Someone labelled it, or it is our own renewal whose answer was lost.
            lease = found.value;
            return Effect.fail(error);
          }
          const by = Option.flatMapNullable(found, Rules.identityIn);
          return lose(
            Option.isSome(by) ? `${Rules.holderText(by.value)} has taken it` : "it was taken away",
          );
        }),
      ),
    ),
    Effect.catchIf(isGone, () => lose("it was deleted")),
    Effect.timeout(RENEWAL_TIMEOUT_MS),
    // Whether that matters, the clocks say.
    Effect.match({ onFailure: () => RETRY_MS, onSuccess: () => Rules.RENEW_MS }),
  );

  const check = Effect.gen(function* () {
    const { monotonicMs, wallMs } = yield* now;
    const ageMs = Math.max(monotonicMs - renewed.monotonicMs, wallMs - renewed.wallMs);
    if (ageMs >= Rules.LOST_MS) {
      yield* lose(`it could not be renewed for ${Math.floor(ageMs / 1_000)} s`);
    }
    return Math.max(Rules.LOST_MS - ageMs, 0);
  });

  const untilLost = <A>(step: Effect.Effect<A>) =>
    Effect.gen(function* () {
      while (!(yield* Deferred.isDone(lost))) yield* step;
    });

  yield* untilLost(renew.pipe(Effect.flatMap((wait) => Effect.sleep(wait)))).pipe(
    Effect.delay(Rules.RENEW_MS),
    Effect.forkScoped,
  );
  yield* untilLost(
    check.pipe(Effect.flatMap((left) => Effect.sleep(Math.min(left, POLL_MS)))),
  ).pipe(Effect.forkScoped);

  return {
    ensureHeld: check.pipe(
      Effect.zipRight(Deferred.poll(lost)),
      Effect.flatMap(Option.getOrElse(() => Effect.void)),
    ),
    lost: Deferred.await(lost),
  };
});

/** Clears the holder where it is still us; what fails here, the 15 s mend. */
const release = (
  cluster: typeof Cluster.Service,
  ref: KubeObject.ObjectRef,
  identity: string,
  write: { readonly fieldManager: string },
): Effect.Effect<void> =>
  cluster.get(ref).pipe(
    Effect.flatMap((found): Effect.Effect<void, ClusterFailure> => {
      if (Option.isNone(found) || Rules.identityIn(found.value) !== identity) return Effect.void;
      const { holderIdentity: _, ...spec } = Rules.specOf(found.value);
      return Effect.asVoid(cluster.replace({ ...found.value, spec }, write));
    }),
    Effect.retry({ times: 2, while: isRace }),
    Effect.interruptible,
    Effect.timeout(RELEASE_TIMEOUT_MS),
    Effect.ignore,
  );
