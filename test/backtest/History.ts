/**
 * A history of deploys as JSON lines: read strictly by line, so that what is broken, in the future,
 * twice the same or out of order is named, and the rest is taken.
 */
import { Timestamp } from "@nopea/domain";
import type { Lesson } from "@nopea/memory";

/** One deploy of a history; times in milliseconds since the epoch. */
export interface Deploy {
  readonly service: string;
  readonly namespace: string;
  readonly at: number;
  readonly change: Lesson.ChangeFacts | undefined;
  readonly together: ReadonlyArray<string>;
  readonly bot: boolean | undefined;
  readonly isRevert: boolean | undefined;
  readonly failed: boolean;
  /** When the outcome was known. */
  readonly revealedAt: number;
}

export interface History {
  /** In order of time. */
  readonly deploys: ReadonlyArray<Deploy>;
  /** `line 12: not JSON`. */
  readonly complaints: ReadonlyArray<string>;
}

const MINUTE = 60_000;
/** After how long a success is taken for one, and a failure whose line doesn't say. */
const KNOWN_AFTER = 60 * MINUTE;

const kinds = ["image", "config", "manifests"] as const;
const semvers = ["major", "minor", "patch", "other", "none"] as const;

/** The history of a text. Lines later than `now` have not happened. */
export const parse = (text: string, now: number): History => {
  const complaints: Array<string> = [];
  const seen = new Set<string>();
  const deploys: Array<Deploy> = [];
  let latest = -Infinity;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const read = deployOf(line);
    const why =
      typeof read === "string"
        ? read
        : read.at > now
          ? "in the future: not taken"
          : seen.has(JSON.stringify(read))
            ? "twice the same: taken once"
            : read.at < latest
              ? "out of order: taken in its place"
              : undefined;
    if (why !== undefined) complaints.push(`line ${index + 1}: ${why}`);
    if (typeof read === "string" || read.at > now || seen.has(JSON.stringify(read))) continue;
    seen.add(JSON.stringify(read));
    latest = Math.max(latest, read.at);
    deploys.push(read);
  }
  // Stable: deploys of one instant stay as they stand in the file.
  return { deploys: deploys.sort((a, b) => a.at - b.at), complaints };
};

/** The deploy of a line, or what is wrong with it. */
const deployOf = (line: string): Deploy | string => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "no JSON object";
  const fields = new Map<string, unknown>(Object.entries(value));
  try {
    const text = (name: string) =>
      demand(name, fields.get(name), (it): it is string => typeof it === "string" && it !== "");
    const flag = (name: string) =>
      optional(name, fields.get(name), (it): it is boolean => typeof it === "boolean");
    const count = (name: string) => optional(name, fields.get(name), isCount);
    const word = <W extends string>(name: string, words: ReadonlyArray<W>) =>
      optional(name, fields.get(name), (it): it is W => words.some((each) => each === it));
    const time = text("time");
    const at = Timestamp.fromRfc3339(time);
    if (at === undefined) throw new BadField(`time is ${JSON.stringify(time)}`);
    const kind = word("change_kind", kinds);
    const outcome = demand("outcome", fields.get("outcome"), isOutcome);
    const after = count("failed_after_min");
    const failed = outcome === "failed";
    const service = text("service");
    const together = optional("co_services", fields.get("co_services"), isNames) ?? [];
    return {
      service,
      namespace: text("namespace"),
      at,
      change: kind && {
        kind,
        semver: word("semver", semvers) ?? "none",
        objects: count("files_changed") ?? 1,
        lines: count("lines_changed") ?? 0,
      },
      together: [...new Set(together)].filter((each) => each !== service).sort(),
      bot: flag("bot"),
      isRevert: flag("is_revert"),
      failed,
      revealedAt: at + (failed && after !== undefined ? after * MINUTE : KNOWN_AFTER),
    };
  } catch (error) {
    if (error instanceof BadField) return error.message;
    throw error;
  }
};

class BadField extends Error {}

const demand = <A>(name: string, value: unknown, is: (value: unknown) => value is A): A => {
  if (value === undefined) throw new BadField(`no ${name}`);
  if (!is(value)) throw new BadField(`${name} is ${JSON.stringify(value)}`);
  return value;
};
const optional = <A>(name: string, value: unknown, is: (value: unknown) => value is A) =>
  value === undefined || value === null ? undefined : demand(name, value, is);

const isCount = (it: unknown): it is number =>
  typeof it === "number" && Number.isFinite(it) && it >= 0;
const isOutcome = (it: unknown): it is "ok" | "failed" => it === "ok" || it === "failed";
const isNames = (it: unknown): it is ReadonlyArray<string> =>
  Array.isArray(it) && it.every((each) => typeof each === "string" && each !== "");
