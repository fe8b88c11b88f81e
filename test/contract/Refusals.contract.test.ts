/** What a cluster refuses, in its own words: they decide what nopea says. */
import { expect, it } from "vitest";
import { eventually, type Json } from "../harness/Api.js";
import { describeCluster, randomName } from "../harness/Cluster.js";
import { at, configMap, customResource, deployment, job, pod, statefulSet } from "./objects.js";

describeCluster("a namespace", (cluster) => {
  it("that isn't there is NotFound, for a dry-run too", async () => {
    const path = "/api/v1/namespaces/nowhere/configmaps/one";
    for (const query of ["", "&dryRun=All"]) {
      const { status, body } = await cluster.api.apply(path, configMap("one"), "nopea", query);
      expect(status).toBe(404);
      expect(body).toMatchObject({
        reason: "NotFound",
        message: 'namespaces "nowhere" not found',
        details: { name: "nowhere", kind: "namespaces" },
      });
    }
  });

  it("has a configmap with the CA, and is labelled with its own name", async () => {
    const { body } = await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}`);
    expect(body.metadata.labels).toEqual({ "kubernetes.io/metadata.name": cluster.namespace });
    expect(body.status).toEqual({ phase: "Active" });
    await eventually(
      () => cluster.api.get(at(cluster, "configmaps", "kube-root-ca.crt")),
      ({ status }) => status === 200,
    );
  });

  it("that is being deleted takes nothing new, and says so", async () => {
    const held = configMap("held");
    held.metadata.finalizers = ["example.com/hold"];
    await cluster.api.post(at(cluster, "configmaps"), held);
    await cluster.api.delete(`/api/v1/namespaces/${cluster.namespace}`);
    await eventually(
      () => cluster.api.get(`/api/v1/namespaces/${cluster.namespace}`),
      ({ body }) => body.status?.phase === "Terminating",
    );
    const { status, body } = await cluster.api.apply(
      at(cluster, "configmaps", "one"),
      configMap("one"),
    );
    expect(status).toBe(403);
    expect(body).toMatchObject({
      reason: "Forbidden",
      details: { name: "one", kind: "configmaps" },
    });
    expect(body.message).toBe(
      `configmaps "one" is forbidden: unable to create new content in namespace ${cluster.namespace} because it is being terminated`,
    );
    expect(body.details.causes).toEqual([
      {
        reason: "NamespaceTerminating",
        message: `namespace ${cluster.namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ]);
    await cluster.api.merge(at(cluster, "configmaps", "held"), { metadata: { finalizers: null } });
    await eventually(
      () => cluster.api.get(`/api/v1/namespaces/${cluster.namespace}`),
      ({ status: gone }) => gone === 404,
      50_000,
    );
  });

  it("in the document must be the one in the path", async () => {
    const body = configMap("one");
    body.metadata.namespace = "default";
    const answer = await cluster.api.post(at(cluster, "configmaps"), body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  });
});

