/**
 * An object that a webhook has to pass which a workload of the same set serves: nobody answers for
 * it while it is planned, so that it goes behind the workloads.
 */
import { createServer } from "node:https";
import { type AddressInfo, createServer as createSilent, type Server } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { identity } from "../../libs/k8s/test/support/SecureServer.js";
import { eventually, type Json } from "../harness/Api.js";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { configMap, deployment, session, set, yaml } from "./support.js";

const listen = async (server: Server, port = 0): Promise<number> => {
  await new Promise<void>((done, fail) => {
    server.once("error", fail).listen(port, "127.0.0.1", done);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

/** A port that nobody listens to, until the test does. */
const freePort = async (): Promise<number> => {
  const server = createSilent();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
};

/** Lets everything pass, and remembers the names. */
const webhook = (passed: Array<string>) =>
  createServer(identity, (request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { uid, name } = JSON.parse(body).request;
      passed.push(name);
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          apiVersion: "admission.k8s.io/v1",
          kind: "AdmissionReview",
          response: { uid, allowed: true },
        }),
      );
    });
  });

/** Asks the port about the ConfigMap `guarded` of this namespace, and nothing else of anyone's. */
async function guard({ api, namespace }: Cluster, port: number): Promise<void> {
  const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
  const made = await api.post(path, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: namespace },
    webhooks: [
      {
        name: "guard.nopea.test",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        timeoutSeconds: 1,
        clientConfig: {
          url: `https://127.0.0.1:${port}/`,
          caBundle: Buffer.from(identity.cert).toString("base64"),
        },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        matchConditions: [{ name: "guarded", expression: 'request.name == "guarded"' }],
        rules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] },
        ],
      },
    ],
  });
  expect(made.status, made.text).toBe(201);
  onTestFinished(async () => void (await api.delete(`${path}/${namespace}`)));
  // A webhook is asked a moment after it was made.
  await eventually(
    () =>
      api.apply(
        `/api/v1/namespaces/${namespace}/configmaps/guarded`,
        configMap("guarded"),
        "test",
        "&dryRun=All",
      ),
    ({ status }) => status === 500,
  );
}

const guarded = () => set(yaml(configMap("guarded"), deployment("web", "registry.example/web:1")));

describeCluster(
  "an object whose webhook can't be called yet",
  (cluster) => {
    it("is applied behind the workloads, when it can be", async () => {
      const port = await freePort();
      await guard(cluster, port);
      const passed: Array<string> = [];
      const deploying = session(cluster).run([
        ...["deploy", "-f", guarded(), "-s", "web", "--stream"],
      ]);
      await eventually(
        () => cluster.api.get(`/apis/apps/v1/namespaces/${cluster.namespace}/deployments/web`),
        ({ body }) => body?.status?.readyReplicas === 1,
      );
      await listen(webhook(passed), port);
      const { code, stdout, stderr } = await deploying;
      expect(code, stdout + stderr).toBe(0);
      const said: ReadonlyArray<Json> = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(said.find(({ type }) => type === "planned").plan.objects).toMatchObject([
        { action: "unknown", note: "a webhook that it passes can't be called yet" },
        { action: "created" },
      ]);
      const steps = said.flatMap(({ type, object, state, ready }) =>
        type === "applying" && state === "done"
          ? [`${object.kind} applied`]
          : type === "waiting" && ready
            ? [`${object.kind} ready`]
            : [],
      );
      expect([...new Set(steps)]).toEqual([
        "Deployment applied",
        "Deployment ready",
        "ConfigMap applied",
      ]);
      expect(passed).toContain("guarded");
      expect(said.at(-1)).toMatchObject({ status: "completed", verified: true, degraded: [] });
    });

    it("fails the deploy where it never can be, after the workloads are ready", async () => {
      // It takes the connection and says nothing.
      await guard(cluster, await listen(createSilent()));
      const { code, answer } = await session(cluster).json([
        ...["deploy", "-f", guarded(), "-s", "web"],
      ]);
      expect(code, JSON.stringify(answer)).toBe(1);
      expect(answer).toMatchObject({
        status: "failed",
        reason: "api_unavailable",
        applied_resources: [{ kind: "Deployment", name: "web", action: "created" }],
        not_applied: [{ kind: "ConfigMap", name: "guarded" }],
        error: { object: { kind: "ConfigMap", name: "guarded" } },
      });
      expect(answer.error.message).toContain("guard.nopea.test");
      expect(answer.error.advice).toContain("what serves the webhook");
    });
  },
  ["real"],
);
