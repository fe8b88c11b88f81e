/**
 * Which kinds a cluster serves: aggregated discovery in two requests, or a request per group where
 * the server is older. Kept for the connection's life; a miss asks once more, however many miss at
 * the same time. Groups whose server does not answer are remembered as silent, not as absent.
 */
import { Effect, Schema } from "effect";
import type { ApiResource } from "./ApiResource.js";
import { ApiFailure, type ClusterFailure } from "./ClusterError.js";
import { builtin, key } from "./builtinResources.js";

const AGGREGATED = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");

const optionalList = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(Schema.Array(item)), { default: () => [] });

const Aggregated = Schema.Struct({
  kind: Schema.Literal("APIGroupDiscoveryList"),
  items: optionalList(
    Schema.Struct({
      metadata: Schema.optional(Schema.Struct({ name: Schema.optional(Schema.String) })),
      versions: optionalList(
        Schema.Struct({
          version: Schema.String,
          freshness: Schema.optional(Schema.String),
          resources: optionalList(
            Schema.Struct({
              resource: Schema.String,
              responseKind: Schema.optional(
                Schema.Struct({
                  group: Schema.optional(Schema.String),
                  version: Schema.optional(Schema.String),
                  kind: Schema.optional(Schema.String),
                }),
              ),
              scope: Schema.String,
              verbs: optionalList(Schema.String),
              shortNames: optionalList(Schema.String),
            }),
          ),
        }),
      ),
    }),
  ),
});

const Groups = Schema.Struct({
  versions: optionalList(Schema.String),
  groups: optionalList(
    Schema.Struct({ versions: optionalList(Schema.Struct({ groupVersion: Schema.String })) }),
  ),
});
const Answer = Schema.Union(Aggregated, Groups);

const ResourceList = Schema.Struct({
  resources: optionalList(
    Schema.Struct({
      name: Schema.String,
      kind: Schema.String,
      namespaced: Schema.Boolean,
      verbs: optionalList(Schema.String),
      shortNames: optionalList(Schema.String),
    }),
  ),
});

/** What one round of asking found. */
interface Found {
  readonly resources: ReadonlyMap<string, ApiResource>;
  /** apiVersions whose server did not answer. */
  readonly silent: ReadonlySet<string>;
}

export interface Discovery {
  readonly resource: (
    apiVersion: string,
    kind: string,
  ) => Effect.Effect<ApiResource, ClusterFailure>;
  readonly resources: Effect.Effect<ReadonlyArray<ApiResource>, ClusterFailure>;
}

/** Reads a path as JSON. */
type Read = (path: string, accept: string) => Effect.Effect<unknown, ClusterFailure>;

const pathOf = (apiVersion: string) => (apiVersion.includes("/") ? "/apis/" : "/api/") + apiVersion;

const fromAggregated = (answer: typeof Aggregated.Type): Found => {
  const versions = (answer.items ?? []).flatMap((group) =>
    (group.versions ?? []).map((version) => ({
      apiVersion: group.metadata?.name
        ? `${group.metadata.name}/${version.version}`
        : version.version,
      ...version,
    })),
  );
  return {
    silent: new Set(
      versions.filter(({ freshness }) => freshness === "Stale").map(({ apiVersion }) => apiVersion),
    ),
    resources: new Map(
      versions.flatMap(({ apiVersion, resources }) =>
        (resources ?? []).flatMap((found) => {
          const kind = found.responseKind?.kind;
          return kind === undefined || kind === ""
            ? []
            : [
                [
                  key(apiVersion, kind),
                  {
                    apiVersion,
                    kind,
                    name: found.resource,
                    namespaced: found.scope === "Namespaced",
                    verbs: found.verbs ?? [],
                    shortNames: found.shortNames ?? [],
                  },
                ] as const,
              ];
        }),
      ),
    ),
  };
};

const none: Found = { resources: new Map(), silent: new Set() };

const union = (parts: ReadonlyArray<Found>): Found => ({
  resources: new Map(parts.flatMap((part) => [...part.resources])),
  silent: new Set(parts.flatMap((part) => [...part.silent])),
});

const strange = (path: string) =>
  new ApiFailure({
    message: `The server answered ${path} with something that is no Kubernetes API.`,
    reason: "api_unavailable",
    status: 200,
    statusReason: "",
    verb: "get",
    causes: [],
  });

