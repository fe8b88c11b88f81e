/** Who may do what, what an admission policy refuses, and what the sandbox doesn't have. */
import { expect, it } from "vitest";
import { eventually } from "../harness/Api.js";
import { describeCluster, randomName } from "../harness/Cluster.js";
import { at, configMap, deployment } from "./objects.js";

describeCluster("a user without permission", (cluster) => {
  it("is forbidden, with verb, resource, group and namespace", async () => {
    const { status, body } = await cluster.stranger.get(at(cluster, "configmaps"));
    expect(status).toBe(403);
    expect(body).toMatchObject({ reason: "Forbidden", details: { kind: "configmaps" } });
    expect(body.message).toBe(
      `configmaps is forbidden: User "stranger" cannot list resource "configmaps" in API group "" in the namespace "${cluster.namespace}"`,
    );
  });

  it("is forbidden by the object's name where one is meant, whatever the verb", async () => {
    const path = at(cluster, "deployments", "web");
    for (const query of ["", "&dryRun=All"]) {
      const applied = await cluster.stranger.apply(path, deployment("web"), "nopea", query);
      expect(applied.status).toBe(403);
      expect(applied.body.message).toBe(
        `deployments.apps "web" is forbidden: User "stranger" cannot patch resource "deployments" in API group "apps" in the namespace "${cluster.namespace}"`,
      );
    }
    const log = await cluster.stranger.get(`${at(cluster, "pods", "one")}/log`);
    expect(log.body.message).toBe(
      `pods "one" is forbidden: User "stranger" cannot get resource "pods/log" in API group "" in the namespace "${cluster.namespace}"`,
    );
  });

  it("is forbidden what has no namespace at the cluster's scope", async () => {
    const { status, body } = await cluster.stranger.get("/api/v1/namespaces/kube-system");
    expect(status).toBe(403);
    expect(body.message).toBe(
      'namespaces "kube-system" is forbidden: User "stranger" cannot get resource "namespaces" in API group "" in the namespace "kube-system"',
    );
    const nodes = await cluster.stranger.get("/api/v1/nodes");
    expect(nodes.body.message).toBe(
      'nodes is forbidden: User "stranger" cannot list resource "nodes" in API group "" at the cluster scope',
    );
  });

  it("is forbidden to watch before the watch begins", async () => {
    await expect(cluster.stranger.watch(at(cluster, "pods"))).rejects.toThrow(
      /: 403 .*cannot watch resource \\"pods\\"/,
    );
  });

  it("may still ask what there is", async () => {
    expect((await cluster.stranger.get("/api/v1")).status).toBe(200);
    expect((await cluster.stranger.get("/apis")).status).toBe(200);
  });
});

describeCluster("a token that nobody has", (cluster) => {
  it("is Unauthorized", async () => {
    const { status, body } = await cluster.api.send("GET", at(cluster, "configmaps"), undefined, {
      headers: { authorization: "Bearer nobody" },
    });
    expect(status).toBe(401);
    expect(body).toMatchObject({
      kind: "Status",
      reason: "Unauthorized",
      code: 401,
      message: "Unauthorized",
    });
  });
});

const policy = (name: string, namespace: string) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: {
    failurePolicy: "Fail",
    matchConstraints: {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      resourceRules: [
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["configmaps"],
        },
      ],
    },
    validations: [
      {
        expression: "'owner' in object.metadata.labels",
        message: "every ConfigMap names its owner",
      },
    ],
  },
});

describeCluster(
  "an admission policy",
  (cluster) => {
    it("refuses in its own name", async () => {
      const name = randomName("owner");
      const base = "/apis/admissionregistration.k8s.io/v1";
      await cluster.api.post(
        `${base}/validatingadmissionpolicies`,
        policy(name, cluster.namespace),
      );
      await cluster.api.post(`${base}/validatingadmissionpolicybindings`, {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: { policyName: name, validationActions: ["Deny"] },
      });
      try {
        const labelled = configMap("one");
        labelled.metadata.labels = {};
        const { body } = await eventually(
          () =>
            cluster.api.apply(at(cluster, "configmaps", "one"), labelled, "nopea", "&dryRun=All"),
          ({ status }) => status === 422,
          20_000,
        );
        expect(body).toMatchObject({
          reason: "Invalid",
          details: { name: "one", kind: "configmaps" },
        });
        expect(body.message).toContain(
          `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: `,
        );
      } finally {
        await cluster.api.delete(`${base}/validatingadmissionpolicybindings/${name}`);
        await cluster.api.delete(`${base}/validatingadmissionpolicies/${name}`);
      }
    });
  },
  ["real"],
);

describeCluster(
  "what the sandbox doesn't have",
  (cluster) => {
    it("is refused by name, never taken and ignored", async () => {
      const { status, body } = await cluster.api.post(
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        policy("owner", cluster.namespace),
      );
      expect(status).toBe(501);
      expect(body).toMatchObject({ kind: "Status", reason: "NotImplemented", code: 501 });
      expect(body.message).toContain(
        "create of validatingadmissionpolicies.admissionregistration.k8s.io",
      );
    });

    it("is a body in protobuf", async () => {
      const { status, body } = await cluster.api.send("POST", at(cluster, "configmaps"), "k8s", {
        type: "application/vnd.kubernetes.protobuf",
      });
      expect(status).toBe(501);
      expect(body.message).toContain("send JSON or YAML");
    });
  },
  ["sandbox"],
);
