/**
 * What the cluster keeps of one deploy, in Secrets of type `nopea.dev/record`: what was sent
 * (Secret values included: a rollback needs them, and they never leave the cluster), what the API
 * server made of it, and the result. Each is JSON, gzipped, and cut into parts that fit into a
 * Secret. The format is described in docs/ledger.md.
 */
import type { KubeObject } from "@nopea/domain";
import { DeployId, DeployResult, Plan, Risk, Strategy, Timestamp, Who, Wire } from "@nopea/domain";
import { Schema } from "effect";

export const version = 1;
export const secretType = "nopea.dev/record";

/** The most that one Secret gets of a record, in bytes: Kubernetes takes 1 MiB in all. */
export const partBytes = 900 * 1024;

const AnyObject = Schema.declare(
  (value): value is KubeObject.KubeObject => typeof value === "object" && value !== null,
  {
    identifier: "KubernetesObject",
    description: "A Kubernetes object",
    jsonSchema: { type: "object" },
  },
);

export const SentObject = Schema.Struct({
  object: AnyObject,
  /** The document it came from. */
  source: Schema.String,
}).annotations({ identifier: "SentObject" });
export type SentObject = typeof SentObject.Type;

/** `set`: what is sent, and what settles the deploy where only the cluster knows of it. */
export const RecordSet = Schema.Struct({
  version: Schema.Literal(version),
  id: DeployId.DeployId,
  accepted: Timestamp.Timestamp,
  strategy: Strategy.Strategy,
  choice: Wire.optional(Strategy.Choice),
  risk: Wire.optional(Risk.Risk),
  overrideFreeze: Wire.optionalKey(Schema.Boolean, "override_freeze"),
  rollbackOf: Wire.optionalKey(DeployId.DeployId, "rollback_of"),
  change: Wire.optional(Plan.Change),
  who: Wire.optional(Who.Who),
  /** Random, where the set holds a Secret: else its digest, which others may read, would let a value be guessed. */
  salt: Wire.optional(Schema.String),
  objects: Schema.Array(SentObject),
}).annotations({ identifier: "RecordSet" });
export type RecordSet = typeof RecordSet.Type;

/** `applied`: each response, cut down to the fields that nopea manages. */
export const RecordApplied = Schema.Struct({
  version: Schema.Literal(version),
  objects: Schema.Array(AnyObject),
}).annotations({ identifier: "RecordApplied" });
export type RecordApplied = typeof RecordApplied.Type;

/** `result`: as every surface shows it, evidence included. */
export const RecordResult = Schema.Struct({
  version: Schema.Literal(version),
  result: DeployResult.DeployResult,
}).annotations({ identifier: "RecordResult" });
export type RecordResult = typeof RecordResult.Type;

/** The three sections by their names in the Secrets' data. */
export const Record = Schema.Struct({
  set: RecordSet,
  applied: Wire.optional(RecordApplied),
  result: Wire.optional(RecordResult),
}).annotations({ identifier: "Record" });
export type Record = typeof Record.Type;

export type Section = "set" | "applied" | "result";

/** `nopea-web-01jd…`; its Secrets are `<name>-1`, `<name>-2`, … */
export const nameOf = (service: string, id: DeployId.DeployId): string =>
  `nopea-${service}-${id.toLowerCase()}`;

export const partName = (name: string, part: number): string => `${name}-${part}`;

export const partNames = (name: string, parts: number): ReadonlyArray<string> =>
  Array.from({ length: parts }, (_, index) => partName(name, index + 1));

/** The record that a Secret's name belongs to. */
export const recordOf = (secretName: string): string => secretName.replace(/-\d+$/, "");

/** A section's bytes in the Secrets' data: `set.gz` of each part, joined in the order of the parts. */
export const dataKey = (section: Section): string => `${section}.gz`;

/**
 * How many Secrets a record is given room for, before it is known how long `applied` and
 * `result` will be: all in one where the set is small, else as much again and one more.
 */
export const roomFor = (setBytes: number): number =>
  setBytes <= partBytes / 3 ? 1 : 2 * Math.ceil(setBytes / partBytes) + 1;

/** Bytes cut into pieces of at most `limit`. */
export const cut = (bytes: Uint8Array, limit: number): ReadonlyArray<Uint8Array> => {
  const pieces: Array<Uint8Array> = [];
  for (let at = 0; at < bytes.length; at += limit) pieces.push(bytes.subarray(at, at + limit));
  return pieces;
};

/**
 * Where `sections` go beside what the parts hold already (bytes used by part, from the first): a
 * section that no longer fits is left out, since a dry-run of the set gives `applied` again.
 * Answers what each part is given, by section.
 */
export const place = (
  used: ReadonlyArray<number>,
  sections: ReadonlyArray<readonly [Section, Uint8Array]>,
): ReadonlyArray<Partial<{ readonly [name in Section]: Uint8Array }>> => {
  let room = used.map((bytes) => partBytes - bytes);
  let placed: ReadonlyArray<Partial<{ readonly [name in Section]: Uint8Array }>> = used.map(
    () => ({}),
  );
  for (const [section, bytes] of sections) {
    let at = 0;
    const pieces = room.map((free) => {
      const piece = bytes.subarray(at, at + Math.max(0, free));
      at += piece.length;
      return piece;
    });
    if (at < bytes.length) continue;
    room = room.map((free, index) => free - (pieces[index]?.length ?? 0));
    placed = placed.map((given, index) => {
      const piece = pieces[index];
      return piece === undefined || piece.length === 0 ? given : { ...given, [section]: piece };
    });
  }
  return placed;
};

/**
 * The Secrets to delete: every record but the newest `keep`, the current set's and the one in
 * flight. Names of records sort by the deploys' ids within a service.
 */
export const toPrune = (
  secrets: ReadonlyArray<string>,
  options: {
    readonly service: string;
    readonly keep: number;
    readonly current?: DeployId.DeployId | undefined;
    readonly inFlight?: DeployId.DeployId | undefined;
  },
): ReadonlyArray<string> => {
  const records = [...new Set(secrets.map(recordOf))].sort().reverse();
  const kept = new Set(records.slice(0, options.keep));
  for (const id of [options.current, options.inFlight]) {
    if (id !== undefined) kept.add(nameOf(options.service, id));
  }
  return secrets.filter((name) => !kept.has(recordOf(name)));
};
