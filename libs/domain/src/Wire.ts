/**
 * The two shapes a field can have on the wire. In code names are camelCase, on the wire
 * snake_case; a schema says both names once and `Schema` does the translation.
 */
import { Schema } from "effect";

/** A required field whose name on the wire is `name`. */
export const key = <A, I, R, Name extends string>(schema: Schema.Schema<A, I, R>, name: Name) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(name));

/** A field that may be absent, whose name on the wire is `name`. */
export const optionalKey = <A, I, R, Name extends string>(
  schema: Schema.Schema<A, I, R>,
  name: Name,
) => Schema.optionalWith(schema, { exact: true }).pipe(Schema.fromKey(name));

/** A field that may be absent and is called the same in code and on the wire. */
export const optional = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.optionalWith(schema, { exact: true });
