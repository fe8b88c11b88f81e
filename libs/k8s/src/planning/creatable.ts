/**
 * New objects that the API server is known to take as they are sent. ConfigMaps and Secrets come
 * by the hundred and their rules fit on a page: where nothing else has a say in them, the answer
 * of one dry-run and these rules tell what a dry-run of each would.
 */
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { Admission } from "./admission.js";
import type { ApiResource } from "../connection/ApiResource.js";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterUnreachable } from "../connection/ClusterError.js";
import { at, isMapping, type Json } from "../fields/jsonPath.js";

/** Kubernetes' validation of qualified names, label values, ConfigMap keys and annotations (apimachinery's `validation`). */
const QUALIFIED =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?=[^/]{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?=.{0,63}$)(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const DATA_KEY = /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/;
const MAX_ANNOTATIONS = 256 * 1024;
/** As the API server writes it: the bits that are not used are 0. */
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** An apply is read as YAML, which has no such characters, or takes them for the end of a line. */
const NOT_IN_YAML = /[\u007f-\u009f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/;

const isText = (value: unknown): boolean => typeof value === "string" && !NOT_IN_YAML.test(value);

const isBase64 = (value: unknown): boolean => typeof value === "string" && BASE64.test(value);

const isLabel = (value: unknown): boolean => typeof value === "string" && LABEL_VALUE.test(value);

/** A map, if any, of which each key and each value holds. */
const isMapOf = (map: unknown, key: RegExp, holds: (value: unknown) => boolean): boolean =>
  map === undefined ||
  (isMapping(map) && Object.entries(map).every(([name, value]) => key.test(name) && holds(value)));

const hasOnly = (value: Json, ...fields: ReadonlyArray<string>): boolean =>
  Object.keys(value).every((field) => fields.includes(field));

const bytesOf = (map: unknown): number =>
  isMapping(map)
    ? Object.entries(map).reduce((sum, each) => sum + Buffer.byteLength(each.join("")), 0)
    : 0;

const isPlainMetadata = (metadata: Json): boolean =>
  hasOnly(metadata, "name", "namespace", "labels", "annotations") &&
  isMapOf(metadata["labels"], QUALIFIED, isLabel) &&
  isMapOf(metadata["annotations"], QUALIFIED, isText) &&
  bytesOf(metadata["annotations"]) <= MAX_ANNOTATIONS;

const isPlain = (object: Json, type: ReadonlyArray<unknown>, holds: (value: unknown) => boolean) =>
  hasOnly(object, "apiVersion", "kind", "metadata", "data", "immutable", "type") &&
  type.includes(object["type"]) &&
  [undefined, true, false].includes(object["immutable"] as boolean | undefined) &&
  isMapOf(object["data"], DATA_KEY, holds);

/** By kind, what is certain to be valid. Names and sizes were looked at when the set was read. */
const KINDS: ReadonlyMap<string, (object: Json) => boolean> = new Map([
  ["v1/ConfigMap", (object) => isPlain(object, [undefined], isText)],
  ["v1/Secret", (object) => isPlain(object, [undefined, "Opaque"], isBase64)],
]);

/** Whether an object breaks no rule of its kind; false also of kinds whose rules only the API server knows. */
export const isValid = (object: KubeObject.KubeObject): boolean =>
  KINDS.get(`${object.apiVersion}/${object.kind}`)?.(object as unknown as Json) === true &&
  isPlainMetadata(object.metadata as unknown as Json);

/** May this account do it to any object of the kind, whatever its name? */
const may = (
  cluster: typeof Cluster.Service,
  verb: "create" | "patch",
  resource: ApiResource,
  namespace: string,
) =>
  cluster
    .create(
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        metadata: {},
        spec: { resourceAttributes: { verb, namespace, resource: resource.name } },
      },
      { fieldManager: "nopea" },
    )
    .pipe(Effect.map((review) => at(review, "status", "allowed") === true));

/**
 * Whether valid objects of the kind of `sample` are created in its namespace as they are sent: the
 * sample's dry-run passes, no webhook and no admission policy meets the kind, no quota counts it,
 * and the account may create it under any name. False too where that can't be seen.
 */
export const areCreatable = (
  cluster: typeof Cluster.Service,
  admission: Admission,
  resource: ApiResource,
  sample: KubeObject.KubeObject,
  fieldManager: string,
): Effect.Effect<boolean, ClusterUnreachable> => {
  const namespace = sample.metadata.namespace ?? "";
  return admission.meets(resource)
    ? Effect.succeed(false)
    : Effect.all(
        [
          cluster.apply(sample, { fieldManager, dryRun: true }).pipe(Effect.as(true)),
          cluster
            .list({ apiVersion: "v1", kind: "ResourceQuota", namespace })
            .pipe(Effect.map(({ items }) => items.length === 0)),
          may(cluster, "create", resource, namespace),
          may(cluster, "patch", resource, namespace),
        ],
        { concurrency: "unbounded" },
      ).pipe(
        Effect.map((all) => all.every(Boolean)),
        Effect.catchTag("ApiFailure", () => Effect.succeed(false)),
      );
};
