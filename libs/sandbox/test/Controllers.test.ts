import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, configMap, deployment, type Answer, type Client } from "./client.js";

let c: Client;
beforeAll(async () => {
  c = await client({ speed: 10 });
});
afterAll(() => c.sandbox.close());
const CORE = "/api/v1/namespaces/default";
const APPS = "/apis/apps/v1/namespaces/default";
const BATCH = "/apis/batch/v1/namespaces/default";
const condition = (o: Answer, type: string): Answer =>
  o.status?.conditions?.find((x: Answer) => x.type === type);
const rolledOut = (o: Answer): boolean =>
  o.status?.observedGeneration === o.metadata.generation &&
  condition(o, "Progressing")?.reason === "NewReplicaSetAvailable" &&
  o.status.replicas === o.spec.replicas;

describe("a Deployment", () => {
  it("rolls from one revision to the next without going below its minimum", async () => {
    await c.apply(`${APPS}/deployments/roll`, deployment("roll", "web:v1", { replicas: 4 }));
    await c.until(`${APPS}/deployments/roll`, rolledOut);
    const from = (await c.call("GET", `${APPS}/deployments`)).body.metadata.resourceVersion;
    await c.apply(`${APPS}/deployments/roll`, deployment("roll", "web:v2", { replicas: 4 }));
    const done = await c.until(
      `${APPS}/deployments/roll`,
      (o) => rolledOut(o) && o.metadata.annotations["deployment.kubernetes.io/revision"] === "2",
    );
    expect(done.status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
    const seen = await c.watch(
      `${APPS}/deployments?watch=1&resourceVersion=${from}&timeoutSeconds=1`,
      1000,
    );
    const states = seen
      .filter((e) => e.object.metadata.name === "roll")
      .map((e) => e.object.status);
    expect(Math.min(...states.map((s: Answer) => s.availableReplicas))).toBeGreaterThanOrEqual(3);
    expect(Math.max(...states.map((s: Answer) => s.replicas))).toBeLessThanOrEqual(5);
  });

  it("keeps the old pods beside new ones that never start, and finds its old set again", async () => {
    await c.apply(`${APPS}/deployments/back`, deployment("back", "web:v1", { replicas: 2 }));
    await c.until(`${APPS}/deployments/back`, rolledOut);
    await c.apply(
      `${APPS}/deployments/back`,
      deployment("back", "web:pull-fails", { replicas: 2 }),
    );
    const stuck = await c.until(
      `${APPS}/deployments/back`,
      (o) => o.status?.updatedReplicas === 1 && o.status?.unavailableReplicas === 1,
    );
    expect(stuck.status.availableReplicas).toBe(2);
    await c.apply(`${APPS}/deployments/back`, deployment("back", "web:v1", { replicas: 2 }));
    const done = await c.until(`${APPS}/deployments/back`, rolledOut);
    expect(done.metadata.annotations["deployment.kubernetes.io/revision"]).toBe("3");
    expect(
      (await c.call("GET", `${APPS}/replicasets?labelSelector=app=back`)).body.items,
    ).toHaveLength(2);
  });

  it("says ProgressDeadlineExceeded when its time is over", async () => {
    await c.apply(
      `${APPS}/deployments/late`,
      deployment("late", "web:never-ready", { progressDeadlineSeconds: 5 }),
    );
    const late = await c.until(
      `${APPS}/deployments/late`,
      (o) => condition(o, "Progressing")?.status === "False",
    );
    expect(condition(late, "Progressing").reason).toBe("ProgressDeadlineExceeded");
  });

  it("tells an exceeded quota as ReplicaFailure", async () => {
    await c.call("POST", "/api/v1/namespaces", { metadata: { name: "tight" } });
    await c.call("POST", "/api/v1/namespaces/tight/resourcequotas", {
      metadata: { name: "one" },
      spec: { hard: { pods: "1" } },
    });
    await c.apply(
      "/apis/apps/v1/namespaces/tight/deployments/two",
      deployment("two", "web:v1", { replicas: 2 }),
    );
    const failed = await c.until(
      "/apis/apps/v1/namespaces/tight/deployments/two",
      (o) => condition(o, "ReplicaFailure") !== undefined,
    );
    expect(condition(failed, "ReplicaFailure").message).toMatch(
      /exceeded quota: one, requested: pods=1, used: pods=1, limited: pods=1$/,
    );
  });
});

describe("a pod", () => {
  it.each([
    ["pull-fails", "ErrImagePull", /: not found$/],
    ["bad-name", "InvalidImageName", /invalid reference format/],
    ["crashes", "CrashLoopBackOff", /^back-off 10s/],
  ])("with the tag %s waits as %s", async (tag, reason, message) => {
    const { body } = await c.call("POST", `${CORE}/pods`, {
      metadata: { name: tag },
      spec: {
        containers: [
          { name: "ok", image: "web:v1" },
          { name: "bad", image: `web:${tag}` },
        ],
      },
    });
    const waiting = (o: Answer) => o.status?.containerStatuses?.[1]?.state?.waiting;
    await c.until(`${CORE}/pods/${tag}`, (o) =>
      [reason, "ImagePullBackOff"].includes(waiting(o)?.reason),
    );
    // It may have gone on by now.
    const seen = await c.watch(
      `${CORE}/pods?watch=1&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=1`,
      1000,
    );
    const states = seen.filter((e) => e.object.metadata.name === tag).map((e) => waiting(e.object));
    expect(states.find((state) => state?.reason === reason)?.message).toMatch(message);
  });

  it("stays as somebody else has put it", async () => {
    await c.call("POST", `${CORE}/pods`, {
      metadata: { name: "moved" },
      spec: { containers: [{ name: "c", image: "web:slow" }] },
    });
    await c.until(`${CORE}/pods/moved`, (o) => o.status?.containerStatuses?.[0]?.started === true);
    await c.call(
      "PATCH",
      `${CORE}/pods/moved/status`,
      { status: { phase: "Failed", reason: "Evicted", containerStatuses: null } },
      "application/merge-patch+json",
    );
    await new Promise((resolve) => setTimeout(resolve, 1700));
    expect((await c.call("GET", `${CORE}/pods/moved`)).body.status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
    });
  });

  it("that fits no node says what is short", async () => {
    await c.call("POST", `${CORE}/pods`, {
      metadata: { name: "huge" },
      spec: {
        containers: [{ name: "c", image: "web:v1", resources: { requests: { cpu: "100" } } }],
      },
    });
    const pod = await c.until(
      `${CORE}/pods/huge`,
      (o) => condition(o, "PodScheduled") !== undefined,
    );
    expect(condition(pod, "PodScheduled").message).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    );
  });
});

