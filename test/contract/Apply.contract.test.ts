/** Server-side apply: who owns which field, and what a conflict says. */
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { at, configMap, deployment } from "./objects.js";

const entry = (object: Json, manager: string, operation: string): Json =>
  object.metadata.managedFields.find(
    (each: Json) => each.manager === manager && each.operation === operation,
  );

describeCluster("server-side apply", (cluster) => {
  const path = (name = "one") => at(cluster, "configmaps", name);

  it("creates what isn't there and says who owns what", async () => {
    const { status, body } = await cluster.api.apply(path(), configMap("one", { a: "1" }));
    expect(status).toBe(201);
    expect(entry(body, "nopea", "Apply")).toEqual({
      manager: "nopea",
      operation: "Apply",
      apiVersion: "v1",
      time: expect.stringMatching(/^\d{4}-/),
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { "f:a": {} } },
    });
  });

  it("takes JSON and YAML", async () => {
    const { status, body } = await cluster.api.apply(
      path(),
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\ndata:\n  a: 'yes'\n",
    );
    expect(status).toBe(201);
    expect(body.data).toEqual({ a: "yes" });
  });

  it("changes nothing when nothing is new", async () => {
    const first = await cluster.api.apply(path(), configMap("one"));
    const again = await cluster.api.apply(path(), configMap("one"));
    expect(again.status).toBe(200);
    expect(again.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(again.body).toEqual(first.body);
  });

  it("takes away what its manager no longer sends", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1", b: "2" }));
    const { body } = await cluster.api.apply(path(), configMap("one", { a: "1" }));
    expect(body.data).toEqual({ a: "1" });
    expect(entry(body, "nopea", "Apply").fieldsV1).toEqual({ "f:data": { "f:a": {} } });
  });

  it("leaves what another manager has set", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1" }));
    await cluster.api.apply(path(), configMap("one", { b: "2" }), "other");
    const { body } = await cluster.api.apply(path(), configMap("one", { a: "3" }));
    expect(body.data).toEqual({ a: "3", b: "2" });
  });

  it("conflicts with a field of another applier, naming manager and field", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1" }), "other");
    const { status, body } = await cluster.api.apply(path(), configMap("one", { a: "2" }));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      kind: "Status",
      status: "Failure",
      reason: "Conflict",
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "other": .data.a',
      details: {
        causes: [
          { reason: "FieldManagerConflict", message: 'conflict with "other"', field: ".data.a" },
        ],
      },
    });
  });

  it("conflicts with a field that someone has updated, naming the operation's version", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1", b: "1" }));
    const patch = { data: { a: "2", b: "2" } };
    await cluster.api.send("PATCH", `${path()}?fieldManager=kubectl-edit`, patch, {
      type: "application/merge-patch+json",
    });
    const { status, body } = await cluster.api.apply(path(), configMap("one", { a: "3", b: "3" }));
    expect(status).toBe(409);
    expect(body.message).toMatch(
      /^Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1( at \S+)?:\n- \.data\.a\n- \.data\.b$/,
    );
    expect(body.details.causes).toEqual(
      [".data.a", ".data.b"].map((field) => ({
        reason: "FieldManagerConflict",
        message: expect.stringMatching(/^conflict with "kubectl-edit" using v1( at \S+)?$/),
        field,
      })),
    );
  });

  it("is no conflict where both want the same: then both own it", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1" }), "other");
    const { status, body } = await cluster.api.apply(path(), configMap("one", { a: "1" }));
    expect(status).toBe(200);
    for (const manager of ["nopea", "other"]) {
      expect(entry(body, manager, "Apply").fieldsV1).toEqual({ "f:data": { "f:a": {} } });
    }
    const left = await cluster.api.apply(path(), { ...configMap("one"), data: {} });
    expect(left.body.data).toEqual({ a: "1" });
  });

  it("takes a field by force, and the other owns it no more", async () => {
    await cluster.api.apply(path(), configMap("one", { a: "1" }), "other");
    const { status, body } = await cluster.api.apply(
      path(),
      configMap("one", { a: "2" }),
      "nopea",
      "&force=true",
    );
    expect(status).toBe(200);
    expect(body.data).toEqual({ a: "2" });
    expect(entry(body, "other", "Apply")).toBeUndefined();
  });

  it("as a dry-run answers what would be, conflicts too, and changes nothing", async () => {
    const fresh = await cluster.api.apply(path("new"), configMap("new"), "nopea", "&dryRun=All");
    expect(fresh.status).toBe(201);
    expect((await cluster.api.get(path("new"))).status).toBe(404);
    const before = await cluster.api.apply(path(), configMap("one", { a: "1" }));
    const dry = await cluster.api.apply(
      path(),
      configMap("one", { a: "2" }),
      "nopea",
      "&dryRun=All",
    );
    expect(dry.body.data).toEqual({ a: "2" });
    expect((await cluster.api.get(path())).body).toEqual(before.body);
    const conflict = await cluster.api.apply(
      path(),
      configMap("one", { a: "2" }),
      "other",
      "&dryRun=All",
    );
    expect(conflict.status).toBe(409);
  });

  it("asks for a manager, an apiVersion and the name in the path", async () => {
    const nobody = await cluster.api.send("PATCH", path(), configMap("one"), {
      type: "application/apply-patch+yaml",
    });
    expect(nobody.status).toBe(422);
    expect(nobody.body.message).toContain(
      "fieldManager: Required value: is required for apply patch",
    );
    const otherName = await cluster.api.apply(path(), configMap("two"));
    expect(otherName.status).toBe(400);
    expect(otherName.body.message).toBe(
      "the name of the object (two) does not match the name on the URL (one)",
    );
  });

  it("keeps the resourceVersion that it names, or is a Conflict", async () => {
    const made = await cluster.api.apply(path(), configMap("one"));
    const at1 = configMap("one", { a: "2" });
    at1.metadata.resourceVersion = "1";
    expect((await cluster.api.apply(path(), at1)).status).toBe(409);
    at1.metadata.resourceVersion = made.body.metadata.resourceVersion;
    expect((await cluster.api.apply(path(), at1)).status).toBe(200);
  });

  it("refuses a field that the kind doesn't have, by name, as if it were its own fault", async () => {
    const { status, body } = await cluster.api.apply(path(), {
      ...configMap("one"),
      colour: "red",
    });
    expect(status).toBe(500);
    expect(body.message).toBe(
      `failed to create typed patch object (/one; /v1, Kind=ConfigMap): .colour: field not declared in schema`,
    );
  });

  it("refuses a value of the wrong type", async () => {
    const { status, body } = await cluster.api.apply(path(), configMap("one", { a: 1 }));
    expect(status).toBe(500);
    expect(body.message).toBe(
      `failed to create typed patch object (/one; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}`,
    );
  });

  it("refuses two entries of the same key", async () => {
    const body = deployment("web");
    body.spec.template.spec.containers.push({ name: "main", image: "x:2" });
    const answer = await cluster.api.apply(at(cluster, "deployments", "web"), body);
    expect(answer.status).toBe(500);
    expect(answer.body.message).toContain('duplicate entries for key [name="main"]');
  });
});

