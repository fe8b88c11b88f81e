import { describe, expect, it } from "vitest";
import { fromStatus, type About } from "../src/connection/apiFailure.js";
import { recovery, statusOf } from "../src/connection/classify.js";

/** What API servers answer, word for word: Kubernetes 1.37 unless it says otherwise. */
interface Case {
  readonly name: string;
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: object;
  readonly about?: Partial<About>;
  readonly expected: string;
  readonly says: RegExp;
  readonly recovery?: "later" | "brief" | "never";
}

const web: About = {
  verb: "apply",
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "shop",
  name: "web",
};

const failureOf = (one: Case) => {
  const body = {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: one.message,
    reason: one.reason,
    details: one.details,
    code: one.code,
  };
  const status = statusOf({ status: one.code, text: JSON.stringify(body) }, body);
  const about = { ...web, ...one.about };
  return { failure: fromStatus(status, about), recovery: recovery(status, about.verb) };
};

const cases: ReadonlyArray<Case> = [
  {
    name: "a quota that is used up",
    code: 403,
    reason: "Forbidden",
    message:
      'configmaps "q1" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
    details: { name: "q1", kind: "configmaps" },
    expected: "quota_exceeded",
    says: /Deployment\/web in shop does not fit the namespace's quota: exceeded quota: q, requested: configmaps=1/,
  },
  {
    name: "a quota that demands limits",
    code: 403,
    reason: "Forbidden",
    message:
      'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: c; limits.memory for: c',
    expected: "quota_exceeded",
    says: /must specify limits\.cpu/,
  },
  {
    name: "a quota that is not counted yet",
    code: 403,
    reason: "Forbidden",
    message: 'services "v" is forbidden: status unknown for quota: q, resources: services',
    expected: "api_unavailable",
    says: /status unknown for quota/,
    recovery: "brief",
  },
  {
    name: "a ValidatingAdmissionPolicy with its default code",
    code: 422,
    reason: "Invalid",
    message:
      "configmaps \"bad\" is forbidden: ValidatingAdmissionPolicy 'names' with binding 'names' denied request: no bad names",
    details: { name: "bad", kind: "configmaps", causes: [{ message: "no bad names" }] },
    expected: "admission_denied",
    says: /refused by admission control: ValidatingAdmissionPolicy 'names' .* no bad names\.$/,
  },
  {
    name: "a ValidatingAdmissionPolicy that speaks of something immutable",
    code: 403,
    reason: "Forbidden",
    message:
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: the team label is immutable",
    expected: "admission_denied",
    says: /team label is immutable/,
  },
  {
    name: "a webhook that says no",
    code: 400,
    reason: "BadRequest",
    message: 'admission webhook "policy.example.com" denied the request: no latest tags',
    expected: "admission_denied",
    says: /no latest tags/,
  },
  {
    name: "a webhook that says no with a 500",
    code: 500,
    message: 'admission webhook "policy.example.com" denied the request: no latest tags',
    expected: "admission_denied",
    says: /policy\.example\.com/,
    recovery: "never",
  },
  {
    name: "PodSecurity",
    code: 403,
    reason: "Forbidden",
    message:
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "a" must set …)',
    expected: "admission_denied",
    says: /violates PodSecurity/,
  },
  {
    name: "a LimitRange",
    code: 403,
    reason: "Forbidden",
    message: 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 4',
    expected: "admission_denied",
    says: /maximum cpu usage per Container/,
  },
  {
    name: "a namespace that is going away",
    code: 403,
    reason: "Forbidden",
    message:
      'configmaps "w" is forbidden: unable to create new content in namespace shop because it is being terminated',
    details: {
      name: "w",
      kind: "configmaps",
      causes: [{ reason: "NamespaceTerminating", message: "namespace shop is being terminated" }],
    },
    expected: "namespace_terminating",
    says: /its namespace is being deleted/,
  },
  {
    name: "a permission that is lacking in a namespace",
    code: 403,
    reason: "Forbidden",
    message:
      'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    expected: "forbidden",
    says: /^User "ci" may not patch deployments\.apps in namespace shop \(needed to apply Deployment\/web in shop\)\.$/,
  },
  {
    name: "a permission that is lacking in the cluster",
    code: 403,
    reason: "Forbidden",
    message:
      'nodes is forbidden: User "ci" cannot list resource "nodes" in API group "" at the cluster scope',
    about: { verb: "list", apiVersion: "v1", kind: "Node" },
    expected: "forbidden",
    says: /User "ci" may not list nodes in the whole cluster/,
  },
  {
    name: "a Role that would give more than one has",
    code: 403,
    reason: "Forbidden",
    message:
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "ci" (groups=["a" "b"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    expected: "forbidden",
    says: /attempting to grant/,
  },
  {
    name: "a field that another manager owns",
    code: 409,
    reason: "Conflict",
    message: 'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
    details: {
      causes: [
        {
          reason: "FieldManagerConflict",
          message: 'conflict with "kubectl" using apps/v1',
          field: ".spec.replicas",
        },
      ],
    },
    expected: "field_conflict",
    says: /its field \.spec\.replicas is owned by "kubectl"/,
    recovery: "never",
  },
  {
    name: "a lost race",
    code: 409,
    reason: "Conflict",
    message:
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    expected: "api_unavailable",
    says: /was changed by someone else meanwhile/,
    recovery: "never",
  },
  {
    name: "an immutable selector",
    code: 422,
    reason: "Invalid",
    message:
      'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
    details: {
      name: "web",
      kind: "Deployment",
      causes: [{ reason: "FieldValueInvalid", message: "…", field: "spec.selector" }],
    },
    expected: "immutable_field",
    says: /Deployment\/web in shop has spec\.selector changed, which can't be changed once set/,
  },
  {
    name: "a StatefulSet's claim templates, in the words before 1.37",
    code: 422,
    reason: "Invalid",
    message:
      "StatefulSet.apps \"db\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    expected: "immutable_field",
    says: /updates to statefulset spec/,
  },
  {
    name: "a Service's address",
    code: 422,
    reason: "Invalid",
    message:
      'Service "v" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.7"]: may not change once set',
    expected: "immutable_field",
    says: /may not change once set/,
  },
  {
    name: "a claim that is already made",
    code: 422,
    reason: "Invalid",
    message:
      'PersistentVolumeClaim "p" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    expected: "immutable_field",
    says: /immutable after creation/,
  },
  {
    name: "a role binding's role",
    code: 422,
    reason: "Invalid",
    message:
      'RoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"b"}: cannot change roleRef',
    expected: "immutable_field",
    says: /cannot change roleRef/,
  },
  {
    name: "an object that lacks a field",
    code: 422,
    reason: "Invalid",
    message: 'Deployment.apps "web" is invalid: spec.selector: Required value',
    details: { name: "web", kind: "Deployment" },
    expected: "invalid_object",
    says: /is not valid: spec\.selector: Required value\.$/,
  },
  {
    name: "a field that does not exist, which is a 500 in server-side apply",
    code: 500,
    message:
      "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replicass: field not declared in schema",
    expected: "invalid_object",
    says: /\.spec\.replicass: field not declared in schema/,
    recovery: "never",
  },
  {
    name: "strict decoding",
    code: 400,
    reason: "BadRequest",
    message:
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.x"',
    expected: "invalid_object",
    says: /unknown field "spec\.x"/,
  },
  {
    name: "a ConfigMap over 1 MiB",
    code: 422,
    reason: "Invalid",
    message: 'ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes',
    expected: "object_too_large",
    says: /too large for the cluster to keep/,
  },
  {
    name: "a ConfigMap over 1 MiB, in the words before 1.31",
    code: 422,
    reason: "Invalid",
    message: 'ConfigMap "big" is invalid: []: Too long: must have at most 1048576 bytes',
    expected: "object_too_large",
    says: /too large/,
  },
  {
    name: "a name that is too long, which is no large object",
    code: 422,
    reason: "Invalid",
    message: 'ConfigMap "a…" is invalid: metadata.name: Too long: may not be more than 253 bytes',
    expected: "invalid_object",
    says: /metadata\.name/,
  },
  {
    name: "a request over the server's limit",
    code: 413,
    reason: "RequestEntityTooLarge",
    message: "Request entity too large: limit is 3145728",
    expected: "object_too_large",
    says: /limit is 3145728/,
  },
  {
    name: "an object over etcd's limit",
    code: 500,
    message: "etcdserver: request is too large",
    expected: "object_too_large",
    says: /request is too large/,
    recovery: "never",
  },
  {
    name: "an object over the limit between the API server and etcd",
    code: 500,
    message:
      "rpc error: code = ResourceExhausted desc = trying to send message larger than max (2100123 vs. 2097152)",
    expected: "object_too_large",
    says: /larger than max/,
  },
  {
    name: "a namespace that does not exist",
    code: 404,
    reason: "NotFound",
    message: 'namespaces "shop" not found',
    details: { name: "shop", kind: "namespaces" },
    expected: "invalid_object",
    says: /the namespace shop does not exist/,
  },
  {
    name: "an object that does not exist",
    code: 404,
    reason: "NotFound",
    message: 'deployments.apps "web" not found',
    details: { name: "web", group: "apps", kind: "deployments" },
    about: { verb: "patch" },
    expected: "invalid_object",
    says: /Deployment\/web in shop does not exist/,
  },
  {
    name: "a kind that does not exist",
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
    about: { apiVersion: "example.com/v1", kind: "Widget" },
    expected: "unknown_kind",
    says: /does not know the kind Widget of example\.com\/v1/,
  },
  {
    name: "too many requests",
    code: 429,
    reason: "TooManyRequests",
    message: "too many requests",
    details: { retryAfterSeconds: 3 },
    expected: "api_unavailable",
    says: /could not apply Deployment\/web in shop: too many requests/,
    recovery: "later",
  },
  {
    name: "a webhook that can't be called",
    code: 500,
    reason: "InternalError",
    message:
      'Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "https://w.shop.svc:443/x?timeout=2s": dial tcp 127.0.0.1:1: connect: connection refused',
    expected: "api_unavailable",
    says: /failed calling webhook "w\.example\.com"/,
    recovery: "brief",
  },
  {
    name: "an etcd without a leader",
    code: 500,
    message: "etcdserver: leader changed",
    expected: "api_unavailable",
    says: /leader changed/,
    recovery: "later",
  },
  {
    name: "an API server that is going down",
    code: 503,
    reason: "ServiceUnavailable",
    message: "apiserver is shutting down",
    expected: "api_unavailable",
    says: /shutting down/,
    recovery: "later",
  },
  {
    name: "a kubelet that has no such container",
    code: 400,
    reason: "BadRequest",
    message: "container zz is not valid for pod p",
    about: { verb: "logs", apiVersion: "v1", kind: "Pod", name: "p" },
    expected: "api_unavailable",
    says: /could not read the logs of Pod\/p in shop: container zz is not valid/,
    recovery: "never",
  },
];

describe("an answer of the API server", () => {
  it.each(cases)("is understood: $name", (one) => {
    const { failure, recovery: how } = failureOf(one);
    expect(failure.reason).toBe(one.expected);
    expect(failure.message).toMatch(one.says);
    expect(failure.message).toMatch(/[.!?…]$/);
    if (one.recovery !== undefined) expect(how).toBe(one.recovery);
  });

  it("sends whoever meets a dead webhook to what serves it, and nobody else", () => {
    const advice = (name: string) =>
      failureOf(cases.find((one) => one.name === name) as Case).failure.advice;
    expect(advice("a webhook that can't be called")).toMatch(/what serves the webhook/);
    expect(advice("an etcd without a leader")).toBeUndefined();
  });

  it("says which of three things is missing", () => {
    const missing = (name: string) =>
      failureOf(cases.find((one) => one.name === name) as Case).failure.missing;
    expect(missing("a namespace that does not exist")).toBe("namespace");
    expect(missing("an object that does not exist")).toBe("object");
    expect(missing("a kind that does not exist")).toBe("kind");
  });

  it("gives each conflicting field and its owner as evidence", () => {
    const { failure } = failureOf({
      name: "",
      code: 409,
      reason: "Conflict",
      message: "Apply failed with 2 conflicts",
      details: {
        causes: [
          { reason: "FieldManagerConflict", message: 'conflict with "helm"', field: ".data.a" },
          { reason: "FieldManagerConflict", message: 'conflict with "kubectl"', field: ".data.b" },
        ],
      },
      expected: "field_conflict",
      says: /./,
    });
    expect(failure.evidence?.slice(0, 2)).toEqual([
      { kind: "field", text: '.data.a is owned by "helm"'.replaceAll('"', "") },
      { kind: "field", text: ".data.b is owned by kubectl" },
    ]);
  });

  it("never repeats a Secret's values", () => {
    const secret = { apiVersion: "v1", kind: "Secret", name: "s" };
    for (const message of [
      "failed to create typed patch object (/s; /v1, Kind=Secret): .data.a: expected string, got &value.valueUnstructured{Value:424242}",
      'Secret "s" is invalid: data[a]: Invalid value: "424242": no',
    ]) {
      const { failure } = failureOf({
        name: "",
        code: message.startsWith("failed") ? 500 : 422,
        message,
        details: { causes: [{ message: 'Invalid value: "424242": no', field: "data[a]" }] },
        about: secret,
        expected: "",
        says: /./,
      });
      expect(JSON.stringify(failure) + failure.message).not.toContain("424242");
      expect(failure.reason).toBe("invalid_object");
    }
  });

  it("strips what a terminal would obey", () => {
    const { failure } = failureOf({
      name: "",
      code: 400,
      message: 'admission webhook "x" denied the request: \u001b[31mred\u001b[0m\u0007',
      expected: "",
      says: /./,
    });
    expect(failure.message).toContain("denied the request: red.");
  });

  it("takes a proxy's page for what it is", () => {
    const status = statusOf(
      { status: 502, text: "<html><body>Bad Gateway</body></html>" },
      undefined,
    );
    const failure = fromStatus(status, web);
    expect(failure.reason).toBe("api_unavailable");
    expect(failure.message).toBe(
      "The API server could not apply Deployment/web in shop: HTTP 502.",
    );
  });
});
