/** The API's verbs over one transport: what `Cluster` promises, verb by verb. */
import { Evidence, type BadInput, type KubeObject, type Service } from "@nopea/domain";
import { Effect, Option, type Scope } from "effect";
import { isDeepStrictEqual } from "node:util";
import type { ApiResource } from "./ApiResource.js";
import type { Cluster, Collection, ListAnswer } from "./Cluster.js";
import { ApiFailure, type ClusterFailure } from "./ClusterError.js";
import type { About } from "./apiFailure.js";
import { call, json, toFailure, type Call } from "./calls.js";
import { missing } from "./classify.js";
import * as Discovery from "./discovery.js";
import type { Target } from "./kubeconfig.js";
import * as Files from "./kubeconfigFiles.js";
import * as Transport from "./transport.js";
import { watchCollection } from "./watchCollection.js";

const PAGE = 500;
/** A list whose pages keep expiring is read in one go in the end. */
const LIST_TRIES = 3;
const LOG_BYTES = 2 * 1024 * 1024;

const JSON_TYPE = "application/json";
const APPLY_TYPE = "application/apply-patch+yaml";
const METADATA_LIST =
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const queryText = (query: Query): string => {
  let text = "";
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "" || value === false) continue;
    text += `${text === "" ? "?" : "&"}${name}=${encodeURIComponent(String(value))}`;
  }
  return text;
};

const collectionPath = (resource: ApiResource, namespace: string | undefined): string => {
  const root = resource.apiVersion.includes("/") ? "/apis" : "/api";
  const place =
    resource.namespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  return `${root}/${resource.apiVersion}${place}/${resource.name}`;
};

