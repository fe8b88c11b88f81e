/**
 * What nopea last applied, object by object: each answer of the API server cut down to the fields
 * that nopea manages. The cluster's records have it whole; the store has it with every Secret's
 * value as a digest, for whoever may not read the records.
 */
import { type DeployId, KubeObject, type Service } from "@nopea/domain";
import { type Cluster, type ClusterError, FieldSet } from "@nopea/k8s";
import type { Deploys, SecretDigest, StoreError } from "@nopea/store";
import { Effect, Option } from "effect";
import { isDenied } from "./internal/failures.js";
import type * as Ledger from "./Ledger.js";
import { fieldManager, type Place, type Stored } from "./Ledgers.js";
import * as Record from "./Record.js";
import * as Records from "./Records.js";

type ClusterService = typeof Cluster.Cluster.Service;

const cutDown = (object: KubeObject.KubeObject): KubeObject.KubeObject =>
  FieldSet.cutDown(object, fieldManager);

/** One object as it was applied: which it is (with its uid), and what of it is nopea's. */
export interface Entry {
  readonly ref: KubeObject.ObjectRef;
  readonly object: KubeObject.KubeObject;
}

export const entryOf = (response: KubeObject.KubeObject): Entry => ({
  ref: KubeObject.refOf(response),
  object: cutDown(response),
});

export type ByKey = ReadonlyMap<string, KubeObject.KubeObject>;

export const byKey = (objects: ReadonlyArray<KubeObject.KubeObject>): ByKey =>
  new Map(objects.map((object) => [KubeObject.refKey(KubeObject.refOf(object)), object]));

/**
 * The deploys whose records say what was applied last: the current set's, and whatever was
 * applied over it since, oldest first.
 */
export const layersOf = (ledger: Ledger.Ledger): ReadonlyArray<DeployId.DeployId> => {
  const at = ledger.outcomes.findIndex((entry) => entry.id === ledger.current);
  const newer = ledger.outcomes.slice(0, at === -1 ? ledger.outcomes.length : at + 1);
  return newer.map((entry) => entry.id).reverse();
};

/** From the records that the ledger names; those that are gone are left out. */
export const fromRecords = Effect.fn("LastApplied.fromRecords")(function* (
  cluster: ClusterService,
  place: Place,
  ledger: Ledger.Ledger,
) {
  const found = yield* Effect.forEach(
    layersOf(ledger).filter((id) => Records.partsOf(place.service, id, ledger.records) > 0),
    (id) =>
      Records.read(
        cluster,
        place,
        {
          name: Record.nameOf(place.service, id),
          parts: Records.partsOf(place.service, id, ledger.records),
        },
        ["applied"],
      ),
    { concurrency: 4 },
  );
  return byKey(
    found.flatMap(({ applied }) =>
      Option.match(applied, { onNone: () => [], onSome: ({ objects }) => objects }),
    ),
  );
}) satisfies (
  cluster: ClusterService,
  place: Place,
  ledger: Ledger.Ledger,
) => Effect.Effect<ByKey, ClusterError.ClusterFailure>;

/** Every value of a Secret as a digest, under the store's own key; other objects as they are. */
export const digested = (
  digests: typeof SecretDigest.SecretDigest.Service,
  objects: ReadonlyArray<KubeObject.KubeObject>,
): Effect.Effect<ReadonlyArray<Deploys.LastApplied>, StoreError.StoreUnavailable> =>
  Effect.forEach(objects, (object) =>
    Effect.map(withDigests(digests, object), (object) => ({
      key: KubeObject.refKey(KubeObject.refOf(object)),
      object,
    })),
  );

export const withDigests = (
  digests: typeof SecretDigest.SecretDigest.Service,
  object: KubeObject.KubeObject,
): Effect.Effect<KubeObject.KubeObject, StoreError.StoreUnavailable> =>
  object.kind === "Secret" && object.apiVersion === "v1"
    ? Effect.gen(function* () {
        const hidden: { [field: string]: unknown } = {};
        for (const field of ["data", "stringData"]) {
          const values = object[field];
          if (typeof values !== "object" || values === null) continue;
          hidden[field] = yield* Effect.all(
            Object.fromEntries(
              Object.entries(values).map(([key, value]) => [
                key,
                Effect.map(digests.digest(String(value)), (digest) => `hmac-sha256:${digest}`),
              ]),
            ),
          );
        }
        return { ...object, ...hidden };
      })
    : Effect.succeed(object);

/** From the store: what is there of Secrets are digests. Empty where there is no store. */
export const fromStore = (
  deploys: typeof Deploys.Deploys.Service,
  ref: Service.ServiceRef,
): Effect.Effect<ByKey> =>
  deploys.lastApplied(ref).pipe(
    Effect.map(
      (rows): ByKey =>
        new Map(rows.map(({ key, object }) => [key, object as KubeObject.KubeObject])),
    ),
    Effect.orElseSucceed((): ByKey => new Map()),
  );

/** From the records that the ledger names, else (they may not be read, or there is no ledger) `otherwise`. */
export const known = (
  cluster: ClusterService,
  place: Place,
  stored: Option.Option<Stored>,
  otherwise: Effect.Effect<ByKey>,
): Effect.Effect<ByKey, ClusterError.ClusterFailure> =>
  Option.match(stored, {
    onNone: () => otherwise,
    onSome: ({ ledger }) =>
      fromRecords(cluster, place, ledger).pipe(Effect.catchIf(isDenied, () => otherwise)),
  });
