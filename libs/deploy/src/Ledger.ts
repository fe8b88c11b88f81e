/**
 * What the cluster keeps of a service, in the ConfigMap `nopea-<service>` of its namespace: which
 * set is current, what is in flight, every object that was ever applied, and the newest outcomes.
 * Values are immutable and every change is a pure function that may be run again on a newer
 * ledger, since each is one half of a compare-and-set. The format is described in docs/ledger.md.
 */
import {
  DeployId,
  KubeObject,
  Outcome,
  Plan,
  Reason,
  Service,
  Strategy,
  Timestamp,
  Who,
  Wire,
} from "@nopea/domain";
import { Schema } from "effect";

export const version = 1;

/** How many outcomes a ledger keeps. */
export const outcomeLimit = 200;

/** The record of a deploy in flight: enough to find it, and to know whether all of it is there. */
export const RecordRef = Schema.Struct({
  /** Its parts are the Secrets `<name>-1` to `<name>-<parts>`. */
  name: Schema.String,
  parts: Schema.Positive.pipe(Schema.int()),
  /** Of the record's `set`; `sha256:` and hex. */
  digest: Schema.String,
}).annotations({ identifier: "RecordRef" });
export type RecordRef = typeof RecordRef.Type;

export const InFlight = Schema.Struct({
  id: DeployId.DeployId,
  /** The process that deploys, as in its Lease. */
  holder: Schema.String,
  since: Timestamp.Timestamp,
  /** After it, whoever finds it may settle it without the Lease. */
  deadline: Timestamp.Timestamp,
  /** Applied, and left to the next process that looks (`--no-wait`). */
  left: Schema.Boolean,
  /** Absent where no record could be written. */
  record: Wire.optional(RecordRef),
}).annotations({ identifier: "InFlight" });
export type InFlight = typeof InFlight.Type;

export const InventoryEntry = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  /** Absent for a cluster-scoped object. */
  namespace: Wire.optional(Schema.String),
  name: Schema.String,
  /** Empty until the object is created. */
  uid: Schema.String,
  /** It belongs to the current set: what a deploy in flight adds does so once it completed. */
  inSet: Wire.key(Schema.Boolean, "in_set"),
}).annotations({ identifier: "InventoryEntry" });
export type InventoryEntry = typeof InventoryEntry.Type;

export const OutcomeEntry = Schema.Struct({
  id: DeployId.DeployId,
  accepted: Timestamp.Timestamp,
  ended: Timestamp.Timestamp,
  outcome: Outcome.Outcome,
  restored: Wire.optional(Schema.Boolean),
  rollbackOf: Wire.optionalKey(DeployId.DeployId, "rollback_of"),
  strategy: Strategy.Strategy,
  reason: Wire.optional(Reason.Reason),
  change: Wire.optional(Plan.Change),
  who: Wire.optional(Who.Who),
  digest: Wire.optional(Schema.String),
}).annotations({ identifier: "OutcomeEntry" });
export type OutcomeEntry = typeof OutcomeEntry.Type;

export const Ledger = Schema.Struct({
  version: Schema.Literal(version),
  cluster: Wire.optional(Service.ClusterId),
  /** The deploy whose set is in force: the last that completed. */
  current: Wire.optional(DeployId.DeployId),
  inFlight: Wire.optionalKey(InFlight, "in_flight"),
  /** Names of the Secrets that hold records. */
  records: Schema.Array(Schema.String),
  /** Outcomes up to this one are history, never lessons. */
  learnAfter: Wire.optionalKey(DeployId.DeployId, "learn_after"),
  inventory: Schema.Array(InventoryEntry),
  /** The one that ended last comes first. */
  outcomes: Schema.Array(OutcomeEntry),
}).annotations({ identifier: "Ledger" });
export type Ledger = typeof Ledger.Type;

export const empty: Ledger = { version, records: [], inventory: [], outcomes: [] };

export const keyOf = (entry: InventoryEntry): string => KubeObject.refKey(entry);

export const refOf = ({ inSet: _, uid, ...names }: InventoryEntry): KubeObject.ObjectRef =>
  uid === "" ? names : { ...names, uid };