describeCluster("the lists of a workload", (cluster) => {
  const path = () => at(cluster, "deployments", "web");
  const withEnv = (env: Json) => {
    const body = deployment("web", { spec: { replicas: 0 } });
    body.spec.template.spec.containers[0].env = env;
    return body;
  };
  const environment = (body: Json) => body.spec.template.spec.containers[0].env;

  it("are merged by key: each manager has its own entries", async () => {
    await cluster.api.apply(path(), withEnv([{ name: "A", value: "1" }]));
    const other = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        template: { spec: { containers: [{ name: "main", env: [{ name: "B", value: "2" }] }] } },
      },
    };
    const both = await cluster.api.apply(path(), other, "other");
    expect(both.status).toBe(200);
    expect(environment(both.body)).toEqual([
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ]);
    const { body } = await cluster.api.apply(path(), withEnv([{ name: "C", value: "3" }]));
    expect(
      environment(body)
        .map((each: Json) => each.name)
        .sort(),
    ).toEqual(["B", "C"]);
  });

  it("are owned by key, defaults by nobody", async () => {
    const { body } = await cluster.api.apply(path(), withEnv([{ name: "A", value: "1" }]));
    expect(entry(body, "nopea", "Apply").fieldsV1).toEqual({
      "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
          "f:metadata": { "f:labels": { "f:app": {} } },
          "f:spec": {
            "f:containers": {
              'k:{"name":"main"}': {
                ".": {},
                "f:env": { 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } },
                "f:image": {},
                "f:name": {},
              },
            },
          },
        },
      },
    });
    expect(body.spec).toMatchObject({
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" },
      },
    });
    expect(body.spec.template.spec).toMatchObject({
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
    });
  });

  it("name the entry in a conflict", async () => {
    await cluster.api.apply(
      path(),
      deployment("web", { image: "x:1", spec: { replicas: 0 } }),
      "other",
    );
    const { body } = await cluster.api.apply(
      path(),
      deployment("web", { image: "x:2", spec: { replicas: 0 } }),
    );
    expect(body.details.causes).toEqual([
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "other"',
        field: '.spec.template.spec.containers[name="main"].image',
      },
    ]);
  });

  it("hold quantities in their shortest form", async () => {
    const body = deployment("web", { spec: { replicas: 0 } });
    body.spec.template.spec.containers[0].resources = {
      requests: { cpu: "1000m", memory: "1024Mi" },
    };
    const applied = await cluster.api.apply(path(), body);
    expect(applied.body.spec.template.spec.containers[0].resources.requests).toEqual({
      cpu: "1",
      memory: "1Gi",
    });
  });
});

