/** What is live of the objects of a set, in as few requests as that takes. */
import { KubeObject } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ApiFailure, ClusterUnreachable } from "../connection/ClusterError.js";
import type { ManifestEntry } from "../documents/ManifestSet.js";

/** From this many objects of a kind in a namespace on, one list costs less than a read of each. */
const LIST_FROM = 21;
/** So many that the API server and etcd have something to put together: each request costs them a sixth less than at 24. */
export const AT_ONCE = 64;

/** `hidden`: this account may not read it, or reading failed in another way that is no absence. */
export type Live =
  | { readonly type: "known"; readonly object: Option.Option<KubeObject.KubeObject> }
  | { readonly type: "hidden"; readonly failure: ApiFailure };

const known = (object: Option.Option<KubeObject.KubeObject>): Live => ({ type: "known", object });

/** By `refKey`. */
export const readLive = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  entries: ReadonlyArray<ManifestEntry>,
): Effect.fn.Return<ReadonlyMap<string, Live>, ClusterUnreachable> {
  const groups = new Map<string, Array<KubeObject.ObjectRef>>();
  for (const { object, resource } of entries) {
    if (Option.isNone(resource)) continue;
    const ref = KubeObject.refOf(object);
    const group = `${ref.apiVersion}/${ref.kind}/${ref.namespace ?? ""}`;
    const refs = groups.get(group);
    if (refs === undefined) groups.set(group, [ref]);
    else refs.push(ref);
  }
  const found = new Map<string, Live>();
  const readOne = (ref: KubeObject.ObjectRef) =>
    cluster.get(ref).pipe(
      Effect.map(known),
      Effect.catchTag("ApiFailure", (failure) =>
        Effect.succeed<Live>(
          failure.status === 404 ? known(Option.none()) : { type: "hidden", failure },
        ),
      ),
      Effect.map((live) => {
        found.set(KubeObject.refKey(ref), live);
      }),
    );
  const [many, few] = [...groups.values()].reduce<
    [Array<ReadonlyArray<KubeObject.ObjectRef>>, Array<KubeObject.ObjectRef>]
  >(
    (parts, refs) => {
      if (refs.length >= LIST_FROM) parts[0].push(refs);
      else parts[1].push(...refs);
      return parts;
    },
    [[], []],
  );
  yield* Effect.forEach(
    many,
    (refs) => {
      const [first] = refs;
      if (first === undefined) return Effect.void;
      const { apiVersion, kind, namespace } = first;
      return cluster.list({ apiVersion, kind, namespace }).pipe(
        Effect.map(({ items }) => {
          const wanted = new Set(refs.map(({ name }) => name));
          const byName = new Map(
            items
              .filter(({ metadata }) => wanted.has(metadata.name ?? ""))
              .map((object) => [object.metadata.name, object]),
          );
          for (const ref of refs) {
            found.set(KubeObject.refKey(ref), known(Option.fromNullable(byName.get(ref.name))));
          }
        }),
        // Whoever may not list may still read one by one.
        Effect.catchTag("ApiFailure", () =>
          Effect.forEach(refs, readOne, { concurrency: AT_ONCE, discard: true }),
        ),
      );
    },
    { concurrency: 4, discard: true },
  );
  yield* Effect.forEach(few, readOne, { concurrency: AT_ONCE, discard: true });
  return found;
});

/** Autoscalers of these namespaces that are live; none where they can't be listed: then managedFields alone say who scales. */
export const readAutoscalers = (
  cluster: typeof Cluster.Service,
  namespaces: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<KubeObject.KubeObject>, ClusterUnreachable> =>
  Effect.forEach(namespaces, (namespace) =>
    cluster.list({ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", namespace }).pipe(
      Effect.map(({ items }) => items),
      Effect.catchTag("ApiFailure", () => Effect.succeed([])),
    ),
  ).pipe(Effect.map((lists) => lists.flat()));
