/** Why a controller could not make its pods, from the API server's words. */
import { assert, describe, it } from "@effect/vitest";
import { reasonOf, rule } from "../src/diagnosis/PodCreation.js";

const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  quota_exceeded: [
    'pods "web-5d-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2',
    'pods "web-5d-x" is forbidden: failed quota: small: must specify limits.cpu for: app',
  ],
  admission_denied: [
    'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/ns/web was blocked',
    "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'no-latest' denied request: tags must be pinned",
    'pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    'pods "web" is forbidden: error looking up service account ns/app: serviceaccount "app" not found',
    'pods "web" is forbidden: no PriorityClass with name urgent was found',
    'pods "web" is forbidden: unable to validate against any security context constraint: []',
    "words that no list knows",
  ],
  api_unavailable: [
    'Internal error occurred: failed calling webhook "v.example.org": failed to call webhook: Post "https://v.ns.svc:443/?timeout=10s": no endpoints available for service "v"',
    'pods "web" is forbidden: status unknown for quota: small, resources: pods',
    "Timeout: request did not complete within requested timeout - context deadline exceeded",
  ],
  namespace_terminating: [
    'pods "web" is forbidden: unable to create new content in namespace ns because it is being terminated',
  ],
  forbidden: [
    'pods is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot create resource "pods" in API group "" in the namespace "ns"',
  ],
  invalid_object: [
    'Pod "web-0" is invalid: spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ],
};

describe("what the API server says of a pod that it does not take", () => {
  for (const [reason, texts] of Object.entries(words))
    it.each(texts)(`is ${reason}: %s`, (text) => {
      assert.strictEqual(reasonOf(text), reason);
    });
});

const event = (reason: string, second: number, message = "") => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { uid: `${reason}${second}` },
  reason,
  message,
  lastTimestamp: `2026-11-24T07:00:0${second}Z`,
});

describe("a controller that could not make its pods", () => {
  const quota =
    'create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded quota: q';
  const controller = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "web" } };

  it("is told by its events where its kind has no condition for it", () => {
    const sign = rule({
      controller,
      events: [event("FailedCreate", 2, quota), event("SuccessfulCreate", 1)],
    });
    assert.strictEqual(sign?.reason, "quota_exceeded");
    assert.isTrue(
      sign?.evidence.some(({ kind, text }) => kind === "quota" && text === "exceeded quota: q"),
    );
  });

  it("is over once it has made one since", () => {
    assert.isUndefined(
      rule({ controller, events: [event("FailedCreate", 1, quota), event("SuccessfulCreate", 2)] }),
    );
  });

  it("is over once a ReplicaSet no longer says so", () => {
    const replicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web-1" },
      status: {},
    };
    assert.isUndefined(rule({ controller: replicaSet, events: [event("FailedCreate", 1, quota)] }));
  });
});