describeCluster("the scale subresource", (cluster) => {
  it("owns the count it set, under its own name", async () => {
    const path = at(cluster, "deployments", "web");
    await cluster.api.apply(path, deployment("web"));
    const scaled = await cluster.api.send(
      "PATCH",
      `${path}/scale?fieldManager=kubectl`,
      { spec: { replicas: 3 } },
      {
        type: "application/merge-patch+json",
      },
    );
    expect(scaled.status).toBe(200);
    expect(scaled.body).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 3 },
    });
    const live = await cluster.api.get(path);
    expect(entry(live.body, "kubectl", "Update")).toMatchObject({
      subresource: "scale",
      fieldsV1: { "f:spec": { "f:replicas": {} } },
    });
    const conflict = await cluster.api.apply(path, deployment("web"));
    expect(conflict.status).toBe(409);
    expect(conflict.body.details.causes).toEqual([
      {
        reason: "FieldManagerConflict",
        message: expect.stringMatching(
          /^conflict with "kubectl" with subresource "scale" using apps\/v1( at \S+)?$/,
        ),
        field: ".spec.replicas",
      },
    ]);
    const without = deployment("web");
    delete without.spec.replicas;
    expect((await cluster.api.apply(path, without)).body.spec.replicas).toBe(3);
  });
});

describeCluster("an object of kubectl apply", (cluster) => {
  it("is taken over by turning its managedFields entry into one of Apply", async () => {
    const path = at(cluster, "configmaps", "one");
    const body = configMap("one", { a: "1", b: "2" });
    body.metadata.annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(body),
    };
    await cluster.api.post(
      `${at(cluster, "configmaps")}?fieldManager=kubectl-client-side-apply`,
      body,
    );
    const conflict = await cluster.api.apply(path, configMap("one", { a: "3" }));
    expect(conflict.status).toBe(409);
    expect(conflict.body.details.causes[0].message).toMatch(
      /^conflict with "kubectl-client-side-apply" using v1( at \S+)?$/,
    );

    const { metadata } = (await cluster.api.get(path)).body;
    const managedFields = metadata.managedFields.map((each: Json) =>
      each.manager === "kubectl-client-side-apply"
        ? { ...each, manager: "nopea", operation: "Apply" }
        : each,
    );
    const taken = await cluster.api.jsonPatch(path, [
      { op: "replace", path: "/metadata/managedFields", value: managedFields },
      { op: "replace", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
    ]);
    expect(taken.status).toBe(200);
    const applied = await cluster.api.apply(path, configMap("one", { a: "3" }));
    expect(applied.status).toBe(200);
    expect(applied.body.data).toEqual({ a: "3" });
    expect(applied.body.metadata.annotations).toBeUndefined();
  });

  it("is not taken over at a resourceVersion that is gone", async () => {
    await cluster.api.post(at(cluster, "configmaps"), configMap("one"));
    const { status, body } = await cluster.api.jsonPatch(at(cluster, "configmaps", "one"), [
      { op: "replace", path: "/metadata/managedFields", value: [{}] },
      { op: "replace", path: "/metadata/resourceVersion", value: "1" },
    ]);
    expect(status).toBe(409);
    expect(body.reason).toBe("Conflict");
  });
});