/** `objects` in, with what `inSet` says of each (given what it was), the others as `others` says. */
const join = (
  inventory: ReadonlyArray<InventoryEntry>,
  objects: ReadonlyArray<KubeObject.ObjectRef>,
  inSet: (old: InventoryEntry | undefined) => boolean,
  others: (entry: InventoryEntry) => InventoryEntry = (entry) => entry,
): ReadonlyArray<InventoryEntry> => {
  const old = new Map(inventory.map((entry) => [keyOf(entry), entry]));
  const joined = new Map(inventory.map((entry) => [keyOf(entry), others(entry)]));
  for (const object of objects) {
    const key = KubeObject.refKey(object);
    const before = old.get(key);
    joined.set(key, {
      apiVersion: object.apiVersion,
      kind: object.kind,
      ...(object.namespace === undefined ? {} : { namespace: object.namespace }),
      name: object.name,
      // A uid that is known is never lost for an unknown one.
      uid: object.uid ?? before?.uid ?? "",
      inSet: inSet(before),
    });
  }
  return [...joined.values()];
};

const asBefore = (old: InventoryEntry | undefined): boolean => old?.inSet ?? false;

/** Before anything else is written: what is in flight, and the old inventory with the planned objects. */
export const begin = (
  ledger: Ledger,
  start: {
    readonly inFlight: InFlight;
    readonly objects: ReadonlyArray<KubeObject.ObjectRef>;
    /** The Secrets that the record will be written to. */
    readonly records: ReadonlyArray<string>;
    readonly cluster: Service.ClusterId;
  },
): Ledger => ({
  ...ledger,
  cluster: start.cluster,
  inFlight: start.inFlight,
  records: [...new Set([...ledger.records, ...start.records])],
  inventory: join(ledger.inventory, start.objects, asBefore),
});

/** Everything is applied, and whoever looks next shall settle it. */
export const leave = (
  ledger: Ledger,
  id: DeployId.DeployId,
  objects: ReadonlyArray<KubeObject.ObjectRef>,
): Ledger =>
  ledger.inFlight?.id !== id
    ? ledger
    : {
        ...ledger,
        inFlight: { ...ledger.inFlight, left: true },
        inventory: join(ledger.inventory, objects, asBefore),
      };

/** Adds an outcome, once: an id that is there already keeps the outcome it has. */
export const settle = (
  ledger: Ledger,
  end: {
    readonly entry: OutcomeEntry;
    /** What was applied, with its uids. */
    readonly applied: ReadonlyArray<KubeObject.ObjectRef>;
    readonly records: ReadonlyArray<string>;
    /** True where the deploy's set is the current one from now on. */
    readonly becomesCurrent: boolean;
    readonly cluster: Service.ClusterId;
  },
): Ledger => {
  const { inFlight, ...rest } = ledger;
  const others = inFlight !== undefined && inFlight.id !== end.entry.id ? { inFlight } : {};
  if (find(ledger, end.entry.id) !== undefined) return { ...rest, ...others };
  return {
    ...rest,
    ...others,
    cluster: end.cluster,
    ...(end.becomesCurrent ? { current: end.entry.id } : {}),
    records: [...new Set([...ledger.records, ...end.records])],
    inventory: end.becomesCurrent
      ? join(
          ledger.inventory,
          end.applied,
          () => true,
          (entry) => ({ ...entry, inSet: false }),
        )
      : join(ledger.inventory, end.applied, asBefore),
    outcomes: [end.entry, ...ledger.outcomes].slice(0, outcomeLimit),
  };
};

export const find = (ledger: Ledger, id: DeployId.DeployId): OutcomeEntry | undefined =>
  ledger.outcomes.find((entry) => entry.id === id);

export const withoutRecords = (ledger: Ledger, gone: ReadonlySet<string>): Ledger => ({
  ...ledger,
  records: ledger.records.filter((name) => !gone.has(name)),
});

/**
 * True where a plan that has nothing to do needs no word in the ledger: the last that ended here
 * is what is in force, and it was the same objects.
 */
export const isInForce = (
  ledger: Ledger,
  objects: ReadonlyArray<KubeObject.ObjectRef>,
): boolean => {
  const inSet = new Set(ledger.inventory.filter((entry) => entry.inSet).map(keyOf));
  return (
    ledger.inFlight === undefined &&
    ledger.current !== undefined &&
    ledger.outcomes[0]?.id === ledger.current &&
    inSet.size === objects.length &&
    objects.every((object) => inSet.has(KubeObject.refKey(object)))
  );
};
