/**
 * A deploy's turn: first among the deploys of its service on this machine, in the order in which
 * they were accepted, then among all machines, by the Lease. What can't be had (the store, the
 * permission for Leases) is told, and gone without.
 */
import type { Progress } from "@nopea/domain";
import { type DeployId, type DeployResult, Service, Timestamp } from "@nopea/domain";
import type { Leases } from "@nopea/k8s";
import type { Cluster, ClusterError, ProcessIdentity } from "@nopea/k8s";
import type { Deploys, DeployRow, StoreError } from "@nopea/store";
import { Clock, Duration, Effect, Option, type Scope } from "effect";
import { isDenied } from "./internal/failures.js";
import * as Ledgers from "./Ledgers.js";
import * as Owners from "./Owners.js";
import { Locked, QueueFull } from "./Refusal.js";
import { Settings } from "./Settings.js";

export interface Turn {
  /** Fails once the Lease may be another's. */
  readonly ensureHeld: Effect.Effect<void, Leases.LeaseLost>;
  readonly lost: Effect.Effect<never, Leases.LeaseLost>;
  /** Without it the ledger's `in_flight` is the lock. */
  readonly hasLease: boolean;
}

export interface Request {
  readonly cluster: typeof Cluster.Cluster.Service;
  readonly place: Ledgers.Place;
  readonly row: DeployRow.DeployRow;
  /** When waiting is over, in milliseconds since the epoch. */
  readonly until: number;
  readonly emit: (body: Progress.ProgressBody) => Effect.Effect<void>;
  readonly degrade: (what: DeployResult.Degraded, message: string) => Effect.Effect<void>;
}

interface Needs {
  readonly deploys: typeof Deploys.Deploys.Service;
  readonly leases: typeof Leases.Leases.Service;
  readonly identity: typeof ProcessIdentity.ProcessIdentity.Service;
}

const pollMs = 100;

/** A row whose process can't be looked up from here has given up waiting by then, in milliseconds. */
const staleMs = 3_600_000;

/** Accepts the deploy, unless as many wait already as may. False: there is no store to queue in. */
export const accept = (
  { deploys, identity }: Needs,
  { row, degrade }: Request,
): Effect.Effect<boolean, QueueFull> =>
  Effect.gen(function* () {
    const { queueLimit } = yield* Settings;
    const attempt = deploys.accept(row, queueLimit, Owners.encode(identity.self));
    const first = yield* attempt;
    if (first.accepted) return true;
    // Those that died while they waited hold no place.
    yield* tidy(deploys, identity, row);
    const second = yield* attempt;
    if (second.accepted) return true;
    return yield* new QueueFull({
      message: `${queueLimit} deploys of ${row.ref.service} in ${row.ref.namespace} are waiting already`,
      advice: "Wait until some of them are through, then deploy again.",
    });
  }).pipe(
    Effect.catchTag("StoreUnavailable", (failure) =>
      Effect.as(degrade("memory", failure.message), false),
    ),
  );

/** Waits for the turn among this machine's deploys, then takes the Lease for the scope. */
export const take = (
  needs: Needs,
  request: Request,
): Effect.Effect<Turn, Locked | ClusterError.ClusterFailure, Scope.Scope> =>
  Effect.zipRight(
    Effect.catchTag(queue(needs, request), "StoreUnavailable", (failure) =>
      request.degrade("memory", failure.message),
    ),
    lease(needs, request),
  );

interface Ahead {
  readonly id: DeployId.DeployId;
  readonly owner: string;
}

/** Who is to be waited for, and whether one died at its work. */
const tidy = (
  deploys: typeof Deploys.Deploys.Service,
  identity: typeof ProcessIdentity.ProcessIdentity.Service,
  mine: DeployRow.DeployRow,
): Effect.Effect<
  { readonly ahead: ReadonlyArray<Ahead>; readonly crashed: boolean },
  StoreError.StoreUnavailable
> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    const rows = yield* deploys.open(mine.ref);
    const at = rows.findIndex(({ row }) => row.id === mine.id);
    const ahead: Array<Ahead> = [];
    let crashed = false;
    for (const { row, owner } of at === -1 ? rows : rows.slice(0, at)) {
      const isLeft = row.result?.status === "progressing";
      if (row.state === "settling" || isLeft) continue;
      const presence = yield* Owners.presence(identity, owner);
      const isStale = now - Timestamp.toMillis(row.acceptedAt) > staleMs;
      if (presence === "here") ahead.push({ id: row.id, owner });
      else if (row.state === "running") crashed ||= presence === "gone";
      else if (presence === "gone" || isStale) yield* deploys.put({ ...row, state: "refused" });
    }
    return { ahead, crashed };
  });

const queue = (
  { deploys, identity }: Needs,
  { row, until, emit }: Request,
): Effect.Effect<void, Locked | StoreError.StoreUnavailable> =>
  Effect.gen(function* () {
    const { cooldownMs } = yield* Settings;
    let shown: string | undefined;
    for (;;) {
      const { ahead, crashed } = yield* tidy(deploys, identity, row);
      const [first] = ahead;
      if (first === undefined) {
        if (crashed) yield* Effect.sleep(Duration.millis(cooldownMs));
        return;
      }
      const holder = `${Owners.text(first.owner)} (deploy ${first.id})`;
      if (holder !== shown) yield* emit({ type: "queued", holder });
      shown = holder;
      if ((yield* Clock.currentTimeMillis) >= until) return yield* locked(row.ref, holder);
      yield* Effect.sleep(Duration.millis(pollMs));
    }
  });

export const locked = (
  ref: Pick<Service.ServiceRef, "service" | "namespace">,
  holder: string,
): Locked =>
  new Locked({
    message: `another deploy of ${ref.service} in ${ref.namespace} holds the lock: ${holder}`,
    advice: "Wait until it is through and deploy again, or wait longer with --lock-timeout.",
  });

const lease = (
  { leases }: Needs,
  { cluster, place, row, until, emit, degrade }: Request,
): Effect.Effect<Turn, Locked | ClusterError.ClusterFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    const held = yield* leases
      .acquire(cluster, {
        namespace: place.namespace,
        name: Service.clusterName(place.service),
        labels: { [Ledgers.label]: place.service },
        fieldManager: Ledgers.fieldManager,
        waitMs: Math.max(0, until - now),
        onWait: (holder) => emit({ type: "queued", holder }),
      })
      .pipe(
        Effect.asSome,
        Effect.catchTag("LeaseTaken", ({ holder }) => Effect.fail(locked(row.ref, holder))),
        Effect.catchIf(
          (failure) => failure._tag !== "Locked" && isDenied(failure),
          (failure) =>
            Effect.as(
              degrade(
                "lock",
                `the ledger is the only lock, there can be no Lease: ${failure.message}`,
              ),
              Option.none<Leases.HeldLease>(),
            ),
        ),
      );
    return Option.match(held, {
      onNone: (): Turn => ({ ensureHeld: Effect.void, lost: Effect.never, hasLease: false }),
      onSome: ({ ensureHeld, lost }): Turn => ({ ensureHeld, lost, hasLease: true }),
    });
  });
