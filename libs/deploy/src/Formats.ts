/** JSON Schemas (2020-12) of what the cluster keeps, made from the Schemas that read and write it. */
import { JSONSchema, Schema } from "effect";
import { Ledger } from "./Ledger.js";
import { Record } from "./Record.js";

const schemaOf = <A, I>(
  schema: Schema.Schema<A, I>,
  title: string,
  description: string,
): object => {
  const definitions: { [name: string]: JSONSchema.JsonSchema7 } = {};
  const root = JSONSchema.fromAST(Schema.encodedBoundSchema(schema).ast, {
    definitions,
    target: "jsonSchema2020-12",
    topLevelReferenceStrategy: "skip",
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    description,
    ...root,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
};

/** By file name in docs/schema. */
export const all: Readonly<{ [file: string]: object }> = {
  "ledger.v1.json": schemaOf(
    Ledger,
    "nopea ledger, version 1",
    "What the ConfigMap nopea-<service> holds as ledger.json. Where the inventory is gzipped beside it, `inventory` is empty here.",
  ),
  "record.v1.json": schemaOf(
    Record,
    "nopea record, version 1",
    "What the Secrets nopea-<service>-<id>-<n> hold together: each section is one JSON document, gzipped.",
  ),
};
