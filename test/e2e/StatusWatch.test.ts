/** `nopea status --watch` as a process: what changes is shown when it changes, not when it is asked for. */
import { startSandbox } from "@nopea/sandbox";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { type Ran, runNopea } from "../harness/Nopea.js";
import { folder, session, set, web } from "./support.js";

/** Without a word from the cluster it would be looked at every 10 s. */
const BY_WORD_MS = 8_000;

interface Line {
  readonly text: string;
  readonly at: number;
}

/** Runs a watch; `next` is the first line, from where the last one was found, that has the text. */
function watching(start: (onStart: Parameters<typeof runNopea>[1]) => Promise<Ran>) {
  const lines: Array<Line> = [];
  let rest = "";
  let from = 0;
  let heard = () => {};
  let stop = () => {};
  const ended = start({
    onStart: (child) => {
      stop = () => void child.kill("SIGINT");
      child.stdout?.on("data", (chunk: string) => {
        const [first = "", ...more] = `${rest}${chunk}`.split("\n").reverse();
        rest = first;
        const at = performance.now();
        lines.push(...more.reverse().map((text) => ({ text, at })));
        heard();
      });
    },
  });
  onTestFinished(() => stop());
  const next = async (text: string, withinMs = BY_WORD_MS): Promise<Line> => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const index = lines.findIndex((line, at) => at >= from && line.text.includes(text));
      const found = lines[index];
      if (found !== undefined) {
        from = index + 1;
        return found;
      }
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new Error(`no "${text}" in\n${lines.map((line) => line.text).join("\n")}`);
      }
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left);
        heard = () => (clearTimeout(timer), done());
      });
    }
  };
  return { lines, next, end: () => (stop(), ended) };
}

describeCluster("status --watch", (cluster) => {
  it("prints a line for each change, within a second of it, and ends with 130", async () => {
    const { run } = session(cluster);
    await run(["deploy", "-f", set(web()), "-s", "web"]);
    const seen = watching((options) => run(["status", "web", "--watch"], options));
    await seen.next("drift     none");
    const configMap = `/api/v1/namespaces/${cluster.namespace}/configmaps/web`;
    const took: Array<number> = [];
    for (const greeting of ["by hand", "hello", "again", "hello"]) {
      const from = performance.now();
      await cluster.api.merge(configMap, { data: { greeting } });
      const wanted = greeting === "hello" ? "no drift any more" : 'manual_drift: data["greeting"]';
      const { at, text } = await seen.next(`web: ConfigMap/web: ${wanted}`);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}web: /);
      took.push(at - from);
    }
    // Others use the processor too: the quickest tells how soon it can be.
    expect(Math.min(...took), took.join(", ")).toBeLessThan(1_000);

    await run(["deploy", "-f", set(web("registry.example/web:bad-name")), "-s", "web"]);
    await seen.next("is under way: it is being carried out");
    await seen.next("failed: image_reference_invalid: ");
    // Before it has ended or after: which is first depends on when it was looked at.
    const saysNotReady = () => seen.lines.some(({ text }) => text.endsWith("web is not ready"));
    await eventually(async () => saysNotReady(), Boolean);
    const { code, stderr } = await seen.end();
    expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
    // Between two changes nothing is said.
    const said = seen.lines.map(({ text }) => text.replace(/^\S+Z/, ""));
    expect(said.filter((text, index) => text === said[index - 1])).toEqual([]);
  });

  it("sends every service of a namespace as JSON lines, one that is new too", async () => {
    const { run } = session(cluster);
    const seen = watching((options) => run(["status", "--watch", "--stream"], options));
    const first = JSON.parse((await seen.next("{")).text);
    expect(first).toMatchObject({ namespace: cluster.namespace, services: [], degraded: [] });
    await run(["deploy", "-f", set(web()), "-s", "web"]);
    const { text } = await seen.next('"ready":true,"objects"');
    expect(JSON.parse(text).services).toMatchObject([{ service: "web", ready: true }]);
    const { code, stdout } = await seen.end();
    expect(code).toBe(130);
    for (const line of stdout.trimEnd().split("\n")) {
      expect(JSON.parse(line)).toHaveProperty("cluster", "reachable");
    }
  });
});

describe("status --watch, where not all works", () => {
  const open = async () => {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const home = folder();
    const kubeconfig = join(home, "kubeconfig");
    writeFileSync(kubeconfig, sandbox.kubeconfig);
    const env = { KUBECONFIG: kubeconfig, NOPEA_STATE: join(home, "state") };
    await runNopea(["deploy", "-f", set(web()), "-s", "web"], { env });
    return { sandbox, kubeconfig, env };
  };
  const byHand = (env: Readonly<Record<string, string>>, greeting: string) =>
    runNopea(["deploy", "-f", set(web(undefined, greeting)), "-s", "web"], { env });

  it("says that the API server is gone, and goes on when it is back", async () => {
    const { sandbox, env } = await open();
    const seen = watching((options) => runNopea(["status", "web", "--watch"], { env, ...options }));
    await seen.next("drift     none");
    await sandbox.restart(3_000);
    await seen.next("warning: as it was last seen: ");
    await seen.next("the cluster answers", 20_000);
    await byHand(env, "after");
    const { text } = await seen.next("web: deploy ");
    expect(text).toMatch(/is under way|completed/);
    expect((await seen.end()).code).toBe(130);
  });

  it("reads again and again what may not be watched, and says so once", async () => {
    const { sandbox, kubeconfig, env } = await open();
    sandbox.addUser({ token: "poller", name: "poller", deny: [{ verbs: ["watch"] }] });
    const pollers = `${kubeconfig}-poller`;
    writeFileSync(pollers, sandbox.kubeconfigFor("poller"));
    const seen = watching((options) =>
      runNopea(["status", "web", "--watch"], { env: { ...env, KUBECONFIG: pollers }, ...options }),
    );
    await seen.next("its changes are seen some seconds late");
    await byHand(env, "after");
    await seen.next("completed");
    await seen.end();
    const warnings = seen.lines.filter(({ text }) => text.includes("configmaps"));
    expect(warnings.map(({ text }) => text)).toHaveLength(1);
  });
});
