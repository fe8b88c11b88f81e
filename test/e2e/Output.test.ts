/** The command line as a person or a script meets it: one process, its streams and its exit code. */
import { execFile, spawn } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { eventually, type Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { binary, runNopea } from "../harness/Nopea.js";
import { folder, session, set, web, yaml } from "./support.js";

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