describe("a Job", () => {
  const job = (name: string, image: string): object => ({
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image }] } },
    },
  });
  it("completes, or fails at its backoff limit", async () => {
    await c.call("POST", `${BATCH}/jobs`, job("good", "web:v1"));
    await c.call("POST", `${BATCH}/jobs`, job("bad", "web:job-fails"));
    const good = await c.until(`${BATCH}/jobs/good`, (o) => condition(o, "Complete") !== undefined);
    expect(good.status).toMatchObject({ succeeded: 1 });
    const bad = await c.until(`${BATCH}/jobs/bad`, (o) => condition(o, "Failed") !== undefined);
    expect(condition(bad, "Failed").reason).toBe("BackoffLimitExceeded");
  });
});

describe("a StatefulSet", () => {
  it("starts its pods in order, on claims of their own, and updates from the last", async () => {
    const set = (image: string): object => ({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db" },
      spec: {
        replicas: 2,
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: {
          metadata: { labels: { app: "db" } },
          spec: { containers: [{ name: "c", image }] },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ],
      },
    });
    await c.apply(`${APPS}/statefulsets/db`, set("web:v1"));
    await c.until(`${APPS}/statefulsets/db`, (o) => o.status?.readyReplicas === 2);
    const claim = (await c.call("GET", `${CORE}/persistentvolumeclaims/data-db-1`)).body;
    expect(claim.status.phase).toBe("Bound");
    await c.apply(`${APPS}/statefulsets/db`, set("web:never-ready"));
    await c.until(`${CORE}/pods/db-1`, (o) => o.spec?.containers[0].image === "web:never-ready");
    expect((await c.call("GET", `${CORE}/pods/db-0`)).body.spec.containers[0].image).toBe("web:v1");
  });
});

describe("a deletion", () => {
  it("takes what an object owns with it, in the foreground before the owner", async () => {
    await c.apply(`${APPS}/deployments/gone`, deployment("gone", "web:v1"));
    await c.until(`${APPS}/deployments/gone`, rolledOut);
    await c.call("DELETE", `${APPS}/deployments/gone`, { propagationPolicy: "Foreground" });
    await c.until(`${APPS}/deployments/gone`, (o) => o.code === 404);
    expect((await c.call("GET", `${CORE}/pods?labelSelector=app=gone`)).body.items).toEqual([]);
  });

  it("of a namespace empties it, and lets nothing new in", async () => {
    await c.call("POST", "/api/v1/namespaces", { metadata: { name: "ending" } });
    await c.call(
      "POST",
      "/api/v1/namespaces/ending/configmaps",
      configMap("held", {}, { finalizers: ["a.test/hold"] }),
    );
    await c.call("DELETE", "/api/v1/namespaces/ending");
    const late = await c.call(
      "POST",
      "/api/v1/namespaces/ending/configmaps",
      configMap("late", {}),
    );
    expect(late.status).toBe(403);
    expect(late.body.details.causes[0].reason).toBe("NamespaceTerminating");
    await c.call(
      "PATCH",
      "/api/v1/namespaces/ending/configmaps/held",
      { metadata: { finalizers: null } },
      "application/merge-patch+json",
    );
    await c.until("/api/v1/namespaces/ending", (o) => o.code === 404);
  });
});
