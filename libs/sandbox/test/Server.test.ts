import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, configMap, type Client } from "./client.js";

let c: Client;
beforeAll(async () => {
  c = await client({ anonymous: false });
});
afterAll(() => c.sandbox.close());
const CMS = "/api/v1/namespaces/default/configmaps";

describe("the server", () => {
  it("knows its callers by their tokens", async () => {
    expect(
      (await fetch(`${c.sandbox.url}${CMS}`, { headers: { authorization: "Bearer wrong" } }))
        .status,
    ).toBe(401);
    expect((await fetch(`${c.sandbox.url}${CMS}`)).status).toBe(403);
  });

  it("denies a user what the test denies, in the API's words", async () => {
    c.sandbox.addUser({
      token: "t",
      name: "ci",
      deny: [{ verbs: ["create"], resources: ["configmaps"], namespaces: ["default"] }],
    });
    const answer = await fetch(`${c.sandbox.url}${CMS}`, {
      method: "POST",
      headers: { authorization: "Bearer t" },
      body: "{}",
    });
    expect(answer.status).toBe(403);
    expect(((await answer.json()) as { message: string }).message).toBe(
      'configmaps is forbidden: User "ci" cannot create resource "configmaps" in API group "" in the namespace "default"',
    );
  });

  it("answers 501 by name where it cannot do as a cluster does", async () => {
    const { status, body } = await c.call(
      "POST",
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
      { metadata: { name: "x" } },
    );
    expect(status).toBe(501);
    expect(body.message).toMatch(/does not implement create of validatingwebhookconfigurations/);
  });

  it("pages a list, and refuses a page of a time that is forgotten", async () => {
    for (const name of ["p1", "p2", "p3"])
      await c.call("POST", CMS, configMap(name, {}, { labels: { page: "1" } }));
    const first = (await c.call("GET", `${CMS}?labelSelector=page=1&limit=2`)).body;
    expect(first.items.map((o: { metadata: { name: string } }) => o.metadata.name)).toEqual([
      "p1",
      "p2",
    ]);
    const next = `${CMS}?labelSelector=page=1&limit=2&continue=${first.metadata.continue}`;
    expect((await c.call("GET", next)).body.items).toHaveLength(1);
    c.sandbox.expireWatches();
    expect((await c.call("GET", next)).status).toBe(410);
  });

  it("refuses a write from an old version, and a test in a JSON patch that fails", async () => {
    const { body } = await c.call("POST", CMS, configMap("cas", { n: "1" }));
    await c.call("PUT", `${CMS}/cas`, { ...body, data: { n: "2" } });
    expect((await c.call("PUT", `${CMS}/cas`, { ...body, data: { n: "3" } })).body.reason).toBe(
      "Conflict",
    );
    const test = [{ op: "test", path: "/data/n", value: "1" }];
    expect((await c.call("PATCH", `${CMS}/cas`, test, "application/json-patch+json")).status).toBe(
      422,
    );
  });

  it("writes a quantity in its canonical form", async () => {
    const pod = {
      metadata: { name: "q" },
      spec: {
        containers: [
          { name: "c", image: "i", resources: { requests: { cpu: "1000m", memory: "1024Mi" } } },
        ],
      },
    };
    const { body } = await c.call("POST", "/api/v1/namespaces/default/pods?dryRun=All", pod);
    expect(body.spec.containers[0].resources.requests).toEqual({ cpu: "1", memory: "1Gi" });
  });

  it("serves a custom resource once its definition is established", async () => {
    await c.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: "widgets.test.dev" },
      spec: {
        group: "test.dev",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
              },
            },
          },
        ],
      },
    });
    await c.until("/apis/test.dev/v1", (o) => o.kind === "APIResourceList");
    const widget = {
      apiVersion: "test.dev/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: { size: "big" },
    };
    const wrong = await c.call("POST", "/apis/test.dev/v1/namespaces/default/widgets", widget);
    expect(wrong.body.message).toBe(
      'Widget.test.dev "w" is invalid: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    );
    expect(
      (
        await c.call("POST", "/apis/test.dev/v1/namespaces/default/widgets", {
          ...widget,
          spec: { size: 1 },
        })
      ).status,
    ).toBe(201);
  });
});
