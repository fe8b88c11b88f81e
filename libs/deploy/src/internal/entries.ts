/**
 * The outcomes of a ledger that are plainly what `Ledger.OutcomeEntry` says, read without it: they
 * are 200 a ledger, and a namespace has many ledgers. Whatever is not plain (something is missing,
 * is wrong or is new) is left to the schema, which says what is the matter with it.
 */
import { DeployId, Outcome, Plan, Reason, Strategy, Timestamp, Who } from "@nopea/domain";
import type * as Ledger from "../Ledger.js";

type Check = (value: unknown) => boolean;

const among = ({ literals }: { readonly literals: ReadonlyArray<unknown> }): Check => {
  const known = new Set(literals);
  return (value) => known.has(value);
};
const struct = (fields: Readonly<Record<string, Check>>): Check => {
  const each = Object.entries(fields);
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    each.every(([key, is]) => is((value as Readonly<Record<string, unknown>>)[key]));
};
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

const change = {
  kind: among(Plan.Change.fields.kind),
  semver: among(Plan.Change.fields.semver),
  objects: isCount,
  lines: isCount,
} satisfies Record<keyof typeof Plan.Change.Encoded, Check>;

const who = {
  kind: among(Who.Who.fields.kind),
  name: (value) => typeof value === "string" && value.length <= Who.NAME_LIMIT,
} satisfies Record<keyof typeof Who.Who.Encoded, Check>;

const entry = {
  id: DeployId.is,
  accepted: Timestamp.is,
  ended: Timestamp.is,
  outcome: among(Outcome.Outcome),
  strategy: among(Strategy.Strategy),
  restored: (value) => typeof value === "boolean",
  rollback_of: DeployId.is,
  reason: among(Reason.Reason),
  change: struct(change),
  who: struct(who),
  digest: (value) => typeof value === "string",
} satisfies Record<keyof typeof Ledger.OutcomeEntry.Encoded, Check>;

const checks = new Map<string, Check>(Object.entries(entry));

const needed = ["id", "accepted", "ended", "outcome", "strategy"] as const;

/** Undefined where one of them is not plain. `value` is of JSON. */
export const plain = (value: unknown): ReadonlyArray<Ledger.OutcomeEntry> | undefined => {
  if (!Array.isArray(value)) return undefined;
  const entries: Array<Ledger.OutcomeEntry> = [];
  for (const one of value as ReadonlyArray<unknown>) {
    if (!isPlain(one)) return undefined;
    entries.push(one.rollback_of === undefined ? one : renamed(one));
  }
  return entries;
};

type Plain = Omit<Ledger.OutcomeEntry, "rollbackOf"> & { readonly rollback_of?: DeployId.DeployId };

const renamed = ({ rollback_of: rollbackOf, ...entry }: Plain): Ledger.OutcomeEntry =>
  rollbackOf === undefined ? entry : { ...entry, rollbackOf };

const isPlain = (value: unknown): value is Plain => {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  for (const key in entry) if (checks.get(key)?.(entry[key]) !== true) return false;
  return needed.every((key) => Object.hasOwn(entry, key));
};
