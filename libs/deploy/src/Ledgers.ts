/**
 * Ledgers in the cluster: read, and changed only by compare-and-set. A change is a function of
 * what is there, run again when another was faster; after a broken connection the ledger is read
 * first, so that nothing is written twice. A ConfigMap of a ledger's name that isn't ours, and a
 * ledger of a newer version, are refused and never overwritten.
 */
import { KubeObject, Service } from "@nopea/domain";
import { type Cluster, type ClusterError, Marks } from "@nopea/k8s";
import type { ParseResult } from "effect";
import { Duration, Effect, Option, Schema } from "effect";
import * as Entries from "./internal/entries.js";
import { isRace, isTransient } from "./internal/failures.js";
import { fromBase64, pack, toBase64, unpack } from "./internal/zip.js";
import * as Ledger from "./Ledger.js";
import { Refused } from "./Refusal.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** Where a service lives within a cluster. */
export interface Place {
  readonly namespace: string;
  readonly service: string;
}

export interface Stored {
  readonly ledger: Ledger.Ledger;
  readonly resourceVersion: string;
  /** The ledger's JSON where it was read; absent where this process wrote it. */
  readonly json?: unknown;
}

export type Failure = ClusterError.ClusterFailure | Refused;

/** The label by which everything that nopea keeps in a cluster is known as its own. */
export const label = "nopea.dev/service";

export const fieldManager = "nopea";

const ledgerKey = "ledger.json";
const inventoryKey = "inventory.json.gz";

/** Bytes of JSON from which on the inventory is gzipped, and what Kubernetes lets a ConfigMap hold. */
const plainLimit = 512 * 1024;
const sizeLimit = 1024 * 1024;

/** How long a broken connection is borne while a ledger is being changed, in milliseconds. */
const patienceMs = 15_000;

export const refOf = (place: Place): KubeObject.ObjectRef => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: place.namespace,
  name: Service.clusterName(place.service),
});

export const applySetId = (place: Place): string =>
  Marks.applySetId({ namespace: place.namespace, name: Service.clusterName(place.service) });

/** None where the service has no ledger. */
export const read = Effect.fn("Ledgers.read")(function* (cluster: ClusterService, place: Place) {
  const object = yield* cluster.get(refOf(place));
  if (Option.isNone(object)) return Option.none<Stored>();
  return Option.some(yield* decode(place, object.value));
});

/**
 * Replaces the ledger by what `change` makes of it, and answers what stands then; `change` may be
 * asked more than once, and answers none where nothing is to be written. `known` is what was read
 * last, which saves reading it again.
 */
export const update = Effect.fn("Ledgers.update")(function* <E>(
  cluster: ClusterService,
  place: Place,
  change: (stored: Option.Option<Stored>) => Effect.Effect<Option.Option<Ledger.Ledger>, E>,
  known?: Option.Option<Stored>,
) {
  let stored = known ?? (yield* read(cluster, place));
  for (let waited = 0, pause = 100; ;) {
    const next = yield* change(stored);
    if (Option.isNone(next)) return stored;
    const object = yield* encode(place, next.value);
    const written = yield* Effect.either(write(cluster, object, stored));
    if (written._tag === "Right") {
      return Option.some<Stored>({
        ledger: next.value,
        resourceVersion: written.right.metadata.resourceVersion ?? "",
      });
    }
    const broken = isTransient(written.left);
    if (waited >= patienceMs || !(broken || isRace(written.left))) return yield* written.left;
    // A race is over at once; only what is down needs time.
    const delay = broken ? pause : 20;
    yield* Effect.sleep(Duration.millis(delay));
    waited += delay;
    if (broken) pause = Math.min(pause * 2, 2_000);
    const again = yield* Effect.either(cluster.get(refOf(place)));
    if (again._tag === "Left") {
      if (!isTransient(again.left)) return yield* again.left;
      continue;
    }
    if (Option.isNone(again.right)) {
      stored = Option.none();
      continue;
    }
    stored = Option.some(yield* decode(place, again.right.value));
    if (sameData(again.right.value, object)) return stored;
  }
});

const write = (
  cluster: ClusterService,
  object: KubeObject.KubeObject,
  stored: Option.Option<Stored>,
): Effect.Effect<KubeObject.KubeObject, ClusterError.ClusterFailure> =>
  Option.match(stored, {
    onNone: () => cluster.create(object, { fieldManager }),
    onSome: ({ resourceVersion }) =>
      cluster.replace(
        { ...object, metadata: { ...object.metadata, resourceVersion } },
        { fieldManager },
      ),
  });

/** Whether a ConfigMap, Secret or Lease is one that nopea keeps for the service. */
export const isOurs = (object: KubeObject.KubeObject, place: Place): boolean =>
  object.metadata.labels?.[label] === place.service;

/** The refusal for an object that has a name nopea needs, and isn't nopea's. */
export const notOurs = (object: KubeObject.KubeObject, place: Place): Refused =>
  new Refused({
    message:
      `${object.kind} ${object.metadata.name} in ${place.namespace} isn't nopea's: it lacks the label ` +
      `${label}=${place.service}, and is not overwritten`,
    object: KubeObject.refOf(object),
    advice: `Rename or delete the ${object.kind}, or give the service another name.`,
  });