describeCluster("an invalid object", (cluster) => {
  const apply = async (plural: string, body: Json) => {
    const answer = await cluster.api.apply(at(cluster, plural, body.metadata.name), body);
    return answer;
  };

  it("by its name", async () => {
    const { status, body } = await cluster.api.post(
      at(cluster, "configmaps"),
      configMap("Not_A_Name"),
    );
    expect(status).toBe(422);
    expect(body).toMatchObject({
      reason: "Invalid",
      details: {
        name: "Not_A_Name",
        kind: "ConfigMap",
        causes: [{ reason: "FieldValueInvalid", field: "metadata.name" }],
      },
    });
    expect(body.message).toContain(
      'ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of',
    );
  });

  it("by its label", async () => {
    const labelled = configMap("one");
    labelled.metadata.labels = { x: "not a value" };
    const { status, body } = await apply("configmaps", labelled);
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([
      expect.objectContaining({ reason: "FieldValueInvalid", field: "metadata.labels" }),
    ]);
  });

  it("by a field that it lacks", async () => {
    const empty = deployment("web");
    empty.spec.template.spec.containers = [{ name: "main" }];
    const { status, body } = await apply("deployments", empty);
    expect(status).toBe(422);
    expect(body.message).toBe(
      'Deployment.apps "web" is invalid: spec.template.spec.containers[0].image: Required value',
    );
    expect(body.details).toMatchObject({
      name: "web",
      group: "apps",
      kind: "Deployment",
      causes: [
        {
          reason: "FieldValueRequired",
          message: "Required value",
          field: "spec.template.spec.containers[0].image",
        },
      ],
    });
  });

  it("by a selector that doesn't find its own pods", async () => {
    const lost = deployment("web");
    lost.spec.selector.matchLabels = { app: "other" };
    const { status, body } = await apply("deployments", lost);
    expect(status).toBe(422);
    expect(body.message).toContain("`selector` does not match template `labels`");
    expect(body.details.causes[0].field).toBe("spec.template.metadata.labels");
  });

  it("by what may not change: a Deployment's selector", async () => {
    await apply("deployments", deployment("web", { spec: { replicas: 0 } }));
    const moved = deployment("web", { spec: { replicas: 0 } });
    moved.spec.selector.matchLabels = { app: "new" };
    moved.spec.template.metadata.labels = { app: "new" };
    const { status, body } = await apply("deployments", moved);
    expect(status).toBe(422);
    expect(body.message).toMatch(
      /^Deployment\.apps "web" is invalid: spec\.selector: Invalid value: .*: field is immutable$/,
    );
    expect(body.details.causes).toEqual([
      expect.objectContaining({ reason: "FieldValueInvalid", field: "spec.selector" }),
    ]);
  });

  it("by what may not change: a Job's template", async () => {
    await apply("jobs", job("once", { spec: { suspend: false } }));
    const { status, body } = await apply(
      "jobs",
      job("once", { image: "x:2", spec: { suspend: false } }),
    );
    expect(status).toBe(422);
    expect(body.message).toMatch(
      /^Job\.batch "once" is invalid: spec\.template: Invalid value: .*: field is immutable$/s,
    );
  });

  it("by what may not change: a StatefulSet's service, selector and claims", async () => {
    await apply("statefulsets", statefulSet("db", { spec: { replicas: 0 } }));
    const named = await apply(
      "statefulsets",
      statefulSet("db", { spec: { replicas: 0, serviceName: "x" } }),
    );
    expect(named.status).toBe(422);
    expect(named.body.message).toBe(
      'StatefulSet.apps "db" is invalid: spec.serviceName: Invalid value: "x": field is immutable',
    );
    const claim = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    const claims = await apply(
      "statefulsets",
      statefulSet("db", { spec: { replicas: 0, serviceName: "x", volumeClaimTemplates: [claim] } }),
    );
    expect(claims.status).toBe(422);
    expect(
      claims.body.details.causes.map(({ field, reason }: Json) => [field, reason]).sort(),
    ).toEqual([
      ["spec.serviceName", "FieldValueInvalid"],
      ["spec.volumeClaimTemplates", "FieldValueInvalid"],
    ]);
  });

  it("by what may not change: a ConfigMap that is immutable", async () => {
    await apply("configmaps", { ...configMap("fixed"), immutable: true });
    const { status, body } = await apply("configmaps", {
      ...configMap("fixed", { color: "red" }),
      immutable: true,
    });
    expect(status).toBe(422);
    expect(body.message).toBe(
      'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    );
  });

  it("by what may not change: a Secret's type", async () => {
    const secret = (type: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      type,
    });
    await apply("secrets", secret("example.com/a"));
    const { status, body } = await apply("secrets", secret("example.com/b"));
    expect(status).toBe(422);
    expect(body.message).toBe(
      'Secret "s" is invalid: type: Invalid value: "example.com/b": field is immutable',
    );
  });

  it("by its size", async () => {
    const { status, body } = await cluster.api.post(
      at(cluster, "configmaps"),
      configMap("big", { a: "x".repeat(1024 * 1024 + 1) }),
    );
    expect(status).toBe(422);
    expect(body.message).toBe(
      'ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes',
    );
  });

  it("of a kind that nobody serves is NotFound", async () => {
    const { status, text } = await cluster.api.apply(
      `/apis/nothing.example/v1/namespaces/${cluster.namespace}/things/one`,
      { apiVersion: "nothing.example/v1", kind: "Thing", metadata: { name: "one" } },
    );
    expect(status).toBe(404);
    expect(text).toContain("404 page not found");
  });
});

