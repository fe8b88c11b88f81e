/** How a change is rolled out, and how that was chosen. */
import { Schema } from "effect";
import { optional } from "./Wire.js";

export const Strategy = Schema.Literal("direct", "canary", "blue_green").annotations({
  identifier: "Strategy",
});
export type Strategy = typeof Strategy.Type;

/** `blue-green` is accepted as a spelling of `blue_green`. */
export const fromText = (text: string): Strategy | undefined => {
  const word = text === "blue-green" ? "blue_green" : text;
  return Schema.is(Strategy)(word) ? word : undefined;
};

/** What decided: the caller, the policy file, what memory learnt, or nothing of these. */
export const Rule = Schema.Literal("asked", "policy", "learnt", "default").annotations({
  identifier: "StrategyRule",
});
export type Rule = typeof Rule.Type;

export const Choice = Schema.Struct({
  rule: Rule,
  /** A sentence with the figures it was chosen by. */
  why: Schema.String,
  /** The risk, 0 to 1, over which a canary is chosen. */
  threshold: Schema.Number,
  /** What the rule wanted, where that was not possible. */
  wanted: optional(Strategy),
}).annotations({ identifier: "StrategyChoice" });
export type Choice = typeof Choice.Type;
