/**
 * The outcomes of a ledger that are plainly what `Ledger.OutcomeEntry` says, read without it: they
 * are 200 a ledger, and a namespace has many ledgers. Whatever is not plain (something is missing,
 * is wrong or is new) is left to the schema, which says what is the matter with it.
 */
import { DeployId, Outcome, Plan, Reason, Strategy, Timestamp, Who } from "@nopea/domain";
import { Schema } from "effect";
import type * as Ledger from "../Ledger.js";

const checks = {
  id: Schema.is(DeployId.DeployId),
  accepted: Schema.is(Timestamp.Timestamp),
  ended: Schema.is(Timestamp.Timestamp),
  outcome: Schema.is(Outcome.Outcome),
  strategy: Schema.is(Strategy.Strategy),
  restored: Schema.is(Schema.Boolean),
  rollback_of: Schema.is(DeployId.DeployId),
  reason: Schema.is(Reason.Reason),
  change: Schema.is(Plan.Change),
  who: Schema.is(Who.Who),
  digest: Schema.is(Schema.String),
} satisfies Record<keyof typeof Ledger.OutcomeEntry.Encoded, (value: unknown) => boolean>;

const needed = ["id", "accepted", "ended", "outcome", "strategy"] as const;

/** Undefined where one of them is not plain. `value` is of JSON. */
export const plain = (value: unknown): ReadonlyArray<Ledger.OutcomeEntry> | undefined => {
  if (!Array.isArray(value)) return undefined;
  const entries: Array<Ledger.OutcomeEntry> = [];
  for (const one of value as ReadonlyArray<unknown>) {
    if (!isPlain(one)) return undefined;
    const { rollback_of: rollbackOf, ...entry } = one;
    entries.push(rollbackOf === undefined ? entry : { ...entry, rollbackOf });
  }
  return entries;
};

type Plain = Omit<Ledger.OutcomeEntry, "rollbackOf"> & { readonly rollback_of?: DeployId.DeployId };

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" &&
  value !== null &&
  needed.every((key) => Object.hasOwn(value, key)) &&
  Object.entries(value).every(
    ([key, each]) => Object.hasOwn(checks, key) && checks[key as keyof typeof checks](each),
  );