describeCluster("a quota", (cluster) => {
  const quota = async (hard: Record<string, string>) => {
    const body = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small" },
      spec: { hard },
    };
    await cluster.api.post(at(cluster, "resourcequotas"), body);
    await eventually(
      () => cluster.api.get(at(cluster, "resourcequotas", "small")),
      (answer) => answer.body.status?.used !== undefined,
    );
  };

  it("that is exceeded refuses, with the figures", async () => {
    await quota({ pods: "0" });
    const { status, body } = await cluster.api.post(at(cluster, "pods"), pod("one"));
    expect(status).toBe(403);
    expect(body).toMatchObject({ reason: "Forbidden", details: { name: "one", kind: "pods" } });
    expect(body.message).toBe(
      'pods "one" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0',
    );
  });

  it("that is exceeded by a Deployment's pods shows on its ReplicaSet and in an event", async () => {
    await quota({ pods: "0" });
    await cluster.api.apply(at(cluster, "deployments", "web"), deployment("web"));
    const failed = await eventually(
      () => cluster.api.get(at(cluster, "deployments", "web")),
      ({ body }) => body.status?.conditions?.some((each: Json) => each.type === "ReplicaFailure"),
    );
    const condition = failed.body.status.conditions.find(
      (each: Json) => each.type === "ReplicaFailure",
    );
    expect(condition).toMatchObject({ status: "True", reason: "FailedCreate" });
    expect(condition.message).toMatch(
      /^pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0$/,
    );
    const events = await eventually(
      () => cluster.api.get(`${at(cluster, "events")}?fieldSelector=reason%3DFailedCreate`),
      ({ body }) => body.items.length > 0,
    );
    expect(events.body.items[0]).toMatchObject({
      type: "Warning",
      involvedObject: { kind: "ReplicaSet", namespace: cluster.namespace },
      message: expect.stringContaining("Error creating: pods"),
    });
  });
});

describeCluster("a custom resource", (cluster) => {
  it("is served once its definition is established, and no longer when that is gone", async () => {
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const definition = customResource(randomName("served"));
    const { group } = definition.spec;
    const path = `/apis/${group}/v1/namespaces/${cluster.namespace}/things/one`;
    const thing = {
      apiVersion: `${group}/v1`,
      kind: "Thing",
      metadata: { name: "one" },
      spec: { size: 3 },
    };
    try {
      const made = await cluster.api.post(crds, definition);
      expect(made.status).toBe(201);
      await eventually(
        () => cluster.api.get(`${crds}/${definition.metadata.name}`),
        ({ body }) =>
          body.status?.conditions?.some(
            (each: Json) => each.type === "Established" && each.status === "True",
          ),
      );
      const applied = await eventually(
        () => cluster.api.apply(path, thing),
        ({ status }) => status !== 404,
      );
      expect(applied.status).toBe(201);
      expect(applied.body).toMatchObject({
        kind: "Thing",
        spec: { size: 3 },
        metadata: { generation: 1 },
      });
      const changed = await cluster.api.apply(path, { ...thing, spec: { size: 4 } });
      expect(changed.body.metadata.generation).toBe(2);
      const status = await cluster.api.merge(`${path}/status`, { status: { ready: true } });
      expect(status.body).toMatchObject({ status: { ready: true }, metadata: { generation: 2 } });
    } finally {
      await cluster.api.delete(`${crds}/${definition.metadata.name}`);
    }
    await eventually(
      () => cluster.api.get(path),
      ({ status }) => status === 404,
      30_000,
    );
  });
});