const objectPath = (resource: ApiResource, ref: KubeObject.ObjectRef): string =>
  `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;

const aboutObject = (verb: About["verb"], ref: KubeObject.ObjectRef): About => ({
  verb,
  apiVersion: ref.apiVersion,
  kind: ref.kind,
  namespace: ref.namespace,
  name: ref.name,
});

/** Kubernetes would answer that it does not know the kind. */
const placeless = (verb: string, ref: KubeObject.ObjectRef): ApiFailure =>
  new ApiFailure({
    message: `${ref.kind}/${ref.name} needs a namespace.`,
    reason: "invalid_object",
    object: ref,
    status: 400,
    statusReason: "BadRequest",
    verb,
    causes: [],
  });

const refOf = (object: KubeObject.KubeObject): KubeObject.ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name ?? "",
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether `live` says all that `sent` says: then it is the write that we got no answer to. */
const contains = (live: unknown, sent: unknown): boolean =>
  isRecord(sent)
    ? isRecord(live) && Object.entries(sent).every(([key, value]) => contains(live[key], value))
    : isDeepStrictEqual(live, sent);

const withoutVersion = (object: KubeObject.KubeObject): KubeObject.KubeObject => {
  const { resourceVersion: _, managedFields: __, ...metadata } = object.metadata;
  return { ...object, metadata };
};

/** Lists leave `apiVersion` and `kind` out of their items. */
const item =
  ({ apiVersion, kind }: Collection) =>
  (value: unknown): KubeObject.KubeObject =>
    ({ ...(value as KubeObject.KubeObject), apiVersion, kind }) as KubeObject.KubeObject;

const comparesVersion = (body: unknown): boolean =>
  JSON.stringify(body).includes("resourceVersion");

export const make = Effect.fnUntraced(function* (
  target: Target,
): Effect.fn.Return<typeof Cluster.Service, BadInput, Scope.Scope> {
  const ca = yield* Files.certificateAuthority(target);
  const transport = yield* Transport.make(target, ca);

  /** One request whose answer is JSON. */
  const ask = <A = KubeObject.KubeObject>(one: Call): Effect.Effect<A, ClusterFailure> =>
    call(transport, one).pipe(
      Effect.mapError(toFailure(one.about)),
      Effect.flatMap(({ text }) => json(target.server, text)),
      Effect.map((value) => value as A),
    );

  const discovery = yield* Discovery.make((path, accept) =>
    ask<unknown>({
      request: { method: "GET", path, accept },
      about: { verb: "get", apiVersion: "discovery", kind: path },
      repeatable: true,
    }),
  );
  const resourceOf = (one: { readonly apiVersion: string; readonly kind: string }) =>
    discovery.resource(one.apiVersion, one.kind);
  const placed = (verb: About["verb"], ref: KubeObject.ObjectRef) =>
    Effect.flatMap(resourceOf(ref), (resource) =>
      resource.namespaced && (ref.namespace ?? "") === ""
        ? Effect.fail(placeless(verb, ref))
        : Effect.succeed(resource),
    );

  const get = (
    ref: KubeObject.ObjectRef,
  ): Effect.Effect<Option.Option<KubeObject.KubeObject>, ClusterFailure> =>
    Effect.gen(function* () {
      const resource = yield* placed("get", ref);
      const about = aboutObject("get", ref);
      return yield* call(transport, {
        request: { method: "GET", path: objectPath(resource, ref) },
        about,
        repeatable: true,
      }).pipe(
        Effect.flatMap(({ text }) => json(target.server, text)),
        Effect.map((value) => Option.some(value as KubeObject.KubeObject)),
        Effect.catchAll((failure) =>
          "type" in failure && failure.type === "status" && missing(failure.status) === "object"
            ? Effect.succeedNone
            : Effect.fail(toFailure(about)(failure)),
        ),
      );
    });

  /** What is there is what we sent, though no answer said so. */
  const landed = (sent: KubeObject.KubeObject, otherwise: ClusterFailure) =>
    get(refOf(sent)).pipe(
      Effect.flatMap((live) =>
        Option.isSome(live) && contains(live.value, withoutVersion(sent))
          ? Effect.succeed(live.value)
          : Effect.fail(otherwise),
      ),
    );

  const create = (
    object: KubeObject.KubeObject,
    options: { readonly fieldManager: string },
  ): Effect.Effect<KubeObject.KubeObject, ClusterFailure> =>
    Effect.gen(function* () {
      const ref = refOf(object);
      const resource = yield* placed("create", ref);
      const one: Call = {
        request: {
          method: "POST",
          path: collectionPath(resource, ref.namespace) + queryText(options),
          contentType: JSON_TYPE,
          body: JSON.stringify(object),
        },
        about: aboutObject("create", ref),
        repeatable: false,
      };
      const failureOf = toFailure(one.about);
      const attempt = call(transport, one).pipe(
        Effect.flatMap(({ text }) => json(target.server, text)),
        Effect.map((value) => value as KubeObject.KubeObject),
      );
      return yield* attempt.pipe(
        Effect.catchAll((failure) => {
          if (!("type" in failure) || ref.name === "") return Effect.fail(failureOf(failure));
          if (failure.type === "status") {
            // `AlreadyExists` after a try of ours that got no answer.
            return failure.status.code === 409 && failure.maybeDone
              ? landed(object, failureOf(failure))
              : Effect.fail(failureOf(failure));
          }
          if (failure.error.kind !== "broken") return Effect.fail(failureOf(failure));
          // Cut off half-way: created or not? Only a look tells; a second try finds what the first made.
          return get(ref).pipe(
            Effect.flatMap((live) =>
              Option.isNone(live)
                ? attempt.pipe(Effect.mapError(failureOf))
                : Effect.fail(failureOf(failure)),
            ),
            Effect.catchAll((error) => landed(object, error)),
          );
        }),
      );
    });

  const replace = (
    object: KubeObject.KubeObject,
    options: { readonly fieldManager: string },
  ): Effect.Effect<KubeObject.KubeObject, ClusterFailure> =>
    Effect.gen(function* () {
      const ref = refOf(object);
      const resource = yield* placed("replace", ref);
      const about = aboutObject("replace", ref);
      return yield* call(transport, {
        request: {
          method: "PUT",
          path: objectPath(resource, ref) + queryText(options),
          contentType: JSON_TYPE,
          body: JSON.stringify(object),
        },
        about,
        repeatable: object.metadata.resourceVersion !== undefined,
      }).pipe(
        Effect.flatMap(({ text }) => json(target.server, text)),
        Effect.map((value) => value as KubeObject.KubeObject),
        Effect.catchAll((failure) => {
          const error = toFailure(about)(failure);
          // A conflict with our own earlier try, whose answer was lost, is a success.
          return "type" in failure &&
            failure.type === "status" &&
            failure.status.code === 409 &&
            failure.maybeDone
            ? landed(object, error)
            : Effect.fail(error);
        }),
      );
    });

  const list = (
    collection: Collection,
    { accept = JSON_TYPE, patient = true } = {},
  ): Effect.Effect<ListAnswer, ClusterFailure> =>
    Effect.gen(function* () {
      const resource = yield* resourceOf(collection);
      const path = collectionPath(resource, collection.namespace);
      const about: About = {
        verb: "list",
        apiVersion: collection.apiVersion,
        kind: collection.kind,
        namespace: collection.namespace,
      };
      interface Page {
        readonly items?: ReadonlyArray<unknown> | null;
        readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
      }
      const page = (next: string | undefined, limit: number | undefined) =>
        ask<Page>({
          request: {
            method: "GET",
            path:
              path +
              queryText({
                labelSelector: collection.labelSelector,
                fieldSelector: collection.fieldSelector,
                limit,
                continue: next,
              }),
            accept,
          },
          about,
          repeatable: true,
          patient,
        });
      for (let tries = 1; ; tries += 1) {
        const items: Array<KubeObject.KubeObject> = [];
        const limit = tries < LIST_TRIES ? PAGE : undefined;
        let next: string | undefined;
        let expired = false;
        do {
          const answer = yield* page(next, limit).pipe(
            Effect.asSome,
            // The snapshot behind `continue` is gone: from the start.
            Effect.catchIf(
              (error) => error._tag === "ApiFailure" && error.status === 410 && tries < LIST_TRIES,
              () => Effect.succeedNone,
            ),
          );
          if (Option.isNone(answer)) {
            expired = true;
            break;
          }
          const { metadata } = answer.value;
          for (const value of answer.value.items ?? []) items.push(item(collection)(value));
          next = metadata?.continue || undefined;
          if (next === undefined) {
            return { items, resourceVersion: metadata?.resourceVersion ?? "" };
          }
        } while (!expired);
      }
    });

  const readId = get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" }).pipe(
    Effect.map(Option.flatMapNullable((namespace) => namespace.metadata.uid)),
    Effect.map(Option.map((uid) => uid as Service.ClusterId)),
    Effect.catchIf(
      (error) => error._tag === "ApiFailure" && error.reason === "forbidden",
      () => Effect.succeedNone,
    ),
  );
  const reading = yield* Effect.makeSemaphore(1);
  let id: Option.Option<Service.ClusterId> | undefined;

  return {
    server: target.server,
    contextName: target.contextName,
    namespace: Option.fromNullable(target.namespace),
    fallbackId: Files.fallbackId(target, ca) as Service.ClusterId,
    // A failure is not kept: the next one asks again.
    id: Effect.suspend(() =>
      id !== undefined
        ? Effect.succeed(id)
        : readId.pipe(Effect.tap((found) => Effect.sync(() => (id = found)))),
    ).pipe(reading.withPermits(1), Effect.withSpan("Cluster.id")),
    version: ask<{ readonly gitVersion?: string }>({
      request: { method: "GET", path: "/version" },
      about: { verb: "get", apiVersion: "version", kind: "/version" },
      repeatable: true,
    }).pipe(
      Effect.map(({ gitVersion }) => gitVersion ?? "unknown"),
      Effect.withSpan("Cluster.version"),
    ),
    clockSkewMs: transport.clockSkewMs,
    resource: discovery.resource,
    resources: discovery.resources,
    // What a deploy asks object by object has no span of its own: one costs as much as the request.
    get,
    list: Effect.fn("Cluster.list")((collection: Collection) => list(collection)),
    listMetadata: Effect.fn("Cluster.listMetadata")((collection: Collection) =>
      list(collection, { accept: METADATA_LIST }),
    ),
    create: Effect.fn("Cluster.create")(create),
    replace: Effect.fn("Cluster.replace")(replace),
    apply: (object, options) => {
      const ref = refOf(object);
      return Effect.flatMap(placed("apply", ref), (resource) =>
        ask({
          request: {
            method: "PATCH",
            path:
              objectPath(resource, ref) +
              queryText({
                fieldManager: options.fieldManager,
                force: options.force,
                dryRun: options.dryRun === true ? "All" : undefined,
                // What is applied was asked about in a dry-run, which refuses what is unknown.
                fieldValidation: options.dryRun === true ? "Strict" : "Ignore",
              }),
            contentType: APPLY_TYPE,
            body: JSON.stringify(object),
          },
          about: aboutObject("apply", ref),
          repeatable: true,
          onWarning: options.onWarning,
          racing:
            object.metadata.resourceVersion === undefined && object.metadata.uid === undefined,
        }),
      );
    },
    patch: Effect.fn("Cluster.patch")(function* (ref, patch) {
      const resource = yield* placed("patch", ref);
      const subresource = patch.subresource === undefined ? "" : `/${patch.subresource}`;
      return yield* ask({
        request: {
          method: "PATCH",
          path:
            objectPath(resource, ref) +
            subresource +
            queryText({
              fieldManager: patch.fieldManager,
              dryRun: patch.dryRun === true ? "All" : undefined,
            }),
          contentType: `application/${patch.type === "json" ? "json-patch" : "merge-patch"}+json`,
          body: JSON.stringify(patch.body),
        },
        about: aboutObject("patch", ref),
        repeatable: patch.type === "merge" || comparesVersion(patch.body),
      });
    }),
    remove: Effect.fn("Cluster.remove")(function* (ref, options) {
      const resource = yield* placed("delete", ref);
      const about = aboutObject("delete", ref);
      return yield* call(transport, {
        request: {
          method: "DELETE",
          path: objectPath(resource, ref),
          contentType: JSON_TYPE,
          body: JSON.stringify({
            kind: "DeleteOptions",
            apiVersion: "v1",
            propagationPolicy: options?.propagation ?? "Background",
            ...(ref.uid === undefined ? {} : { preconditions: { uid: ref.uid } }),
            ...(options?.dryRun === true ? { dryRun: ["All"] } : {}),
          }),
        },
        about,
        repeatable: true,
      }).pipe(
        Effect.as(true),
        Effect.catchAll((failure) => {
          if ("type" in failure && failure.type === "status") {
            const { status } = failure;
            // Gone since our own try was cut off: that try did it.
            if (missing(status) === "object") return Effect.succeed(failure.maybeDone);
            // Another object has that name by now: the one that was meant is gone.
            if (status.code === 409 && ref.uid !== undefined && /UID in/.test(status.message)) {
              return Effect.succeed(false);
            }
          }
          return Effect.fail(toFailure(about)(failure));
        }),
      );
    }),
    watch: (collection) =>
      watchCollection(
        {
          transport,
          resourceOf,
          list: (one) => list(one, { patient: false }),
          path: (resource, { namespace, labelSelector, fieldSelector }, query) =>
            collectionPath(resource, namespace) +
            queryText({ ...query, labelSelector, fieldSelector }),
        },
        collection,
      ),
    logs: Effect.fn("Cluster.logs")(function* (pod, options) {
      const ref = { ...pod, apiVersion: "v1", kind: "Pod" };
      const resource = yield* placed("logs", ref);
      const about = aboutObject("logs", ref);
      const { text } = yield* call(transport, {
        request: {
          method: "GET",
          path:
            `${objectPath(resource, ref)}/log` +
            queryText({
              container: options.container,
              previous: options.previous,
              tailLines: options.tailLines,
              limitBytes: LOG_BYTES,
            }),
          accept: "*/*",
        },
        about,
        repeatable: true,
      }).pipe(Effect.mapError(toFailure(about)));
      const lines = text.split(/\r?\n/).map((line) => Evidence.clean(line));
      return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
    }),
  };
});
