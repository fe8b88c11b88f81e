/**
 * A deploy in flight that nobody follows, looked at: its record, a forced dry-run of what was
 * sent, and where the objects stand. Reads only.
 */
import type { KubeObject } from "@nopea/domain";
import { Timestamp } from "@nopea/domain";
import { type Cluster, type ClusterError, ManifestSet, Marks, Planner, Waiter } from "@nopea/k8s";
import { Clock, Effect, Option } from "effect";
import * as Judgement from "./Judgement.js";
import type * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import type * as Record from "./Record.js";
import * as Records from "./Records.js";
import { Settings, waitSettings } from "./Settings.js";

type ClusterService = typeof Cluster.Cluster.Service;

export interface Look {
  readonly judgement: Judgement.Judgement;
  readonly set: Option.Option<Record.RecordSet>;
  /** The record as far as it is there; none where it can't be read. */
  readonly record: Option.Option<Records.Written>;
  readonly applied: ReadonlyArray<KubeObject.ObjectRef>;
  readonly notApplied: ReadonlyArray<KubeObject.ObjectRef>;
  /** Answers of the dry-run for what is applied. */
  readonly responses: ReadonlyArray<KubeObject.KubeObject>;
  readonly snapshot: Option.Option<Waiter.Snapshot>;
}

const nothing: Waiter.Snapshot = { objects: [], terminal: [], standing: [], ready: false };

/** A judgement of a deploy whose record can't be had. */
const unknown = (message: string, record: Option.Option<Records.Written>): Look => ({
  judgement: Judgement.judge({
    complete: false,
    applied: [],
    notApplied: [],
    snapshot: nothing,
    pastDeadline: false,
    message,
  }),
  set: Option.none(),
  record,
  applied: [],
  notApplied: [],
  responses: [],
  snapshot: Option.none(),
});

/** What was sent, without our mark, which a document must not bring. */
const unmarked = (object: KubeObject.KubeObject): KubeObject.KubeObject => {
  const { [Marks.MEMBER_LABEL]: _, ...labels } = object.metadata.labels ?? {};
  return { ...object, metadata: { ...object.metadata, labels } };
};

export const look: (
  cluster: ClusterService,
  place: Ledgers.Place,
  inFlight: Ledger.InFlight,
) => Effect.Effect<Look, ClusterError.ClusterFailure> = Effect.fn("InFlights.look")(
  function* (cluster, place, inFlight) {
    if (inFlight.record === undefined) return unknown("it could not write a record", Option.none());
    const found = yield* Effect.either(Records.read(cluster, place, inFlight.record, ["set"]));
    if (found._tag === "Left") {
      if (found.left._tag === "ClusterUnreachable") return yield* found.left;
      return unknown(`its record can't be read: ${found.left.message}`, Option.none());
    }
    const record = Option.some({ ...inFlight.record, used: found.right.used });
    const { set, digest } = found.right;
    if (Option.isNone(set) || Option.getOrUndefined(digest) !== inFlight.record.digest) {
      return unknown("its record is not whole", record);
    }
    const planned = yield* Effect.either(dryRun(cluster, place, set.value));
    if (planned._tag === "Left") {
      if (planned.left._tag === "ClusterUnreachable") return yield* planned.left;
      return { ...unknown(`its set can't be looked at: ${planned.left.message}`, record), set };
    }
    const entries = planned.right.entries.map((entry) => ({
      ref: entry.planned.object,
      isApplied: entry.planned.action === "unchanged",
      object: Option.orElse(entry.live, () => entry.predicted),
    }));
    const applied = entries.filter((entry) => entry.isApplied);
    const notApplied = entries.filter((entry) => !entry.isApplied).map((entry) => entry.ref);
    const settings = yield* Settings;
    const snapshot = yield* Waiter.snapshot(
      cluster,
      applied.flatMap(({ object }) => Option.toArray(object)).map((object) => ({ object })),
      waitSettings(settings, { timeoutMs: 0, deadlineMs: 0 }),
    );
    const now = yield* Clock.currentTimeMillis;
    return {
      judgement: Judgement.judge({
        complete: true,
        applied: applied.map((entry) => entry.ref),
        notApplied,
        snapshot,
        pastDeadline: now > Timestamp.toMillis(inFlight.deadline),
      }),
      set,
      record,
      applied: applied.map((entry) => entry.ref),
      notApplied,
      responses: planned.right.entries.flatMap((entry) =>
        entry.planned.action === "unchanged" ? Option.toArray(entry.predicted) : [],
      ),
      snapshot: Option.some(snapshot),
    };
  },
);

/** Unchanged is what is live already as it was sent, whoever owns which field by now. */
const dryRun = (cluster: ClusterService, place: Ledgers.Place, set: Record.RecordSet) =>
  Effect.gen(function* () {
    const namespaces = set.objects.flatMap(({ object }) => object.metadata.namespace ?? []);
    const manifests = yield* ManifestSet.make(
      set.objects.map(({ object, source }) => ({ object: unmarked(object), source })),
      { ...place, alsoNamespaces: [...new Set(namespaces)] },
      cluster,
    );
    return yield* Planner.plan(cluster, manifests, {
      fieldManager: Ledgers.fieldManager,
      force: true,
      takeOver: true,
      labels: Marks.memberLabels(Ledgers.applySetId(place)),
      lastApplied: new Map(),
    });
  });
