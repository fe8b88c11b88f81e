/**
 * Bring a service to a set of documents and wait for the truth. A deploy that ran and failed is a
 * result, recorded as any other; only one that was not begun is an error. (What it would do
 * without doing it is `diff`.)
 */
import { DeployRequest, DeployResult, type KubeObject } from "@nopea/domain";
import { type Deployer, Refusal } from "@nopea/deploy";
import { Effect, Schema, Stream } from "effect";
import * as Caller from "../Caller.js";
import type * as Operation from "../Operation.js";
import { Session } from "../Session.js";

/**
 * On the wire documents are sent as they are, and called `manifests[0]` and so on; in a program
 * each says where it was read.
 */
export const Documents = Schema.transform(
  Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  Schema.typeSchema(Schema.Array(DeployRequest.ManifestInput)),
  {
    decode: (objects) =>
      objects.map((object, index) => ({
        // Whether it is an object of Kubernetes is found out with the set.
        object: object as unknown as KubeObject.KubeObject,
        source: `manifests[${index}]`,
      })),
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

/** What the request leaves open, from the settings and the environment. */
export const resolve = (
  asked: Input,
): Effect.Effect<Deployer.ResolvedRequest, Refusal.Refusal, Session> =>
  Effect.gen(function* () {
    const session = yield* Session;
    const { timeoutMs, deadlineMs, lockTimeoutMs } = session.settings;
    return {
      timeoutMs,
      deadlineMs,
      lockTimeoutMs,
      ...asked,
      namespace: yield* session.namespace(asked.namespace),
      who: asked.who ?? (yield* Caller.fromEnvironment),
      policy: yield* session.policy,
    };
  });

export const handler: Operation.Handler<typeof operation, Session> = (asked, options) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const session = yield* Session;
      const cancel = options.cancel ?? Effect.never;
      const request = yield* resolve(asked);
      const cluster = yield* session.connect;
      const { deployer, intake } = yield* session.engine;
      // Memory is made whole first. What else is wrong with it, or with the ledger, the deploy
      // itself finds out and says; a cluster that does not answer is not asked twice.
      yield* intake.takeIn(cluster, request).pipe(
        Effect.catchAll((failure) =>
          failure._tag === "ClusterUnreachable" ? Effect.fail(failure) : Effect.void,
        ),
        Effect.raceFirst(cancel),
      );
      return deployer.run(cluster, request, { cancel });
    }),
  );
