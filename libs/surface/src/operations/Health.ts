/** Whether nopea can work here: the cluster, what this account may do in it, and the store. */
import { BadInput, type KubeObject, Service, Wire } from "@nopea/domain";
import { Effect, Option, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Restorations from "../Restorations.js";
import { type ClusterService, Session } from "../Session.js";

export const input = Schema.Struct({
  namespace: Wire.optional(Service.Namespace),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "HealthInput" });
export type Input = typeof input.Type;

export const ClusterHealth = Schema.Struct({
  reachable: Schema.Boolean,
  server: Wire.optional(Schema.String),
  context: Wire.optional(Schema.String),
  /** The API server's: `v1.37.2`. */
  version: Wire.optional(Schema.String),
  /** Verbs on resources that this account lacks in the namespace: `patch deployments.apps`. */
  lacking: Schema.Array(Schema.String),
  /** Why it can't be reached. */
  message: Wire.optional(Schema.String),
}).annotations({ identifier: "ClusterHealth" });

export const StoreHealth = Schema.Struct({
  available: Schema.Boolean,
  path: Schema.String,
  message: Wire.optional(Schema.String),
}).annotations({ identifier: "StoreHealth" });

export const output = Schema.Struct({
  status: Schema.Literal("ok", "degraded"),
  version: Schema.String,
  namespace: Service.Namespace,
  cluster: ClusterHealth,
  store: StoreHealth,
  degraded: Reach.fields.degraded,
  warnings: Reach.fields.warnings,
}).annotations({ identifier: "HealthResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"health", Input, Output, BadInput, "once"> = {
  name: "health",
  summary: "Say whether nopea can reach the cluster and its memory, and what it may do there",
  impact: "read",
  scope: "instance",
  input,
  output,
  failure: BadInput,
  answer: "once",
};

/** What a deploy of the usual kinds asks of the cluster; docs/permissions.md says what for. */
const NEEDED: ReadonlyArray<readonly [verb: string, group: string, resource: string]> = [
  ...["get", "list", "create", "update"].map((verb) => [verb, "", "configmaps"] as const),
  ...["get", "create", "update", "delete"].map((verb) => [verb, "", "secrets"] as const),
  ...["get", "create", "update"].map((verb) => [verb, "coordination.k8s.io", "leases"] as const),
  ...["get", "list", "watch"].map((verb) => [verb, "", "pods"] as const),
  ["get", "", "pods/log"],
  ["list", "", "events"],
  ...["get", "list", "watch", "create", "patch"].map(
    (verb) => [verb, "apps", "deployments"] as const,
  ),
  ...["get", "list", "watch"].map((verb) => [verb, "apps", "replicasets"] as const),
  ...["get", "create", "patch"].map((verb) => [verb, "", "services"] as const),
];

const named = (verb: string, group: string, resource: string): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

const review = (
  namespace: string,
  verb: string,
  group: string,
  resource: string,
): KubeObject.KubeObject => {
  const [name, subresource] = resource.split("/");
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: {},
    spec: {
      resourceAttributes: {
        namespace,
        verb,
        group,
        resource: name,
        ...(subresource === undefined ? {} : { subresource }),
      },
    },
  };
};

/** Asked of the API server itself; what it does not answer is not held against the account. */
const lackingIn = (cluster: ClusterService, namespace: string) =>
  Effect.map(
    Effect.forEach(
      NEEDED,
      ([verb, group, resource]) =>
        cluster.create(review(namespace, verb, group, resource), { fieldManager: "nopea" }).pipe(
          Effect.map((answer) => {
            const { status } = answer as { readonly status?: { readonly allowed?: boolean } };
            return status?.allowed === false ? [named(verb, group, resource)] : [];
          }),
          Effect.catchTag("ApiFailure", () => Effect.succeed([])),
        ),
      { concurrency: 8 },
    ),
    (answers) => answers.flat(),
  );

/** Not held against anyone either. */
const versionOf = (cluster: ClusterService) =>
  cluster.version.pipe(
    Effect.map((version) => ({ version })),
    Effect.catchTag("ApiFailure", () => Effect.succeed({})),
  );

const clusterHealth = (namespace: string) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const cluster = yield* session.connect;
    const facts = { server: cluster.server, context: cluster.contextName };
    return yield* cluster.resources.pipe(
      Effect.zipRight(
        Effect.all([versionOf(cluster), lackingIn(cluster, namespace)], {
          concurrency: "unbounded",
        }),
      ),
      Effect.map(([version, lacking]) => ({ reachable: true, ...facts, ...version, lacking })),
      Effect.catchTags({
        ClusterUnreachable: ({ message }) =>
          Effect.succeed({ reachable: false, ...facts, lacking: [], message }),
        // It answers, though not what was asked.
        ApiFailure: ({ message }) =>
          Effect.succeed({ reachable: true, ...facts, lacking: [], message }),
      }),
    );
  }).pipe(
    Effect.catchTag("ClusterUnreachable", ({ message }) =>
      Effect.succeed({ reachable: false, lacking: [], message }),
    ),
  );

const notAsked = Effect.gen(function* () {
  const { described } = yield* Session;
  return Option.match(yield* described, {
    onNone: () => ({ reachable: false, lacking: [], message: "not asked" }),
    onSome: ({ server, contextName }) => ({
      reachable: false,
      server,
      context: contextName,
      lacking: [],
      message: "not asked",
    }),
  });
});

const storeHealth = Effect.gen(function* () {
  const { store } = yield* Session;
  return yield* store.health.pipe(
    Effect.map(({ writable }) => ({
      available: writable,
      path: store.path,
      ...(writable ? {} : { message: `${store.path} can only be read` }),
    })),
    Effect.catchTag("StoreUnavailable", ({ message }) =>
      Effect.succeed({ available: false, path: store.path, message }),
    ),
  );
});

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = yield* session.namespace(asked.namespace);
    const restored = yield* Restorations.watch;
    const [cluster, store] = yield* Effect.all(
      [asked.offline === true ? notAsked : clusterHealth(namespace), storeHealth],
      { concurrency: "unbounded" },
    );
    const isReached = cluster.reachable || asked.offline === true;
    const isWell = store.available && (yield* restored).length === 0;
    return {
      status: isReached && isWell && cluster.lacking.length === 0 ? "ok" : "degraded",
      version: session.version,
      namespace,
      cluster,
      store,
      degraded: store.available ? [] : ["memory"],
      warnings: [],
    };
  });
