/** The figures a deploy goes by, with their defaults; whoever assembles the layers may give others. */
import type { Reason } from "@nopea/domain";
import type { Waiter } from "@nopea/k8s";
import { Context } from "effect";

export interface Values {
  /** How many deploys of one service may wait behind the one that has its turn. */
  readonly queueLimit: number;
  /** After a crash of the deploy before, in milliseconds. */
  readonly cooldownMs: number;
  /** How many records of earlier deploys are kept, beside the current one. */
  readonly keepRecords: number;
  /** Objects sent at once. */
  readonly concurrency: number;
  /** Windows that differ from the reasons' defaults, in milliseconds. */
  readonly windows: Readonly<Partial<Record<Reason.Reason, number>>>;
  /** restartCount at which a crash loop is terminal; 2 = the third run that failed. */
  readonly crashLoopRestarts: number;
  /** How long what is being sent may still take once a deploy is to stop, in milliseconds. */
  readonly stopMs: number;
}

export const defaults: Values = {
  queueLimit: 10,
  cooldownMs: 2_000,
  keepRecords: 10,
  concurrency: 64,
  windows: {},
  crashLoopRestarts: 2,
  stopMs: 10_000,
};

export class Settings extends Context.Reference<Settings>()("@nopea/deploy/Settings", {
  defaultValue: (): Values => defaults,
}) {}

export const waitSettings = (
  values: Values,
  limits: { readonly timeoutMs: number; readonly deadlineMs: number },
): Waiter.WaitSettings => ({
  ...limits,
  windows: values.windows,
  crashLoopRestarts: values.crashLoopRestarts,
});
