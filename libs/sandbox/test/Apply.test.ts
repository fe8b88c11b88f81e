import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, configMap, deployment, MERGE, type Client } from "./client.js";

let c: Client;
beforeAll(async () => {
  c = await client();
});
afterAll(() => c.sandbox.close());
const CMS = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

describe("server-side apply", () => {
  it("gives the fields of the configuration to its manager, and takes out what it no longer names", async () => {
    await c.apply(`${CMS}/a`, configMap("a", { x: "1", y: "2" }));
    const { status, body } = await c.apply(`${CMS}/a`, configMap("a", { x: "1" }));
    expect(status).toBe(200);
    expect(body.data).toEqual({ x: "1" });
    expect(body.metadata.managedFields).toMatchObject([
      { manager: "mine", operation: "Apply", fieldsV1: { "f:data": { "f:x": {} } } },
    ]);
  });

  it("refuses another manager's change, naming manager and field, and takes the field when forced", async () => {
    await c.apply(`${CMS}/b`, configMap("b", { x: "1" }));
    const refused = await c.apply(`${CMS}/b`, configMap("b", { x: "2" }), "other");
    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "mine": .data.x',
    );
    expect(refused.body.details.causes).toEqual([
      { reason: "FieldManagerConflict", message: 'conflict with "mine"', field: ".data.x" },
    ]);
    const forced = await c.apply(`${CMS}/b`, configMap("b", { x: "2" }), "other", true);
    expect(forced.body.metadata.managedFields.map((m: { manager: string }) => m.manager)).toEqual([
      "other",
    ]);
  });

  it("leaves a field that another manager owns too when the first one drops it", async () => {
    await c.apply(`${CMS}/c`, configMap("c", { x: "1", y: "1" }));
    await c.apply(`${CMS}/c`, configMap("c", { y: "1" }), "other");
    const { body } = await c.apply(`${CMS}/c`, configMap("c", { x: "1" }));
    expect(body.data).toEqual({ x: "1", y: "1" });
  });

  it("changes nothing, not even the version, when it is repeated", async () => {
    const first = await c.apply(`${CMS}/d`, configMap("d", { x: "1" }));
    const second = await c.apply(`${CMS}/d`, configMap("d", { x: "1" }));
    expect(second.body).toEqual(first.body);
  });

  it("conflicts with an update by its API version and without its time", async () => {
    await c.apply(`${CMS}/e`, configMap("e", { x: "1" }));
    await c.call("PATCH", `${CMS}/e?fieldManager=kubectl-edit`, { data: { x: "2" } }, MERGE);
    const { body } = await c.apply(`${CMS}/e`, configMap("e", { x: "1" }));
    expect(body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.x',
    );
  });

  it("tells a dry-run's result and stores nothing", async () => {
    const { status } = await c.call(
      "PATCH",
      `${CMS}/f?fieldManager=m&dryRun=All`,
      configMap("f", {}),
      "application/apply-patch+yaml",
    );
    expect(status).toBe(201);
    expect((await c.call("GET", `${CMS}/f`)).status).toBe(404);
  });

  it("merges containers by name and keeps the defaults that nobody owns", async () => {
    await c.apply(`${DEPLOYMENTS}/g`, deployment("g", "web:v1", { replicas: 0 }));
    const side = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "g" },
      spec: {
        selector: { matchLabels: { app: "g" } },
        template: { spec: { containers: [{ name: "side", image: "side:v1" }] } },
      },
    };
    const { body } = await c.apply(`${DEPLOYMENTS}/g`, side, "injector");
    expect(body.spec.template.spec.containers.map((x: { name: string }) => x.name)).toEqual([
      "main",
      "side",
    ]);
    expect(body.spec.progressDeadlineSeconds).toBe(600);
  });
});
