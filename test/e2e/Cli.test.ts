/** The command line as a person or a script meets it: one process, its streams and its exit code. */
import { execFile, spawn } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { eventually, type Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { binary, runNopea } from "../harness/Nopea.js";
import { configMap, deployment, folder, session, yaml } from "./support.js";

const good = "registry.example/web:1";
const web = (image = good, greeting = "hello") =>
  yaml(configMap("web", { greeting }), deployment("web", image));

const set = (text: string) => folder({ "web.yaml": text });

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
      cluster: { reachable: true, lacking: [] },
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
    const next = await json(["deploy", "-f", set(web(good, "again")), "-s", "web"]);
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

describeCluster(
  "output",
  (cluster) => {
    it("reads documents from standard input", async () => {
      const { run } = session(cluster);
      const ran = await run(["deploy", "-f", "-", "-s", "web"], { stdin: web() });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain("✓ web is deployed to");
      expect(ran.stdout).not.toContain("\u001b[");
    });

    it("says nothing with -q, and tells a failure on stderr", async () => {
      const { run } = session(cluster);
      const fine = await run(["deploy", "-f", set(web()), "-s", "web", "-q"]);
      expect(fine).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const broken = set(web("registry.example/web:pull-fails"));
      const bad = await run(["deploy", "-f", broken, "-s", "web", "-q"]);
      expect(bad).toMatchObject({ code: 1, stdout: "" });
      expect(bad.stderr).toContain("image_not_found");
    });

    it("streams events as JSON lines that end with the result", async () => {
      const { run } = session(cluster);
      const ran = await run(["deploy", "-f", set(web()), "-s", "web", "--stream"]);
      const lines = ran.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Json);
      expect(lines[0].type).toBe("accepted");
      expect(lines.at(-2)).toMatchObject({ type: "outcome" });
      expect(lines.at(-1)).toEqual(lines.at(-2).result);
    });

    it("prints names alone, and YAML", async () => {
      const { run } = session(cluster);
      const path = set(web());
      const diff = await run(["diff", "-f", path, "-s", "web", "-o", "name"]);
      expect(diff).toMatchObject({ code: 1, stdout: "ConfigMap/web\nDeployment/web\n" });
      const deployed = await run(["deploy", "-f", path, "-s", "web", "-oname"]);
      expect(deployed.stdout).toMatch(/^[0-9A-Z]{26}\n$/);
      expect((await run(["diff", "-f", path, "-s", "web"])).code).toBe(0);
      const status = await run(["status", "web", "-o=yaml"]);
      expect(status.stdout).toMatch(/^service: web\n/);
    });

    it("never shows a Secret's value", async () => {
      const { run } = session(cluster);
      const secret = (value: string) =>
        yaml({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "web" },
          stringData: { password: value },
        });
      const first = await run(["deploy", "-f", set(secret("hunter2")), "-s", "web", "--stream"]);
      const path = set(secret("swordfish"));
      const diff = await run(["diff", "-f", path, "-s", "web"]);
      const second = await run(["deploy", "-f", path, "-s", "web", "-j"]);
      const history = await run(["history", "web", "-j"]);
      expect(diff.stdout).toContain("password");
      const all = [first, diff, second, history]
        .map(({ stdout, stderr }) => stdout + stderr)
        .join();
      for (const value of ["hunter2", "swordfish"]) {
        expect(all).not.toContain(value);
        expect(all).not.toContain(Buffer.from(value).toString("base64"));
      }
    });

    it("goes on when its reader leaves", async () => {
      const { run, json } = session(cluster);
      const ran = await run(["deploy", "-f", set(web()), "-s", "web", "--stream"], {
        onStart: (child) => child.stdout?.destroy(),
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect((await json(["history", "web"])).answer.deployments).toMatchObject([
        { status: "completed" },
      ]);
    });

    it("draws over itself in a terminal, and leaves the result", async () => {
      const { state } = session(cluster);
      const shown = await inTerminal(
        [
          "deploy",
          "-f",
          set(web("registry.example/web:crashes")),
          "-s",
          "web",
          "-n",
          cluster.namespace,
        ],
        { KUBECONFIG: cluster.kubeconfig, NOPEA_STATE: state },
      );
      expect(shown).toContain("waiting for 1 of 2");
      expect(shown).toContain("\u001b[1A");
      expect(shown).toMatch(/failed in .*crash_loop/s);
      expect(shown).toContain("\u001b[?25h");
    });
  },
  ["sandbox"],
);

describeCluster(
  "the sandbox command",
  () => {
    it("prints a kubeconfig, serves it, and takes all away at Ctrl-C", async () => {
      const state = folder();
      let config = "";
      const ran = await runNopea(["sandbox"], {
        onStart: (child) => {
          child.stdout?.once("data", (line: string) => {
            config = line.trim();
            const env = { KUBECONFIG: config, NOPEA_STATE: state };
            void runNopea(["deploy", "-f", "-", "-s", "web", "-q"], { stdin: web(), env })
              .then(({ code }) => expect(code).toBe(0))
              .finally(() => child.kill("SIGINT"));
          });
        },
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toBe(`${config}\n`);
      expect(existsSync(config)).toBe(false);
    });
  },
  ["sandbox"],
);

describeCluster(
  "completion",
  () => {
    it("completes in bash", async () => {
      const asks = [["dep"], ["deploy", "--force"], ["status", "-o", ""]];
      const lines = asks.map(
        (words) =>
          `COMP_WORDS=(nopea ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _nopea; echo "\${COMPREPLY[*]}"`,
      );
      const bin = folder();
      symlinkSync(binary, join(bin, "nopea"));
      const { stdout } = await execute(
        "bash",
        ["-c", `source <(nopea completion bash); ${lines.join("; ")}`],
        { env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` } },
      );
      expect(stdout).toBe("deploy\n--force-conflicts\ntable json yaml name\n");
    });
  },
  ["sandbox"],
);

const execute = promisify(execFile);

/** What a terminal of 60 columns gets to see. */
async function inTerminal(
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const command = [process.execPath, binary, ...args].map((arg) => `'${arg}'`).join(" ");
  const child = spawn("script", ["-qec", `stty cols 60 rows 20; ${command}`, "/dev/null"], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm-256color", ...env },
  });
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
  let ended = false;
  child.on("close", () => (ended = true));
  await eventually(async () => ended, Boolean, 30_000);
  return seen;
}
