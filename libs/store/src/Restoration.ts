/** A store that could not be read any more, and what took its place. */
import type { Timestamp } from "@nopea/domain";
import { Option } from "effect";

export interface Restoration {
  readonly path: string;
  /** What was wrong with it. */
  readonly why: string;
  /** Where the damaged file is kept; none where there was no file. */
  readonly aside: Option.Option<string>;
  /** None: there was no good one, and the store was begun anew. */
  readonly backup: Option.Option<{
    readonly path: string;
    readonly takenAt: Timestamp.Timestamp;
  }>;
}

/** One sentence for people. */
export const describe = ({ path, why, aside, backup }: Restoration): string => {
  const kept = Option.match(aside, {
    onNone: () => "",
    onSome: (name) => `the damaged file is kept as ${name}, and `,
  });
  const restored = Option.match(backup, {
    onNone: () => "there is no good backup, so memory begins anew",
    onSome: ({ takenAt }) => `memory was restored from the backup of ${takenAt}`,
  });
  return `the store ${path} could not be used: ${why}; ${kept}${restored}; what else the ledgers of a cluster hold is taken in when it is next asked`;
};
