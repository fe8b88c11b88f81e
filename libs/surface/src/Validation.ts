/** Holding what was asked against an operation's input: the first thing wrong, named by its field. */
import { BadInput } from "@nopea/domain";
import { Effect, ParseResult, Schema } from "effect";
import type * as Operation from "./Operation.js";

interface Named<Value> {
  readonly name: string;
  readonly input: Operation.Of<Value>;
}

const options = { onExcessProperty: "error", errors: "first" } as const;

/** A sentence that names the field. */
const badInput = (name: string, error: ParseResult.ParseError): BadInput => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error);
  const field = issue?.path.map(String).join(".") ?? "";
  const detail = issue?.message ?? error.message;
  const message =
    issue?._tag === "Unexpected"
      ? `${name} takes no "${field}"`
      : issue?._tag === "Missing"
        ? `${name} needs "${field}"`
        : field === "" || detail.includes(field)
          ? detail
          : `${field}: ${detail}`;
  return new BadInput({ message, ...(field === "" ? {} : { field }) });
};

/** From the wire, with the wire's names. */
export const decode = <Value>(
  { name, input }: Named<Value>,
  wire: unknown,
): Effect.Effect<Value, BadInput> =>
  Effect.mapError(Schema.decodeUnknown(input, options)(wire), (error) => badInput(name, error));

/** From a program, with a program's names. */
export const validate = <Value>(
  { name, input }: Named<Value>,
  ask: Operation.Asked<Value>,
): Effect.Effect<Value, BadInput> =>
  Effect.mapError(Schema.validate(input, options)(ask), (error) => badInput(name, error));
