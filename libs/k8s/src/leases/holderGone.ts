/** Whether a holder's process has ended, where that can be known from here: same host, boot and pid namespace. */
import { Effect, Option } from "effect";
import type { ProcessIdentity } from "./ProcessIdentity.js";
import * as Rules from "./leaseRules.js";

export const holderGone = (
  { self, startOf }: typeof ProcessIdentity.Service,
  identity: string,
): Effect.Effect<boolean> => {
  const holder = Rules.holderOf(identity);
  if (holder === undefined || !Rules.seesPidsOf(self, holder)) return Effect.succeed(false);
  // A pid that was given to another process since has another start.
  return startOf(holder.pid).pipe(Effect.map((start) => !Option.contains(start, holder.start)));
};