export const decode = (
  place: Place,
  object: KubeObject.KubeObject,
): Effect.Effect<Stored, Refused> =>
  Effect.gen(function* () {
    if (!isOurs(object, place)) return yield* notOurs(object, place);
    const { data, binaryData } = object as ConfigMap;
    const json = yield* Effect.mapError(parse(data?.[ledgerKey] ?? ""), unreadable(place));
    const { version } = yield* Effect.mapError(decodeVersion(json), unreadable(place));
    if (version > Ledger.version) {
      return yield* new Refused({
        message:
          `the ledger ${Service.clusterName(place.service)} in ${place.namespace} has version ${version}, ` +
          `this nopea reads up to ${Ledger.version}`,
        object: KubeObject.refOf(object),
        advice: "Use a newer nopea for this service.",
      });
    }
    const ledger = yield* Effect.mapError(decodeLedger(json), unreadable(place));
    const resourceVersion = object.metadata.resourceVersion ?? "";
    const packed = binaryData?.[inventoryKey];
    if (packed === undefined) return { ledger, resourceVersion, json };
    const inventory = yield* unpack(fromBase64(packed)).pipe(
      Effect.flatMap(parse),
      Effect.bindTo("json"),
      Effect.bind("decoded", ({ json }) => decodeInventory(json)),
      Effect.mapError(unreadable(place)),
    );
    return {
      ledger: { ...ledger, inventory: inventory.decoded },
      resourceVersion,
      json: { ...(json as object), inventory: inventory.json },
    };
  });

type ConfigMap = KubeObject.KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};

/** What another nopea of the same version added is kept as it is. */
const options = { onExcessProperty: "preserve" } as const;
const parse = Schema.decode(Schema.parseJson());
const decodeVersion = Schema.decodeUnknown(Schema.Struct({ version: Schema.Number }));
const decodeWhole = Schema.decodeUnknown(Ledger.Ledger, options);
const encodeLedger = Schema.encodeSync(Schema.parseJson(Ledger.Ledger), options);
const decodeInventory = Schema.decodeUnknown(Schema.Array(Ledger.InventoryEntry), options);
const encodeInventory = Schema.encodeSync(
  Schema.parseJson(Schema.Array(Ledger.InventoryEntry)),
  options,
);

const decodeLedger = (json: unknown) => {
  const outcomes = Entries.plain((json as Partial<Ledger.Ledger>).outcomes);
  return outcomes === undefined
    ? decodeWhole(json)
    : Effect.map(decodeWhole({ ...(json as object), outcomes: [] }), (ledger) => ({
        ...ledger,
        outcomes,
      }));
};

const unreadable = (place: Place) => (error: ParseResult.ParseError | Error) =>
  new Refused({
    message:
      `the ledger ${Service.clusterName(place.service)} in ${place.namespace} can't be read, and is not ` +
      `overwritten: ${error.message.split("\n")[0] ?? ""}`,
    object: refOf(place),
    advice:
      "Put back what it was (docs/ledger.md describes it), or delete the ConfigMap: nopea then begins anew.",
  });

const encode = (place: Place, ledger: Ledger.Ledger): Effect.Effect<ConfigMap, Refused> =>
  Effect.gen(function* () {
    const marks = Marks.parentMetadata({
      namespace: place.namespace,
      name: Service.clusterName(place.service),
      members: ledger.inventory.map(Ledger.refOf),
    });
    const plain = encodeLedger(ledger);
    const isLarge = Buffer.byteLength(plain) > plainLimit;
    const content = isLarge
      ? {
          data: { [ledgerKey]: encodeLedger({ ...ledger, inventory: [] }) },
          binaryData: { [inventoryKey]: toBase64(yield* pack(encodeInventory(ledger.inventory))) },
        }
      : { data: { [ledgerKey]: plain } };
    const bytes = sizeOf(content);
    if (bytes > sizeLimit) {
      return yield* new Refused({
        reason: "object_too_large",
        message:
          `${ledger.inventory.length} objects are too many for one service: its ledger would take ` +
          `${Math.ceil(bytes / 1024)} KiB of the 1024 that Kubernetes keeps`,
        object: refOf(place),
        advice: "Split the set into several services.",
      });
    }
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: Service.clusterName(place.service),
        namespace: place.namespace,
        labels: { ...marks.labels, [label]: place.service },
        annotations: marks.annotations,
      },
      ...content,
    };
  });

/** What Kubernetes counts: the values as they are, binary ones unpacked from base64. */
const sizeOf = (content: Pick<ConfigMap, "data" | "binaryData">): number =>
  Object.values(content.data ?? {}).reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
  Object.values(content.binaryData ?? {}).reduce(
    (sum, text) => sum + Math.floor(text.length * 0.75),
    0,
  );

const sameData = (there: ConfigMap, ours: ConfigMap): boolean =>
  there.data?.[ledgerKey] === ours.data?.[ledgerKey] &&
  there.binaryData?.[inventoryKey] === ours.binaryData?.[inventoryKey];
