/** How a change is rolled out. */
import { Schema } from "effect";

export const Strategy = Schema.Literal("direct", "canary", "blue_green").annotations({
  identifier: "Strategy",
});
export type Strategy = typeof Strategy.Type;

/** `blue-green` is accepted as a spelling of `blue_green`. */
export const fromText = (text: string): Strategy | undefined => {
  const word = text === "blue-green" ? "blue_green" : text;
  return Schema.is(Strategy)(word) ? word : undefined;
};