const readGroupVersion = (read: Read, apiVersion: string): Effect.Effect<Found, ClusterFailure> =>
  read(pathOf(apiVersion), "application/json").pipe(
    Effect.flatMap((body) =>
      Schema.decodeUnknown(ResourceList)(body).pipe(
        Effect.mapError(() => strange(pathOf(apiVersion))),
      ),
    ),
    Effect.map((list): Found => ({
      silent: new Set(),
      resources: new Map(
        (list.resources ?? [])
          .filter(({ name }) => !name.includes("/"))
          .map((found) => [
            key(apiVersion, found.kind),
            {
              apiVersion,
              kind: found.kind,
              name: found.name,
              namespaced: found.namespaced,
              verbs: found.verbs ?? [],
              shortNames: found.shortNames ?? [],
            },
          ]),
      ),
    })),
    // One aggregated API server that is down must not hide the others.
    Effect.catchTag("ApiFailure", () =>
      Effect.succeed<Found>({ resources: new Map(), silent: new Set([apiVersion]) }),
    ),
  );

const readRoot = (read: Read, path: "/api" | "/apis"): Effect.Effect<Found, ClusterFailure> =>
  Effect.gen(function* () {
    const body = yield* read(path, AGGREGATED);
    const answer = yield* Schema.decodeUnknown(Answer)(body).pipe(
      Effect.mapError(() => strange(path)),
    );
    if ("kind" in answer) return fromAggregated(answer);
    const apiVersions =
      path === "/api"
        ? (answer.versions ?? [])
        : (answer.groups ?? []).flatMap(({ versions }) =>
            (versions ?? []).map(({ groupVersion }) => groupVersion),
          );
    const parts = yield* Effect.forEach(apiVersions, (one) => readGroupVersion(read, one), {
      concurrency: 8,
    });
    return union(parts);
  });

/** Which words help someone who asked for a kind that isn't there. */
const nearest = (found: Found, apiVersion: string, kind: string): string => {
  const all = [...found.resources.values()];
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const elsewhere = all.filter((one) => one.kind === kind).map((one) => one.apiVersion);
  if (elsewhere.length > 0) return `; it has ${kind} in ${elsewhere.slice(0, 4).join(", ")}`;
  const meant = all.find(
    (one) => one.apiVersion === apiVersion && (same(one.kind, kind) || same(one.name, kind)),
  );
  return meant === undefined ? "" : `; did you mean ${meant.kind}?`;
};

const unknownKind = (found: Found, apiVersion: string, kind: string): ApiFailure => {
  const silent = found.silent.has(apiVersion);
  return new ApiFailure({
    message: silent
      ? `The cluster can't say now whether it knows the kind ${kind} of ${apiVersion}: the server behind that API does not answer.`
      : `The cluster does not know the kind ${kind} of ${apiVersion}${nearest(found, apiVersion, kind)}.`.replace(
          "?.",
          "?",
        ),
    reason: silent ? "api_unavailable" : "unknown_kind",
    status: silent ? 503 : 404,
    statusReason: silent ? "ServiceUnavailable" : "NotFound",
    verb: "get",
    causes: [],
    ...(silent ? {} : { missing: "kind" as const }),
  });
};

export const make = (read: Read): Effect.Effect<Discovery> =>
  Effect.gen(function* () {
    const asking = yield* Effect.makeSemaphore(1);
    let known = none;
    let rounds = 0;

    /** Asks, unless another did since `seen`. */
    const ask = (seen: number): Effect.Effect<Found, ClusterFailure> =>
      Effect.suspend(() =>
        rounds > seen
          ? Effect.succeed(known)
          : Effect.all([readRoot(read, "/api"), readRoot(read, "/apis")], { concurrency: 2 }).pipe(
              Effect.map((parts) => {
                rounds += 1;
                known = union(parts);
                return known;
              }),
            ),
      ).pipe(asking.withPermits(1));

    const resource = (
      apiVersion: string,
      kind: string,
    ): Effect.Effect<ApiResource, ClusterFailure> =>
      Effect.suspend(() => {
        const wanted = key(apiVersion, kind);
        const found = builtin.get(wanted) ?? known.resources.get(wanted);
        return found !== undefined
          ? Effect.succeed(found)
          : ask(rounds).pipe(
              Effect.flatMap((fresh) => {
                const second = fresh.resources.get(wanted);
                return second === undefined
                  ? Effect.fail(unknownKind(fresh, apiVersion, kind))
                  : Effect.succeed(second);
              }),
            );
      });

    return {
      resource,
      resources: Effect.suspend(() => (rounds > 0 ? Effect.succeed(known) : ask(0))).pipe(
        Effect.map((found) => [...found.resources.values()]),
      ),
    };
  });
