/** Deploys, and what is told of them afterwards, as a person or a script asks. */
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { session, set, web } from "./support.js";

describeCluster("deploy, status and history", (cluster) => {
  it("deploys, finds the same unchanged, sees a hand's change, and lists it all", async () => {
    const { json } = session(cluster);
    const path = set(web());
    const first = await json(["deploy", "-f", path, "-s", "web"]);
    expect(first.code, first.stdout).toBe(0);
    expect(first.answer).toMatchObject({
      status: "completed",
      verified: true,
      namespace: cluster.namespace,
      manifest_count: 2,
      degraded: [],
    });

    const again = await json(["deploy", "-f", path, "-s", "web"]);
    expect(again.answer).toMatchObject({ status: "completed", verified: true, unchanged: true });
    expect(again.answer.applied_resources.map(({ action }: Json) => action)).toEqual([
      "unchanged",
      "unchanged",
    ]);

    const steady = await json(["status", "web"]);
    expect(steady.answer).toMatchObject({
      service: "web",
      known: true,
      ready: true,
      drift: [],
      cluster: "reachable",
      current: { deploy_id: first.answer.deploy_id },
    });

    await cluster.api.merge(`/api/v1/namespaces/${cluster.namespace}/configmaps/web`, {
      data: { greeting: "by hand" },
    });
    const drifted = await json(["status", "web"]);
    expect(drifted.answer.drift).toMatchObject([
      { object: { kind: "ConfigMap", name: "web" }, state: "manual_drift" },
    ]);

    const history = await json(["history", "web"]);
    expect(history.answer).toMatchObject({ service: "web", namespace: cluster.namespace });
    expect(history.answer.deployments.map(({ deploy_id }: Json) => deploy_id)).toEqual([
      again.answer.deploy_id,
      first.answer.deploy_id,
    ]);
  });

  it("knows as much on a machine that has never seen the service", async () => {
    const here = session(cluster);
    await here.json(["deploy", "-f", set(web()), "-s", "web"]);
    const failed = await here.json([
      ...["deploy", "-s", "web", "-f", set(web("registry.example/web:crashes"))],
    ]);
    expect(failed.code).toBe(1);
    expect(failed.answer).toMatchObject({ status: "failed", reason: "crash_loop" });

    const there = session(cluster);
    const history = await there.json(["history", "web"]);
    expect(history.answer.deployments).toMatchObject([
      {
        deploy_id: failed.answer.deploy_id,
        reason: "crash_loop",
        error: { evidence: failed.answer.error.evidence },
      },
      { status: "completed" },
    ]);
    const status = await there.json(["status", "web"]);
    expect(status.answer).toMatchObject({
      ready: false,
      current: { status: "completed" },
      latest: { status: "failed" },
    });
    const offline = await there.json(["status", "web", "--offline"]);
    expect(offline.answer).toMatchObject({
      cluster: "offline",
      current: { deploy_id: status.answer.current.deploy_id },
      latest: { deploy_id: failed.answer.deploy_id },
    });
    const services = await there.json(["services"]);
    expect(services.answer.services).toMatchObject([
      { service: "web", deploys: 2, status: "failed", reason: "crash_loop" },
    ]);
    const all = await there.json(["status"]);
    expect(all.answer).toMatchObject({
      namespace: cluster.namespace,
      services: [{ service: "web" }],
    });
  });

  it("answers for the health of all that it needs", async () => {
    const { json } = session(cluster);
    const { code, answer } = await json(["health"]);
    expect(code).toBe(0);
    expect(answer).toMatchObject({
      status: "ok",
      cluster: { reachable: true, version: expect.stringMatching(/^v1\.\d+\./), lacking: [] },
      store: { available: true },
    });
  });

  it("tells with 3 that nobody knows a service", async () => {
    const { json } = session(cluster);
    for (const command of ["status", "history"]) {
      expect(await json([command, "nobody"])).toMatchObject({
        code: 3,
        answer: { code: "not_found" },
      });
    }
  });

  it("leaves after applying with --no-wait, and the next one settles it", async () => {
    const { json } = session(cluster);
    const left = await json([...["deploy", "-f", set(web()), "-s", "web", "--no-wait"]]);
    expect(left, left.stdout).toMatchObject({ code: 0, answer: { status: "progressing" } });
    const status = await json(["status", "web"]);
    expect(status.answer.in_flight).toMatchObject({
      deploy_id: left.answer.deploy_id,
      left: true,
    });
    const next = await json(["deploy", "-f", set(web(undefined, "again")), "-s", "web"]);
    expect(next.answer.status).toBe("completed");
    const { answer } = await json(["history", "web"]);
    expect(answer.deployments).toHaveLength(2);
    expect(answer.deployments[1].deploy_id).toBe(left.answer.deploy_id);
    expect(answer.deployments[1].status).not.toBe("progressing");
  });

  it("records an interruption, and says what was applied", async () => {
    const { json } = session(cluster);
    const ran = await json(
      ["deploy", "-f", set(web("registry.example/web:never-ready")), "-s", "web"],
      {
        onStart: (child) => {
          let seen = "";
          let asked = false;
          child.stderr?.on("data", (text: string) => {
            seen += text;
            if (asked || !/applied 2 objects/.test(seen)) return;
            asked = true;
            child.kill("SIGINT");
          });
        },
      },
    );
    expect(ran.code, ran.stderr).toBe(130);
    expect(ran.answer).toMatchObject({ status: "failed", reason: "interrupted" });
    expect(ran.answer.applied_resources).toHaveLength(2);
    const { answer } = await json(["history", "web"]);
    expect(answer.deployments).toMatchObject([{ status: "failed", reason: "interrupted" }]);
  });
});
