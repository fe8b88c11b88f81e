/**
 * Where a deploy can't do its work: no permission, no cluster behind the kubeconfig, a store that
 * can't be used. One message that names what is wrong; only memory can be done without.
 */
import Database from "better-sqlite3";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { Json } from "../harness/Api.js";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { configMap, deployment, folder, madeIn, session, yaml } from "./support.js";

const good = yaml(configMap("good"));

/** File modes bind root only where it has given up what passes over them. */
const BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const isRoot = process.getuid?.() === 0;
const unbound = isRoot && spawnSync(BOUND[0] ?? "", [...BOUND.slice(1), "true"]).status !== 0;

describeCluster(
  "a deploy without permission",
  (cluster) => {
    it("refuses a forbidden namespace by its verb", async () => {
      const { run } = session(cluster);
      const path = folder({ "a.yaml": good });
      const ran = await run(["deploy", "-f", path, "-s", "web", "--context", "stranger"]);
      expect(ran.code, ran.stderr).toBe(4);
      expect(ran.stderr).toMatch(/forbidden/);
      expect(ran.stderr).toMatch(/configmaps/i);
      expect(await madeIn(cluster)).toEqual([]);
    }, 30_000);
  },
  ["real"],
);

const CASES: ReadonlyArray<readonly [string, (cluster: Cluster) => string, number, RegExp]> = [
  ["is missing", () => join(folder(), "nowhere"), 2, /nowhere/],
  ["is not YAML", () => write("clusters: [\n"), 2, /kubeconfig/],
  ["is no kubeconfig", () => write("just: text"), 2, /kubeconfig|context/],
  [
    "points nowhere",
    () => write(kubeconfig({ server: "http://127.0.0.1:9" }, {})),
    5,
    /127\.0\.0\.1:9/,
  ],
  [
    "has no host",
    () => write(kubeconfig({ server: "https://no.such.host.invalid" }, {})),
    5,
    /no\.such\.host/,
  ],
];

const write = (text: string): string => {
  const path = join(folder(), "kubeconfig");
  writeFileSync(path, text);
  return path;
};

const kubeconfig = (cluster: object, user: object): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "it",
    clusters: [{ name: "it", cluster }],
    users: [{ name: "it", user }],
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
  });

describeCluster("a kubeconfig that", (cluster) => {
  it.each(CASES)(
    "%s is refused",
    async (_, make, code, says) => {
      const { json } = session(cluster);
      const path = folder({ "a.yaml": good });
      const ran = await json(["deploy", "-f", path, "-s", "web", "--kubeconfig", make(cluster)]);
      expect(ran.code, ran.stdout).toBe(code);
      expect(ran.answer.code).toBe(code === 5 ? "cluster_unreachable" : "bad_input");
      expect(ran.answer.message).toMatch(says);
    },
    60_000,
  );

  it("has an expired token is refused", async () => {
    const { json } = session(cluster);
    const path = folder({ "a.yaml": good });
    const { server, ...trust } = endpoint(cluster);
    const config = write(kubeconfig({ server, ...trust }, { token: "long-gone" }));
    const ran = await json(["deploy", "-f", path, "-s", "web", "--kubeconfig", config]);
    expect(ran.code, ran.stdout).toBe(5);
    expect(ran.answer.message).toMatch(/credential|token|Unauthorized|401/i);
    expect(await madeIn(cluster)).toEqual([]);
  });

  it("names a context that is not there is refused", async () => {
    const { json } = session(cluster);
    const ran = await json(["status", "web", "--context", "nope"]);
    expect(ran.code).toBe(2);
    expect(ran.answer.message).toMatch(/nope/);
  });
});

describeCluster(
  "a kubeconfig with another CA",
  (cluster) => {
    it("is refused", async () => {
      const { json } = session(cluster);
      const { server } = endpoint(cluster);
      const config = write(kubeconfig({ server }, { token: "x" }));
      const path = folder({ "a.yaml": good });
      const ran = await json(["deploy", "-f", path, "-s", "web", "--kubeconfig", config]);
      expect(ran.code, ran.stdout).toBe(5);
      expect(ran.answer.message).toMatch(/certificate|CA/);
    });
  },
  ["real"],
);

const endpoint = (cluster: Cluster): { readonly server: string } =>
  parse(readFileSync(cluster.kubeconfig, "utf8")).clusters[0].cluster as { server: string };

describeCluster(
  "a store that",
  (cluster) => {
    const deploying = async (state: string) => {
      const path = folder({ "a.yaml": yaml(deployment("web", "registry.example/web:1")) });
      return session(cluster, state).json(["deploy", "-f", path, "-s", "web"]);
    };

    it("is of a newer version is left alone, and what needs no memory goes on", async () => {
      const state = folder({ "state/.keep": "" });
      const file = join(state, "state/nopea.db");
      const newer = new Database(file);
      newer.pragma("user_version = 9999");
      newer.close();
      const ran = await deploying(state);
      expect(ran.code, ran.stdout).toBe(0);
      expect(ran.answer.degraded).toContain("memory");
      expect(ran.answer.warnings.join()).toMatch(/newer/);
      const offline = await session(cluster, state).json(["status", "web", "--offline"]);
      expect(offline.code).toBe(4);
      expect(offline.answer).toMatchObject({ code: "store_unavailable" });
      const after = new Database(file);
      expect(after.pragma("user_version", { simple: true })).toBe(9999);
      after.close();
      expect(readdirSync(join(state, "state")).filter((name) => /corrupt/.test(name))).toEqual([]);
    });

    it.skipIf(unbound)(
      `can only be read is read, and a deploy that it can't take goes through${unbound ? ": root may write all, and there is no setpriv" : ""}`,
      async () => {
        const state = folder();
        const before = await deploying(state);
        const store = join(state, "state");
        for (const name of readdirSync(store)) chmodSync(join(store, name), 0o444);
        chmodSync(store, 0o555);
        const asReader = (args: ReadonlyArray<string>, stdin = "") =>
          session(cluster, state).json(args, { stdin, ...(isRoot ? { through: BOUND } : {}) });
        const ids = ({ answer }: { readonly answer: Json }) =>
          answer.deployments.map((each: Json) => each.deploy_id);

        expect(ids(await asReader(["history", "web", "--offline"]))).toEqual([
          before.answer.deploy_id,
        ]);
        const changed = yaml(deployment("web", "registry.example/web:2"));
        const ran = await asReader(["deploy", "-f", "-", "-s", "web"], changed);
        expect(ran.code, ran.stdout).toBe(0);
        expect(ran.answer).toMatchObject({ status: "completed", degraded: ["memory"] });
        expect(ran.answer.warnings.join()).toMatch(/nopea\.db/);
        const health = await asReader(["health"]);
        expect(health.answer).toMatchObject({ status: "degraded", store: { available: false } });
        // The cluster remembers what the store can't.
        expect(ids(await asReader(["history", "web"]))).toEqual([
          ran.answer.deploy_id,
          before.answer.deploy_id,
        ]);
        chmodSync(store, 0o755);
      },
    );

    it("can't be made lets a deploy go through and says so", async () => {
      const state = folder({ state: "a file, no folder" });
      const ran = await deploying(state);
      expect(ran.code, ran.stdout).toBe(0);
      expect(ran.answer.degraded).toContain("memory");
    });
  },
  ["sandbox"],
);
