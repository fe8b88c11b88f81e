/**
 * What a deploy left behind that nobody follows any more: killed, or left by `--no-wait`. A
 * command that writes settles it first, under the Lease, never running it again and never rolling
 * back; a command that reads is told what it would settle as, and writes nothing.
 */
import { type DeployId, type DeployResult, type Service, Timestamp } from "@nopea/domain";
import { type Cluster, type ClusterError, Leases, ProcessIdentity } from "@nopea/k8s";
import { Deploys, type DeployRow } from "@nopea/store";
import { Clock, Context, Effect, Layer, Option } from "effect";
import * as InFlights from "./InFlights.js";
import * as Judgement from "./Judgement.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import { fromLedger, Outcomes } from "./Outcomes.js";
import * as Owners from "./Owners.js";
import * as Results from "./Results.js";

type ClusterService = typeof Cluster.Cluster.Service;

export interface Subject {
  readonly place: Ledgers.Place;
  readonly ref: Service.ServiceRef;
  /** None where the service has no ledger, or it can't be read. */
  readonly ledger: Option.Option<Ledgers.Stored>;
  /** The ledger was read: what it doesn't say is so. */
  readonly ledgerKnown: boolean;
}

export interface Recovered {
  readonly ledger: Option.Option<Ledgers.Stored>;
  readonly settled: ReadonlyArray<DeployRow.DeployRow>;
}

/** A deploy in flight as a reader sees it. */
export interface View {
  readonly inFlight: Ledger.InFlight;
  /** Its process is at work, as far as can be seen. */
  readonly followed: boolean;
  /** Absent while it is followed. */
  readonly judgement?: Judgement.Judgement;
}

export class Recovery extends Context.Tag("@nopea/deploy/Recovery")<
  Recovery,
  {
    /** The caller holds the Lease. `except`: the caller's own deploy. */
    readonly settleOpen: (
      cluster: ClusterService,
      subject: Subject,
      options: { readonly except?: DeployId.DeployId | undefined },
    ) => Effect.Effect<Recovered, ClusterError.ClusterFailure>;
    /** Writes nothing. */
    readonly view: (
      cluster: ClusterService,
      place: Ledgers.Place,
      ledger: Ledger.Ledger,
    ) => Effect.Effect<Option.Option<View>, ClusterError.ClusterFailure>;
  }
>() {}

export const make: Effect.Effect<
  typeof Recovery.Service,
  never,
  Deploys.Deploys | Outcomes | Leases.Leases | ProcessIdentity.ProcessIdentity
