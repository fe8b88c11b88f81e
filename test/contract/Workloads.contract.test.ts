/** What the controllers make of a workload: status, conditions, revisions, events; and what its pods say. */
import { expect, it } from "vitest";
import { eventually, type Json } from "../harness/Api.js";
import { describeCluster, type Cluster } from "../harness/Cluster.js";
import { at, condition, daemonSet, deployment, job, pod, statefulSet } from "./objects.js";

const apply = async (cluster: Cluster, plural: string, body: Json): Promise<Json> => {
  const answer = await cluster.api.apply(at(cluster, plural, body.metadata.name), body);
  expect(answer.status).toBeLessThan(300);
  return answer.body;
};

const live = (
  cluster: Cluster,
  plural: string,
  name: string,
  is: (object: Json) => boolean,
  withinMs?: number,
) =>
  eventually(
    async () => (await cluster.api.get(at(cluster, plural, name))).body as Json,
    is,
    withinMs,
  );

const list = async (cluster: Cluster, plural: string, query = ""): Promise<ReadonlyArray<Json>> =>
  (await cluster.api.get(`${at(cluster, plural)}${query}`)).body.items;

const REVISION = "deployment.kubernetes.io/revision";

describeCluster("a Deployment", (cluster) => {
  const available = (object: Json) =>
    condition(object, "Progressing")?.reason === "NewReplicaSetAvailable";

  it("reports its pods, and that its new ReplicaSet is available", async () => {
    await apply(cluster, "deployments", deployment("web", { spec: { replicas: 2 } }));
    const object = await live(cluster, "deployments", "web", available);
    expect(object.metadata.generation).toBe(1);
    expect(object.metadata.annotations).toEqual({ [REVISION]: "1" });
    expect(object.status).toMatchObject({
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    });
    expect(condition(object, "Available")).toMatchObject({
      status: "True",
      reason: "MinimumReplicasAvailable",
      message: "Deployment has minimum availability.",
    });
    const [set] = await list(cluster, "replicasets");
    expect(condition(object, "Progressing")).toMatchObject({
      status: "True",
      message: `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
    });
  });

  it("makes a ReplicaSet per template, and pods that belong to it", async () => {
    await apply(cluster, "deployments", deployment("web"));
    const owner = await live(cluster, "deployments", "web", available);
    const [set] = await list(cluster, "replicasets");
    const hash = set.metadata.labels["pod-template-hash"];
    expect(set).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels: { app: "web" },
        annotations: { [REVISION]: "1" },
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "Deployment",
            name: "web",
            uid: owner.metadata.uid,
            controller: true,
          },
        ],
      },
      spec: { selector: { matchLabels: { app: "web", "pod-template-hash": hash } } },
      status: { replicas: 1, readyReplicas: 1, observedGeneration: 1 },
    });
    const [member] = await list(cluster, "pods");
    expect(member.metadata).toMatchObject({
      name: expect.stringMatching(new RegExp(`^web-${hash}-[a-z0-9]{5}$`)),
      labels: { app: "web", "pod-template-hash": hash },
      ownerReferences: [
        { kind: "ReplicaSet", name: set.metadata.name, uid: set.metadata.uid, controller: true },
      ],
    });
    const events = await list(cluster, "events");
    const said = (kind: string) =>
      events
        .filter(({ involvedObject }) => involvedObject.kind === kind)
        .map(({ reason }) => reason);
    expect(said("Deployment")).toContain("ScalingReplicaSet");
    expect(said("ReplicaSet")).toContain("SuccessfulCreate");
  });

  it("goes over to a new template, and keeps the old ReplicaSet at 0", async () => {
    await apply(cluster, "deployments", deployment("web", { spec: { replicas: 2 } }));
    await live(cluster, "deployments", "web", available);
    const changed = await apply(
      cluster,
      "deployments",
      deployment("web", { image: "registry.example/app:2", spec: { replicas: 2 } }),
    );
    expect(changed.metadata.generation).toBe(2);
    const object = await live(
      cluster,
      "deployments",
      "web",
      (each) =>
        each.status.observedGeneration === 2 &&
        each.status.replicas === 2 &&
        each.status.updatedReplicas === 2 &&
        each.status.availableReplicas === 2,
    );
    expect(object.metadata.annotations).toMatchObject({ [REVISION]: "2" });
    const sets = await list(cluster, "replicasets");
    expect(
      sets.map((set) => [set.metadata.annotations[REVISION], set.spec.replicas]).sort(),
    ).toEqual([
      ["1", 0],
      ["2", 2],
    ]);
    await eventually(
      () => list(cluster, "pods"),
      (pods) => pods.length === 2,
    );
    expect((await list(cluster, "pods")).map(({ spec }) => spec.containers[0].image)).toEqual([
      "registry.example/app:2",
      "registry.example/app:2",
    ]);
  });

  it("goes back to an old template by its old ReplicaSet, as a new revision", async () => {
    for (const tag of ["1", "2", "1"]) {
      await apply(
        cluster,
        "deployments",
        deployment("web", { image: `registry.example/app:${tag}` }),
      );
      await live(
        cluster,
        "deployments",
        "web",
        (each) =>
          each.status?.observedGeneration === each.metadata.generation &&
          each.status.updatedReplicas === 1 &&
          each.status.replicas === 1 &&
          available(each),
      );
    }
    const sets = await list(cluster, "replicasets");
    expect(
      sets.map((set) => [set.metadata.annotations[REVISION], set.spec.replicas]).sort(),
    ).toEqual([
      ["2", 0],
      ["3", 1],
    ]);
  });

  it("keeps the old pods while the new ones are not ready", async () => {
    await apply(cluster, "deployments", deployment("web", { spec: { replicas: 4 } }));
    await live(cluster, "deployments", "web", available);
    await apply(
      cluster,
      "deployments",
      deployment("web", { image: "registry.example/app:pull-fails", spec: { replicas: 4 } }),
    );
    const object = await live(
      cluster,
      "deployments",
      "web",
      (each) => each.status.observedGeneration === 2 && each.status.updatedReplicas === 2,
    );
    expect(object.status).toMatchObject({
      replicas: 5,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 2,
    });
    expect(condition(object, "Available")).toMatchObject({ status: "True" });
    expect(condition(object, "Progressing")).toMatchObject({
      status: "True",
      reason: "ReplicaSetUpdated",
    });
  });

  it("whose time is over says so, and goes on", async () => {
    const spec = { progressDeadlineSeconds: 1 };
    await apply(
      cluster,
      "deployments",
      deployment("web", { image: "registry.example/app:never-ready", spec }),
    );
    const object = await live(
      cluster,
      "deployments",
      "web",
      (each) => condition(each, "Progressing")?.status === "False",
      30_000,
    );
    expect(condition(object, "Progressing")).toMatchObject({
      reason: "ProgressDeadlineExceeded",
      message: expect.stringMatching(/^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/),
    });
    expect(condition(object, "Available")).toMatchObject({
      status: "False",
      reason: "MinimumReplicasUnavailable",
      message: "Deployment does not have minimum availability.",
    });
  });

  it("that is paused rolls nothing", async () => {
    await apply(cluster, "deployments", deployment("web"));
    await live(cluster, "deployments", "web", available);
    await apply(
      cluster,
      "deployments",
      deployment("web", { image: "registry.example/app:2", spec: { paused: true } }),
    );
    const object = await live(
      cluster,
      "deployments",
      "web",
      (each) => each.status.observedGeneration === 2,
    );
    expect(condition(object, "Progressing")).toMatchObject({
      status: "Unknown",
      reason: "DeploymentPaused",
    });
    expect((await list(cluster, "replicasets")).length).toBe(1);
  });

  it("takes ReplicaSets and pods with it", async () => {
    await apply(cluster, "deployments", deployment("web"));
    await live(cluster, "deployments", "web", available);
    await cluster.api.delete(at(cluster, "deployments", "web"));
    await eventually(
      async () => [...(await list(cluster, "replicasets")), ...(await list(cluster, "pods"))],
      (left) => left.length === 0,
    );
  });
});

describeCluster("a StatefulSet", (cluster) => {
  it("starts its pods in order, each when the one before is ready", async () => {
    await apply(cluster, "statefulsets", statefulSet("db", { spec: { replicas: 3 } }));
    const object = await live(
      cluster,
      "statefulsets",
      "db",
      ({ status }) => status?.readyReplicas === 3,
      20_000,
    );
    expect(object.status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
    });
    expect(object.status.currentRevision).toBe(object.status.updateRevision);
    const pods = await list(cluster, "pods");
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(["db-0", "db-1", "db-2"]);
    expect(pods[0].metadata.labels).toMatchObject({
      "statefulset.kubernetes.io/pod-name": "db-0",
      "apps.kubernetes.io/pod-index": "0",
      "controller-revision-hash": object.status.updateRevision,
    });
    const readySince = pods.map((each) => Date.parse(condition(each, "Ready").lastTransitionTime));
    expect(readySince).toEqual([...readySince].sort());
  });

  it("stops at the first new pod that isn't ready, the last ordinal first", async () => {
    await apply(cluster, "statefulsets", statefulSet("db", { spec: { replicas: 2 } }));
    await live(cluster, "statefulsets", "db", ({ status }) => status?.readyReplicas === 2, 20_000);
    await apply(
      cluster,
      "statefulsets",
      statefulSet("db", { image: "registry.example/app:pull-fails", spec: { replicas: 2 } }),
    );
    const object = await live(
      cluster,
      "statefulsets",
      "db",
      ({ status }) =>
        status.observedGeneration === 2 &&
        status.updatedReplicas === 1 &&
        status.readyReplicas === 1,
      20_000,
    );
    expect(object.status.currentRevision).not.toBe(object.status.updateRevision);
    const pods = await list(cluster, "pods");
    expect(pods.map(({ spec }) => spec.containers[0].image)).toEqual([
      "registry.example/app:1",
      "registry.example/app:pull-fails",
    ]);
  });
});

describeCluster("a DaemonSet", (cluster) => {
  it("runs a pod on the node", async () => {
    await apply(cluster, "daemonsets", daemonSet("agent"));
    const object = await live(
      cluster,
      "daemonsets",
      "agent",
      ({ status }) => status?.numberAvailable === 1,
    );
    expect(object.status).toMatchObject({
      observedGeneration: 1,
      desiredNumberScheduled: 1,
      currentNumberScheduled: 1,
      updatedNumberScheduled: 1,
      numberReady: 1,
    });
  });
});

describeCluster("a Job", (cluster) => {
  it("completes with its pod", async () => {
    await apply(cluster, "jobs", job("once"));
    const object = await live(
      cluster,
      "jobs",
      "once",
      (each) => condition(each, "Complete")?.status === "True",
      20_000,
    );
    expect(object.status).toMatchObject({
      succeeded: 1,
      startTime: expect.any(String),
      completionTime: expect.any(String),
    });
    expect(condition(object, "Complete")).toMatchObject({ reason: "CompletionsReached" });
    const [member] = await list(cluster, "pods");
    expect(member.status.phase).toBe("Succeeded");
    expect(member.metadata.labels).toMatchObject({
      "batch.kubernetes.io/job-name": "once",
      "job-name": "once",
    });
    expect(member.status.containerStatuses[0].state.terminated).toMatchObject({
      exitCode: 0,
      reason: "Completed",
    });
  });

  it("fails when its pod does more often than it may", async () => {
    await apply(cluster, "jobs", job("once", { image: "registry.example/app:job-fails" }));
    const object = await live(
      cluster,
      "jobs",
      "once",
      (each) => condition(each, "Failed")?.status === "True",
      20_000,
    );
    expect(condition(object, "Failed")).toMatchObject({
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    });
    expect(object.status.failed).toBe(1);
    const [member] = await list(cluster, "pods");
    expect(member.status.phase).toBe("Failed");
    expect(member.status.containerStatuses[0].state.terminated).toMatchObject({
      exitCode: 1,
      reason: "Error",
    });
  });

  it("that is suspended has no pods", async () => {
    await apply(cluster, "jobs", job("later", { spec: { suspend: true } }));
    const object = await live(
      cluster,
      "jobs",
      "later",
      (each) => condition(each, "Suspended")?.status === "True",
    );
    expect(condition(object, "Suspended")).toMatchObject({
      reason: "JobSuspended",
      message: "Job suspended",
    });
    expect(await list(cluster, "pods")).toEqual([]);
  });
});

describeCluster("logs", (cluster) => {
  const log = (name: string, query = "") =>
    cluster.api.get(`${at(cluster, "pods", name)}/log${query}`);
  const start = async (name: string, image: string, is: (status: Json) => boolean) => {
    await cluster.api.post(
      at(cluster, "pods"),
      pod(name, { image: `registry.example/app:${image}` }),
    );
    await live(cluster, "pods", name, (each) => each.status?.containerStatuses?.some(is) === true);
  };

  it("are what the container wrote, all or the last lines", async () => {
    await start("one", "1", ({ ready }) => ready);
    const all = await log("one");
    expect(all.status).toBe(200);
    expect(all.headers["content-type"]).toMatch(/^text\/plain/);
    expect(all.text).toBe("starting\nlistening on :8080\nconnecting to database db:5432\n");
    expect((await log("one", "?container=main&tailLines=1")).text).toBe(
      "connecting to database db:5432\n",
    );
  });

  it("of the instance before are there once one has ended", async () => {
    await start("bad", "crashes", ({ restartCount }) => restartCount === 1);
    const previous = await log("bad", "?container=main&previous=true&tailLines=20");
    expect(previous.status).toBe(200);
    expect(previous.text.split("\n").at(-2)).toBe(
      "fatal: cannot connect to database db:5432: connection refused",
    );
  });

  it("are refused for a pod or a container that isn't there", async () => {
    expect((await log("none")).status).toBe(404);
    await start("one", "1", ({ ready }) => ready);
    const { status, body } = await log("one", "?container=other");
    expect(status).toBe(400);
    expect(body.message).toBe("container other is not valid for pod one");
  });

  it("ask for the container where there are two", async () => {
    await cluster.api.post(at(cluster, "pods"), pod("two", { second: "registry.example/app:1" }));
    await live(cluster, "pods", "two", (each) => each.status?.phase === "Running");
    const { status, body } = await log("two");
    expect(status).toBe(400);
    expect(body.message).toBe(
      "a container name must be specified for pod two, choose one of: [main second]",
    );
  });
});

describeCluster("an event", (cluster) => {
  it("is found by the object that it is about", async () => {
    await apply(
      cluster,
      "deployments",
      deployment("web", { image: "registry.example/app:bad-config" }),
    );
    const [member] = await eventually(
      () => list(cluster, "pods"),
      (pods) => pods.length === 1,
    );
    const query = `?fieldSelector=${encodeURIComponent(`involvedObject.uid=${member.metadata.uid},reason=Failed`)}`;
    const [event] = await eventually(
      () => list(cluster, "events", query),
      (events) => events.length > 0,
    );
    expect(event).toMatchObject({
      type: "Warning",
      reason: "Failed",
      message: 'Error: configmap "missing" not found',
      involvedObject: {
        kind: "Pod",
        name: member.metadata.name,
        namespace: cluster.namespace,
        uid: member.metadata.uid,
      },
      metadata: { namespace: cluster.namespace },
    });
  });
});
