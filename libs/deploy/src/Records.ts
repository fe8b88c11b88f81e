/**
 * Records in the cluster: written part by part, read whole, deleted by name. A part that can't be
 * kept (no permission, no room) is the caller's to bear; a Secret of a record's name that isn't
 * ours is never overwritten.
 */
import type { DeployId, KubeObject } from "@nopea/domain";
import type { Cluster, ClusterError } from "@nopea/k8s";
import { Effect, Option, Schema } from "effect";
import { createHash, randomBytes } from "node:crypto";
import { isRace, patiently } from "./internal/failures.js";
import { fromBase64, pack, toBase64, unpack } from "./internal/zip.js";
import type { RecordRef } from "./Ledger.js";
import { type Failure, fieldManager, isOurs, label, notOurs, type Place } from "./Ledgers.js";
import * as Record from "./Record.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** A record on its way: where it goes, and the bytes of its `set`. */
export interface Prepared {
  readonly ref: RecordRef;
  readonly pieces: ReadonlyArray<Uint8Array>;
}

/** A record whose `set` was written. */
export interface Written {
  readonly name: string;
  readonly parts: number;
  /** Bytes that each part holds, from the first; 0 where it doesn't exist. */
  readonly used: ReadonlyArray<number>;
}

export interface Sections {
  readonly applied: Option.Option<Record.RecordApplied>;
  readonly result: Record.RecordResult;
}

export const written = ({ ref, pieces }: Prepared): Written => ({
  name: ref.name,
  parts: ref.parts,
  used: pieces.map((piece) => piece.length),
});

/** How long a broken connection is borne while a part is written or read, in milliseconds. */
const patienceMs = 10_000;
const concurrency = 4;

const schemas = {
  set: Schema.parseJson(Record.RecordSet),
  applied: Schema.parseJson(Record.RecordApplied),
  result: Schema.parseJson(Record.RecordResult),
};
const encodeSet = Schema.encodeSync(schemas.set);
const encodeApplied = Schema.encodeSync(schemas.applied);
const encodeResult = Schema.encodeSync(schemas.result);

const digestOf = (bytes: string): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Nothing that could be guessed: see `RecordSet`. */
export const salt: Effect.Effect<string> = Effect.sync(() => randomBytes(16).toString("hex"));

export const prepare = (service: string, set: Record.RecordSet): Effect.Effect<Prepared> =>
  Effect.gen(function* () {
    const text = encodeSet(set);
    const bytes = yield* pack(text);
    return {
      ref: {
        name: Record.nameOf(service, set.id),
        parts: Record.roomFor(bytes.length),
        digest: digestOf(text),
      },
      pieces: Record.cut(bytes, Record.partBytes),
    };
  });

/** Writes the `set`; answers the names of the Secrets that exist now. */
export const write = (
  cluster: ClusterService,
  place: Place,
  prepared: Prepared,
): Effect.Effect<ReadonlyArray<string>, Failure> =>
  Effect.forEach(
    prepared.pieces,
    (piece, index) =>
      create(cluster, place, Record.partName(prepared.ref.name, index + 1), {
        [Record.dataKey("set")]: toBase64(piece),
      }),
    { concurrency },
  ).pipe(Effect.withSpan("Records.write"));

/** Adds `applied` and `result`, as far as there is room; answers the names of all Secrets of the record. */
export const complete: (
  cluster: ClusterService,
  place: Place,
  record: Written,
  sections: Sections,
) => Effect.Effect<ReadonlyArray<string>, Failure> = Effect.fn("Records.complete")(function* (
  cluster: ClusterService,
  place: Place,
  record: Written,
  sections: Sections,
) {
  const packed: Array<readonly [Record.Section, Uint8Array]> = [
    ["result", yield* pack(encodeResult(sections.result))],
  ];
  if (Option.isSome(sections.applied)) {
    packed.push(["applied", yield* pack(encodeApplied(sections.applied.value))]);
  }
  const used = Array.from({ length: record.parts }, (_, index) => record.used[index] ?? 0);
  const placed = Record.place(used, packed);
  const names = yield* Effect.forEach(
    placed,
    (given, index) => {
      const name = Record.partName(record.name, index + 1);
      const data = Object.fromEntries(
        Object.entries(given).map(([section, bytes]) => [
          Record.dataKey(section as Record.Section),
          toBase64(bytes),
        ]),
      );
      const exists = (used[index] ?? 0) > 0;
      if (Object.keys(data).length === 0) return Effect.succeed(exists ? [name] : []);
      const write = exists ? add : create;
      return Effect.as(write(cluster, place, name, data), [name]);
    },
    { concurrency },
  );
  return names.flat();
});

type Data = Readonly<globalThis.Record<string, string>>;

const secretRef = (place: Place, name: string): KubeObject.ObjectRef => ({
  apiVersion: "v1",
  kind: "Secret",
  namespace: place.namespace,
  name,
});

