import { assert, describe, it } from "@effect/vitest";
import { DeployResult, DeployRequest, KubeObject, Timestamp } from "@nopea/domain";
import { Either, Schema } from "effect";

const wire = {
  deploy_id: "01JD5Z3V8QK3M9T2W7X4Y6Z8AB",
  status: "completed",
  service: "web",
  namespace: "default",
  strategy: "direct",
  duration_ms: 1200,
  manifest_count: 2,
  verified: true,
  differences: [],
  applied_resources: [
    { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "web", action: "created" },
  ],
  unchanged: false,
  warnings: [],
  degraded: [],
  timestamp: "2026-11-24T06:40:28.000Z",
};

describe("DeployResult", () => {
  it("is snake_case on the wire and comes back the same", () => {
    const result = Schema.decodeUnknownSync(DeployResult.DeployResult)(wire);
    assert.strictEqual(result.deployId, wire.deploy_id);
    assert.strictEqual(result.appliedResources[0]?.action, "created");
    assert.deepStrictEqual<unknown>(Schema.encodeSync(DeployResult.DeployResult)(result), wire);
  });
});

describe("DeployRequest", () => {
  it("refuses a field it does not know, by name", () => {
    const answer = Schema.decodeUnknownEither(DeployRequest.DeployRequest, {
      onExcessProperty: "error",
    })({ service: "web", manifests: [], servce: "web" });
    assert.isTrue(Either.isLeft(answer) && answer.left.message.includes("servce"));
  });
});

describe("KubeObject.refKey", () => {
  it("is the same for every version of a group", () => {
    const ref = { kind: "Deployment", namespace: "a", name: "web" };
    assert.strictEqual(
      KubeObject.refKey({ ...ref, apiVersion: "apps/v1" }),
      KubeObject.refKey({ ...ref, apiVersion: "apps/v1beta1" }),
    );
  });
});

describe("Timestamp", () => {
  it("takes what Kubernetes writes, seconds and microseconds", () => {
    assert.strictEqual(
      Timestamp.fromKubernetes("2026-11-24T06:40:28Z"),
      "2026-11-24T06:40:28.000Z",
    );
    assert.strictEqual(
      Timestamp.fromKubernetes("2026-11-24T06:40:28.123456Z"),
      "2026-11-24T06:40:28.123Z",
    );
    assert.isUndefined(Timestamp.fromKubernetes("soon"));
  });
});
