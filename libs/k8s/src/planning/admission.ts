/**
 * Whether the API server's admission may answer an apply otherwise than it did the last time:
 * webhooks and policies can change or refuse what is sent, and nobody but they know how.
 */
import { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { ApiResource } from "../connection/ApiResource.js";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterUnreachable } from "../connection/ClusterError.js";
import { at, type Json, listAt, textAt } from "../fields/jsonPath.js";

const GROUP = "admissionregistration.k8s.io";

const WEBHOOKS = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
const POLICIES = ["ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"];
const BINDINGS = POLICIES.map((kind) => `${kind}Binding`);

/** Mutating policies are served as v1 only by newer API servers. */
const VERSIONS = ["v1", "v1beta1"];

export interface Admission {
  /** A webhook or a policy has a say in objects of this kind. */
  readonly meets: (resource: ApiResource) => boolean;
  /**
   * False: an apply of this kind that changes nothing passes now as it did at `since` (RFC 3339,
   * the API server's clock).
   */
  readonly mayDiffer: (resource: ApiResource, since: string) => boolean;
}

const says = (list: unknown, ...wanted: ReadonlyArray<string>): boolean =>
  !Array.isArray(list) || list.some((one) => one === "*" || wanted.includes(String(one)));

/** Without rules a policy is taken to meet everything. */
const meets = (rules: ReadonlyArray<Json>, resource: ApiResource): boolean =>
  rules.length === 0 ||
  rules.some(
    (rule) =>
      says(at(rule, "apiGroups"), KubeObject.groupOf(resource.apiVersion)) &&
      says(at(rule, "resources"), resource.name, "*/*"),
  );

/** When it was made or last written, whichever is later. */
const changedAt = ({ metadata }: KubeObject.KubeObject): string =>
  [textAt(metadata, "creationTimestamp"), ...(metadata.managedFields ?? []).map(({ time }) => time)]
    .filter((time) => time !== undefined)
    .reduce((latest, time) => (time > latest ? time : latest), "");

/** Undefined where this account may not see all of it. */
export const readAdmission = (
  cluster: typeof Cluster.Service,
): Effect.Effect<Admission | undefined, ClusterUnreachable> =>
  Effect.gen(function* () {
    const list = (apiVersion: string, kind: string) =>
      cluster.list({ apiVersion, kind }).pipe(
        Effect.map(({ items }) => items),
        Effect.catchIf(
          (failure) => failure._tag === "ApiFailure" && failure.reason === "unknown_kind",
          () => Effect.succeed([]),
        ),
      );
    const all = (kinds: ReadonlyArray<string>) =>
      Effect.forEach(
        kinds.flatMap((kind) => VERSIONS.map((version) => [`${GROUP}/${version}`, kind] as const)),
        ([apiVersion, kind]) => list(apiVersion, kind),
        { concurrency: "unbounded" },
      ).pipe(Effect.map((lists) => lists.flat()));
    return of(
      ...(yield* Effect.all([all(WEBHOOKS), all(POLICIES), all(BINDINGS)], {
        concurrency: "unbounded",
      })),
    );
  }).pipe(Effect.catchTag("ApiFailure", () => Effect.succeed(undefined)));

export const of = (
  webhooks: ReadonlyArray<KubeObject.KubeObject>,
  policies: ReadonlyArray<KubeObject.KubeObject>,
  bindings: ReadonlyArray<KubeObject.KubeObject>,
): Admission => {
  const passesWebhook = (resource: ApiResource) =>
    webhooks.some((one) =>
      listAt(one, "webhooks").some((webhook) => meets(listAt(webhook, "rules"), resource)),
    );
  const policiesOf = (resource: ApiResource) =>
    policies.filter((one) =>
      meets(listAt(one, "spec", "matchConstraints", "resourceRules"), resource),
    );
  return {
    meets: (resource) => passesWebhook(resource) || policiesOf(resource).length > 0,
    // A webhook may change its mind at any time, and so may a policy with parameters; the others only when they are written.
    mayDiffer: (resource, since) =>
      passesWebhook(resource) ||
      policiesOf(resource).some(
        (one) => textAt(one, "spec", "paramKind", "kind") !== undefined || changedAt(one) >= since,
      ) ||
      bindings.some((one) => changedAt(one) >= since),
  };
};