const add = (
  cluster: ClusterService,
  place: Place,
  name: string,
  data: Data,
): Effect.Effect<string, Failure> =>
  cluster
    .patch(secretRef(place, name), { type: "merge", body: { data }, fieldManager })
    .pipe(patiently(patienceMs), Effect.as(name));

const create = (
  cluster: ClusterService,
  place: Place,
  name: string,
  data: Data,
): Effect.Effect<string, Failure> =>
  cluster
    .create(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: place.namespace, labels: { [label]: place.service } },
        type: Record.secretType,
        data,
      },
      { fieldManager },
    )
    .pipe(
      Effect.catchIf(isRace, () =>
        Effect.gen(function* () {
          const there = yield* cluster.get(secretRef(place, name));
          if (Option.isSome(there) && !isOurs(there.value, place)) {
            return yield* notOurs(there.value, place);
          }
          // Ours, when an earlier try arrived after all: the same bytes again do no harm.
          return yield* add(cluster, place, name, data);
        }),
      ),
      patiently(patienceMs),
      Effect.as(name),
    );

/** What could be read of a record; a section is there whole or not at all. */
export interface Found {
  readonly set: Option.Option<Record.RecordSet>;
  readonly applied: Option.Option<Record.RecordApplied>;
  readonly result: Option.Option<Record.RecordResult>;
  /** Of the `set` that was read. */
  readonly digest: Option.Option<string>;
  /** Bytes that each part holds, from the first; 0 where it doesn't exist. */
  readonly used: ReadonlyArray<number>;
}

/** How many parts a deploy's record has by `names`, a ledger's `records`; 0 where it has none. */
export const partsOf = (
  service: string,
  id: DeployId.DeployId,
  names: ReadonlyArray<string>,
): number => {
  const name = Record.nameOf(service, id);
  return names.reduce(
    (most, secret) =>
      Record.recordOf(secret) === name
        ? Math.max(most, Number(secret.slice(name.length + 1)))
        : most,
    0,
  );
};

/** Reads the sections that are asked for. */
export const read: (
  cluster: ClusterService,
  place: Place,
  record: { readonly name: string; readonly parts: number },
  sections?: ReadonlyArray<Record.Section>,
) => Effect.Effect<Found, ClusterError.ClusterFailure> = Effect.fn("Records.read")(function* (
  cluster: ClusterService,
  place: Place,
  record: { readonly name: string; readonly parts: number },
  sections: ReadonlyArray<Record.Section> = ["set", "applied", "result"],
) {
  const parts = yield* Effect.forEach(
    Record.partNames(record.name, record.parts),
    (name) => cluster.get(secretRef(place, name)).pipe(patiently(patienceMs)),
    { concurrency },
  );
  const data = parts.map((part) =>
    part.pipe(
      Option.filter((secret) => isOurs(secret, place)),
      Option.map((secret) => (secret as { data?: Data }).data ?? {}),
      Option.getOrElse((): Data => ({})),
    ),
  );
  const textOf = (section: Record.Section) =>
    Effect.gen(function* () {
      if (!sections.includes(section)) return Option.none<string>();
      const pieces = data.flatMap((part) => part[Record.dataKey(section)] ?? []);
      if (pieces.length === 0) return Option.none<string>();
      // Whatever can't be unpacked lacks a part, which is no worse than lacking all.
      return yield* Effect.option(unpack(Buffer.concat(pieces.map(fromBase64))));
    });
  const [set, applied, result] = yield* Effect.all(
    [textOf("set"), textOf("applied"), textOf("result")],
    {
      concurrency: 3,
    },
  );
  const decoded = <A>(text: Option.Option<string>, schema: Schema.Schema<A, string>) =>
    Option.flatMap(text, Schema.decodeOption(schema));
  return {
    set: decoded(set, schemas.set),
    applied: decoded(applied, schemas.applied),
    result: decoded(result, schemas.result),
    digest: Option.map(set, digestOf),
    used: data.map((part) =>
      Object.values(part).reduce((sum, text) => sum + Math.floor(text.length * 0.75), 0),
    ),
  } satisfies Found;
});

/** Deletes Secrets; answers the names that are gone for certain. */
export const remove: (
  cluster: ClusterService,
  place: Place,
  names: ReadonlyArray<string>,
) => Effect.Effect<ReadonlySet<string>> = Effect.fn("Records.remove")(function* (
  cluster: ClusterService,
  place: Place,
  names: ReadonlyArray<string>,
) {
  const gone = yield* Effect.forEach(
    names,
    (name) =>
      cluster.remove(secretRef(place, name)).pipe(
        Effect.as([name]),
        Effect.catchAll((failure: ClusterError.ClusterFailure) =>
          Effect.as(Effect.logDebug(`the record ${name} stays for now: ${failure.message}`), []),
        ),
      ),
    { concurrency },
  );
  return new Set<string>(gone.flat());
});