> = Effect.gen(function* () {
  const deploys = yield* Deploys.Deploys;
  const outcomes = yield* Outcomes;
  const leases = yield* Leases.Leases;
  const identity = yield* ProcessIdentity.ProcessIdentity;

  /** The deploy that the ledger has in flight, to its outcome. */
  const settleInFlight = (
    cluster: ClusterService,
    subject: Subject,
    stored: Ledgers.Stored,
    inFlight: Ledger.InFlight,
    row: Option.Option<DeployRow.DeployRow>,
  ) =>
    Effect.gen(function* () {
      const look = yield* InFlights.look(cluster, subject.place, inFlight);
      const judgement = Judgement.withoutWaiting(look.judgement);
      const facts = factsFor(subject.ref, inFlight, row, look);
      const ended = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
      const result = Results.result(facts, {
        status: judgement.type,
        ended,
        // The dry-run changed nothing: live is what was sent.
        verified: judgement.type === "completed",
        differences: [],
        applied: look.applied.map((object) => ({ ...object, action: "unchanged" as const })),
        notApplied: look.notApplied,
        unchanged: false,
        finding: judgement.type === "failed" ? judgement.finding : undefined,
        configNotReloaded: [],
        warnings: [
          inFlight.left
            ? "it was left to a later command, and settled from what is live"
            : "the process that deployed was gone; it was settled from what is live",
        ],
        degraded: [],
      });
      return yield* outcomes.settle({
        place: subject.place,
        row: Results.endedRow(facts, result, false),
        result,
        cluster: Option.some(cluster),
        inLedger: true,
        ledger: Option.some(stored),
        record: look.record,
        applied: look.responses.map(LastApplied.entryOf),
        becomesCurrent: judgement.type === "completed",
      });
    });

  /** A row of this store that no ledger has in flight. */
  const settleRow = (
    cluster: ClusterService,
    subject: Subject,
    stored: Option.Option<Ledgers.Stored>,
    row: DeployRow.DeployRow,
  ): Effect.Effect<
    Option.Option<{
      readonly row: DeployRow.DeployRow;
      readonly ledger: Option.Option<Ledgers.Stored>;
    }>
  > =>
    Effect.gen(function* () {
      const entry = Option.flatMapNullable(stored, ({ ledger }) => Ledger.find(ledger, row.id));
      if (Option.isSome(entry)) {
        const ended = { ...fromLedger(row, entry.value), state: "ended" as const };
        yield* outcomes.keep(ended);
        return Option.some({ row: ended, ledger: stored });
      }
      if (!subject.ledgerKnown) return Option.none();
      if (row.state === "settling" && row.result !== undefined) {
        const settled = yield* outcomes.settle({
          place: subject.place,
          row,
          result: row.result,
          cluster: Option.some(cluster),
          // A ledger that is gone is not begun anew for what happened before.
          inLedger: Option.isSome(stored) && !row.unchanged,
          ledger: stored,
          record: Option.none(),
          applied: [],
          becomesCurrent: false,
        });
        return Option.some({ row: settled.row, ledger: settled.ledger });
      }
      const ended = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
      const facts = Results.factsOf(row, 0);
      const result = lost(facts, ended);
      const interrupted = Results.endedRow(facts, result, false);
      yield* outcomes.keep(interrupted);
      return Option.some({ row: interrupted, ledger: stored });
    });

  const settleOpen: (typeof Recovery.Service)["settleOpen"] = Effect.fn("Recovery.settleOpen")(
    function* (cluster, subject, { except }) {
      // Without the store the ledger alone says what is open.
      const open = yield* Effect.orElseSucceed(deploys.open(subject.ref), () => []);
      const rows = open.filter(({ row }) => row.id !== except && row.state !== "accepted");
      const settled: Array<DeployRow.DeployRow> = [];
      let { ledger } = subject;
      const inFlight = Option.getOrUndefined(ledger)?.ledger.inFlight;
      if (Option.isSome(ledger) && inFlight !== undefined && inFlight.id !== except) {
        const row = rows.find((one) => one.row.id === inFlight.id)?.row;
        const isSettling = row?.state === "settling" && row.result !== undefined;
        const done = isSettling
          ? yield* settleWhole(outcomes, cluster, subject, ledger.value, inFlight, row)
          : yield* settleInFlight(
              cluster,
              subject,
              ledger.value,
              inFlight,
              Option.fromNullable(row),
            );
        settled.push(done.row);
        ledger = done.ledger;
      }
      for (const { row } of rows) {
        if (row.id === inFlight?.id) continue;
        const done = yield* settleRow(cluster, subject, ledger, row);
        if (Option.isNone(done)) continue;
        settled.push(done.value.row);
        ledger = done.value.ledger;
      }
      return { ledger, settled };
    },
  );

  const view: (typeof Recovery.Service)["view"] = Effect.fn("Recovery.view")(
    function* (cluster, place, ledger) {
      const { inFlight } = ledger;
      if (inFlight === undefined) return Option.none();
      if (!inFlight.left) {
        const now = yield* Clock.currentTimeMillis;
        const holderGone = (yield* Owners.presence(identity, inFlight.holder)) === "gone";
        const looksExpired = yield* leases
          .peek(cluster, place.namespace, Ledgers.refOf(place).name)
          .pipe(
            Effect.map((lease) => lease.looksExpired),
            Effect.catchTag("ApiFailure", () =>
              // No Lease can be seen: the deadline is what is left to go by.
              Effect.succeed(now > Timestamp.toMillis(inFlight.deadline)),
            ),
          );
        if (!holderGone && !looksExpired) return Option.some({ inFlight, followed: true });
      }
      const { judgement } = yield* InFlights.look(cluster, place, inFlight);
      return Option.some({ inFlight, followed: false, judgement });
    },
  );

  return Recovery.of({ settleOpen, view });
});

export const layer: Layer.Layer<
  Recovery,
  never,
  Deploys.Deploys | Outcomes | Leases.Leases | ProcessIdentity.ProcessIdentity
> = Layer.effect(Recovery, make);

/** Its result is known and only the ledger lacks it: no new look, the set becomes what it was to become. */
const settleWhole = (
  outcomes: typeof Outcomes.Service,
  cluster: ClusterService,
  subject: Subject,
  stored: Ledgers.Stored,
  inFlight: Ledger.InFlight,
  row: DeployRow.DeployRow & { readonly result?: DeployResult.DeployResult },
) =>
  Effect.gen(function* () {
    const look = yield* InFlights.look(cluster, subject.place, inFlight);
    return yield* outcomes.settle({
      place: subject.place,
      row,
      result: row.result as DeployResult.DeployResult,
      cluster: Option.some(cluster),
      inLedger: true,
      ledger: Option.some(stored),
      record: look.record,
      applied: look.responses.map(LastApplied.entryOf),
      becomesCurrent: row.outcome === "completed",
    });
  });

/** What is known of a deploy in flight: from its record, else this store's row, else the ledger's few words. */
const factsFor = (
  ref: Service.ServiceRef,
  inFlight: Ledger.InFlight,
  row: Option.Option<DeployRow.DeployRow>,
  look: InFlights.Look,
): Results.Facts => {
  const digest = inFlight.record?.digest;
  if (Option.isSome(look.set)) {
    const { version: _, salt: __, objects, ...facts } = look.set.value;
    return { ...facts, ref, digest, manifestCount: objects.length };
  }
  if (Option.isSome(row)) return { ...Results.factsOf(row.value, 0), ref, digest };
  return {
    id: inFlight.id,
    ref,
    strategy: "direct",
    accepted: inFlight.since,
    manifestCount: 0,
    digest,
  };
};

/** In flight in this store alone: the ledger that had it is gone, or never could be written. */
const lost = (facts: Results.Facts, ended: Timestamp.Timestamp): DeployResult.DeployResult =>
  Results.result(facts, {
    status: "failed",
    ended,
    verified: false,
    differences: [],
    applied: [],
    notApplied: [],
    unchanged: false,
    finding: Judgement.interrupted(
      "the process that deployed is gone, and the cluster has no word of it: what was applied is not known",
    ),
    configNotReloaded: [],
    warnings: [],
    degraded: [],
  });
