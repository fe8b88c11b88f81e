/**
 * What an operator lays down in `nopea.yaml` under `policy`, for all, for a namespace, for a
 * service: how to deploy, from which risk on a canary, and when not at all. The more specific
 * strategy and threshold win; freeze windows of all levels hold. Described in docs/policy.md.
 */
import { type Service, Service as Names, Strategy, Wire } from "@nopea/domain";
import { Either, ParseResult, Schema } from "effect";
import * as FreezeWindow from "./FreezeWindow.js";
import * as LocalTime from "./LocalTime.js";

const StrategyText = Schema.transformOrFail(Schema.String, Schema.typeSchema(Strategy.Strategy), {
  strict: true,
  decode: (text, _, ast) => {
    const strategy = Strategy.fromText(text);
    return strategy === undefined
      ? ParseResult.fail(
          new ParseResult.Type(ast, text, `"${text}" is none of direct, canary and blue_green`),
        )
      : ParseResult.succeed(strategy);
  },
  encode: ParseResult.succeed,
});

const rules = {
  strategy: Wire.optional(StrategyText),
  /** The risk, 0 to 1, over which a canary is chosen. */
  threshold: Wire.optional(
    Schema.Number.pipe(Schema.between(0, 1, { message: () => "must be from 0 to 1" })),
  ),
  freeze: Wire.optional(Schema.Array(FreezeWindow.FreezeWindow)),
};
const Rules = Schema.Struct(rules).annotations({ identifier: "PolicyRules" });
type Rules = typeof Rules.Type;

/** `web` of any namespace, or `shop/web`. */
const ServiceKey = Schema.String.pipe(
  Schema.filter((text) => {
    const [first, second = first, ...more] = text.split("/");
    return (
      more.length === 0 && Schema.is(Names.Namespace)(first) && Schema.is(Names.ServiceName)(second)
    );
  }),
);

export const Policy = Schema.Struct({
  ...rules,
  namespaces: Wire.optional(Schema.Record({ key: Names.Namespace, value: Rules })),
  services: Wire.optional(Schema.Record({ key: ServiceKey, value: Rules })),
}).annotations({ identifier: "Policy" });
export type Policy = typeof Policy.Type;

export const empty: Policy = {};

type Place = Pick<Service.ServiceRef, "namespace" | "service">;

interface Level extends Rules {
  readonly path: string;
}

const own = <A>(record: Readonly<Record<string, A>> | undefined, key: string): A | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;

/** What holds for a service, the most specific first. */
const levels = (policy: Policy, { namespace, service }: Place): ReadonlyArray<Level> => {
  const at = (kind: "namespaces" | "services", key: string): ReadonlyArray<Level> => {
    const found = own<Rules>(policy[kind], key);
    return found === undefined ? [] : [{ ...found, path: `policy.${kind}.${key}` }];
  };
  return [
    ...at("services", `${namespace}/${service}`),
    ...at("services", service),
    ...at("namespaces", namespace),
    { ...policy, path: "policy" },
  ];
};

/** A value of the policy and the key that it stands under. */
export interface Found<A> {
  readonly value: A;
  readonly path: string;
}

const mostSpecific =
  <Key extends "strategy" | "threshold">(key: Key) =>
  (policy: Policy, place: Place): Found<NonNullable<Rules[Key]>> | undefined => {
    for (const level of levels(policy, place)) {
      const value = level[key];
      if (value !== undefined) return { value, path: `${level.path}.${key}` };
    }
    return undefined;
  };

export const strategy = mostSpecific("strategy");
export const threshold = mostSpecific("threshold");

/** A freeze window that is open. */
export interface Freeze {
  /** Its name, or when it is. */
  readonly window: string;
  readonly path: string;
  readonly zone: LocalTime.Zone;
  /** In milliseconds since the epoch; Infinity where that is not within a year. */
  readonly until: number;
}

/** Of the windows that are open at `now`, the one that is open longest. */
export const freeze = (policy: Policy, place: Place, now: number): Freeze | undefined => {
  let longest: Freeze | undefined;
  for (const { path, freeze: windows = [] } of levels(policy, place)) {
    for (const [index, window] of windows.entries()) {
      const until = FreezeWindow.openUntil(window, now);
      if (until === undefined || until <= (longest?.until ?? now)) continue;
      longest = {
        window: FreezeWindow.text(window),
        path: `${path}.freeze[${index}]`,
        zone: window.zone,
        until,
      };
    }
  }
  return longest;
};

/** What is wrong with a policy, and under which key: `policy.namespaces.prod.freeze[1].time_zone`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

const pathOf = (keys: ReadonlyArray<PropertyKey>): string =>
  keys.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : `${path}.${String(key)}`),
    "policy",
  );

const overlapIn = ({ path, freeze = [] }: Level, now: number): Problem | undefined => {
  for (const [index, window] of freeze.entries()) {
    for (const [before, other] of freeze.slice(0, index).entries()) {
      const moment = FreezeWindow.overlap(window, other, now);
      if (moment === undefined) continue;
      const when = `${LocalTime.format(moment)} ${window.zone.name}`;
      return {
        path: `${path}.freeze[${index}]`,
        message: `overlaps ${path}.freeze[${before}]: both are open at ${when}`,
      };
    }
  }
  return undefined;
};

const unexpected = ([kind, _, ...deeper]: ReadonlyArray<PropertyKey>): string => {
  if (deeper.length === 0 && kind === "namespaces") return "is no name of a namespace";
  if (deeper.length === 0 && kind === "services") return "is no service: write web, or shop/web";
  return "is no key of a policy";
};

/** Reads what stands under `policy`; `now` is where the year begins in which windows must not overlap. */
export const decode = (value: unknown, now: number): Either.Either<Policy, Problem> =>
  Schema.decodeUnknownEither(Policy, { onExcessProperty: "error" })(value ?? {}).pipe(
    Either.mapLeft((error): Problem => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error);
      const keys = issue?.path ?? [];
      return {
        path: pathOf(keys),
        message:
          issue?._tag === "Unexpected" ? unexpected(keys) : (issue?.message ?? error.message),
      };
    }),
    Either.flatMap((policy) => {
      const inner = (["namespaces", "services"] as const).flatMap((kind) =>
        Object.entries<Rules>(policy[kind] ?? {}).map(([key, rules]) => ({
          ...rules,
          path: `policy.${kind}.${key}`,
        })),
      );
      for (const level of [{ ...policy, path: "policy" }, ...inner]) {
        const problem = overlapIn(level, now);
        if (problem !== undefined) return Either.left(problem);
      }
      return Either.right(policy);
    }),
  );
