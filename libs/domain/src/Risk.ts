/**
 * How likely it is that a deploy fails, and why: a calibrated probability whose drivers add up to
 * it in log-odds, so that what is said is what was computed.
 */
import { Schema } from "effect";
import { key } from "./Wire.js";

/** One part of the score; `logOdds` > 0 speaks for failure, < 0 against it. */
export const Driver = Schema.Struct({
  /** What it is about: `base`, `service`, `namespace`, `change`, `pace`, `pattern`, … */
  name: Schema.String,
  /** In words and figures: `3 of the last 8 failed, all crash_loop`. */
  text: Schema.String,
  logOdds: key(Schema.Number, "log_odds"),
}).annotations({ identifier: "RiskDriver" });
export type Driver = typeof Driver.Type;

/** How many outcomes the figures were learnt from. */
export const BasedOn = Schema.Struct({
  service: Schema.NonNegativeInt,
  namespace: Schema.NonNegativeInt,
  cluster: Schema.NonNegativeInt,
}).annotations({ identifier: "RiskBasedOn" });
export type BasedOn = typeof BasedOn.Type;

export const Risk = Schema.Struct({
  /** 0 to 1: of the deploys that are given 0.2, about a fifth fail. */
  probability: Schema.Number.pipe(Schema.between(0, 1)),
  /** `ln(p / (1 - p))` is the sum of their `logOdds`; the largest comes first, `base` last. */
  drivers: Schema.Array(Driver),
  basedOn: key(BasedOn, "based_on"),
}).annotations({ identifier: "Risk" });
export type Risk = typeof Risk.Type;
