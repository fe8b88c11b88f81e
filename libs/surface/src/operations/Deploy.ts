/**
 * Bring a service to a set of documents and wait for the truth. A deploy that ran and failed is a
 * result, recorded as any other; only one that was not begun is an error. (What it would do
 * without doing it is `diff`.)
 */
import { DeployRequest, DeployResult } from "@nopea/domain";
import { Refusal } from "@nopea/deploy";
import { Schema } from "effect";
import * as Operation from "../Operation.js";

/**
 * On the wire documents are sent as they are, and called `manifests[0]` and so on; in a program
 * each says where it was read.
 */
const Documents = Schema.transform(
  Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  Schema.typeSchema(Schema.Array(DeployRequest.ManifestInput)),
  {
    decode: (objects) =>
      objects.map((object, index) => ({ object, source: `manifests[${index}]` }) as never),
    encode: (manifests) => manifests.map(({ object }) => object),
  },
);

const { dryRun: _dryRun, manifests: _manifests, ...fields } = DeployRequest.DeployRequest.fields;

export type Input = Omit<DeployRequest.DeployRequest, "dryRun">;
export const input: Operation.Of<Input> = Schema.Struct({
  ...fields,
  manifests: Documents,
}).annotations({ identifier: "DeployInput" });

export const operation: Operation.Operation<
  "deploy",
  Input,
  DeployResult.DeployResult,
  Refusal.Refusal,
  "stream"
> = {
  name: "deploy",
  summary: "Deploy a service and wait until it is ready, or until the reason why not is known",
  impact: "write",
  scope: "service",
  input,
  output: DeployResult.DeployResult,
  failure: Refusal.Refusal,
  answer: "stream",
};
