/**
 * What can't be deployed ends with design's exit code and one message that names what is wrong;
 * nothing is applied, and no outcome is recorded.
 */
import Database from "better-sqlite3";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { runNopea } from "../harness/Nopea.js";
import { configMap, deployment, folder, madeIn, session, yaml } from "./support.js";

interface Bad {
  readonly title: string;
  /** The files to deploy. */
  readonly files: (namespace: string) => Readonly<Record<string, string>>;
  readonly flags?: ReadonlyArray<string>;
  readonly service?: string;
  readonly code?: number;
  readonly says: ReadonlyArray<RegExp>;
}

const bomb = [
  "apiVersion: v1",
  "kind: ConfigMap",
  "metadata: {name: bomb}",
  "a: &a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefghi".split("").map((name, index) => {
    const before = "abcdefgh"[index];
    return `${name}: &${name} [${`*${before},`.repeat(8)}*${before}]`;
  }),
].join("\n");

const good = yaml(configMap("good"));

const documents: ReadonlyArray<Bad> = [
  {
    title: "what is not YAML",
    files: () => ({ "a.yaml": good, "b.yaml": "kind: [unclosed\n\tx" }),
    says: [/b\.yaml/],
  },
  { title: "a YAML bomb", files: () => ({ "bomb.yaml": bomb }), says: [/bomb\.yaml/, /alias/i] },
  {
    title: "a file of 50 MB",
    files: () => ({ "big.yaml": `# ${"x".repeat(50 * 1024 * 1024)}` }),
    says: [/big\.yaml/, /MiB|MB|large/],
  },
  {
    title: "a document without kind",
    files: () => ({
      "a.yaml": `${good}\n---\n${yaml({ apiVersion: "v1", metadata: { name: "x" } })}`,
    }),
    says: [/a\.yaml#2/, /kind/],
  },
  {
    title: "a document without a name",
    files: () => ({ "a.yaml": yaml({ apiVersion: "v1", kind: "ConfigMap", metadata: {} }) }),
    says: [/a\.yaml/, /name/],
  },
  {
    title: "generateName",
    files: () => ({
      "a.yaml": yaml({ apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "x-" } }),
    }),
    says: [/a\.yaml/, /generateName/],
  },
  {
    title: "an object twice",
    files: () => ({ "a.yaml": good, "b.yaml": good }),
    says: [/a\.yaml/, /b\.yaml/, /ConfigMap.*good/],
  },
  {
    title: "a namespace that is not the service's",
    files: () => ({
      "a.yaml": yaml({ ...configMap("x"), metadata: { name: "x", namespace: "elsewhere" } }),
    }),
    says: [/a\.yaml/, /elsewhere/, /--also-namespace/],
  },
  {
    title: "a namespace that does not exist",
    files: () => ({ "a.yaml": good }),
    flags: ["-n", "not-there"],
    says: [/not-there/, /--create-namespace/],
  },
  {
    title: "an unknown kind",
    files: () => ({
      "a.yaml": good,
      "w.yaml": yaml({ apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "w" } }),
    }),
    says: [/w\.yaml/, /Widget/, /unknown_kind/],
  },
  { title: "an empty folder", files: () => ({}), says: [/no document/] },
  {
    title: "an object of more than a MiB",
    files: () => ({ "big.yaml": yaml(configMap("big", { data: "x".repeat(1_200_000) })) }),
    says: [/ConfigMap.*big/, /object_too_large/],
  },
  {
    title: "a name that is no DNS label",
    files: () => ({ "a.yaml": yaml(configMap("Not_A_Name")) }),
    says: [/Not_A_Name/],
  },
  ...["a/b", "a.b", "a\nb", "a".repeat(64), "", "-a", "A"].map((service) => ({
    title: `the service name ${JSON.stringify(service.slice(0, 8))}`,
    files: () => ({ "a.yaml": good }),
    service,
    says: [/service name/, /DNS label/],
  })),
  {
    title: "an object that brings a mark of its own",
    files: () => ({
      "a.yaml": yaml({
        ...configMap("x"),
        metadata: { name: "x", labels: { "applyset.kubernetes.io/part-of": "applyset-x-v1" } },
      }),
    }),
    says: [/a\.yaml/, /applyset\.kubernetes\.io\/part-of/],
  },
  {
    title: "an object of the ledger's name",
    files: () => ({ "a.yaml": yaml(configMap("nopea-web")) }),
    says: [/a\.yaml/, /nopea-web/],
  },
  {
    title: "a path that is not there",
    files: () => ({ "a.yaml": good }),
    flags: ["-f", "nowhere.yaml"],
    says: [/nowhere\.yaml/],
  },
];

describeCluster("a deploy of bad input", (cluster) => {
  it.each(documents)(
    "refuses $title",
    async ({ files, flags = [], service = "web", code = 2, says }) => {
      const { run, json } = session(cluster);
      const path = folder(files(cluster.namespace));
      const { stderr, stdout, ...ran } = await run(["deploy", "-f", path, "-s", service, ...flags]);
      expect(ran.code, stderr).toBe(code);
      expect(stdout).toBe("");
      expect(stderr.match(/^error: /gm), stderr).toHaveLength(1);
      for (const words of says) expect(stderr).toMatch(words);
      expect(await madeIn(cluster)).toEqual([]);
      const history = await json(["history", "web"]);
      expect(history.code).toBe(3);
      expect(history.answer.code).toBe("not_found");
    },
  );

  it("refuses a folder that leads back to itself", async () => {
    const { run } = session(cluster);
    const path = folder({ "a.yaml": good });
    mkdirSync(join(path, "sub"));
    symlinkSync(path, join(path, "sub", "loop"));
    const ran = await run(["deploy", "-f", path, "-s", "web"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/loop/);
    const itself = folder();
    symlinkSync(join(itself, "me.yaml"), join(itself, "me.yaml"));
    expect((await run(["deploy", "-f", join(itself, "me.yaml"), "-s", "web"])).code).toBe(2);
    expect(await madeIn(cluster)).toEqual([]);
  });

  it("knows a kind whose definition is in the same set", async () => {
    const { json } = session(cluster);
    const group = `${cluster.namespace}.example.org`;
    const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind: "Widget", plural: "widgets" },
        versions: [
          { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } },
        ],
      },
    };
    const widget = { apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "w" }, spec: {} };
    const path = folder({ "a.yaml": yaml(widget, definition) });
    const ran = await json(["deploy", "-f", path, "-s", "web"]);
    await cluster.api.delete(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`,
    );
    expect(ran.code, ran.stdout).toBe(0);
    expect(ran.answer.status).toBe("completed");
  });

  it("refuses an object that another service has", async () => {
    const { run } = session(cluster);
    const path = folder({ "a.yaml": yaml(configMap("shared")) });
    expect((await run(["deploy", "-f", path, "-s", "first"])).code).toBe(0);
    const before = await madeIn(cluster);
    const ran = await run(["deploy", "-f", path, "-s", "second"]);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/ConfigMap.*shared/);
    expect(ran.stderr).toMatch(/another service/);
    expect(ran.stderr).toMatch(/--take-over/);
    expect(await madeIn(cluster)).toEqual(before);
  });
});

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

    it("is corrupt lets a deploy go through, says so, and is not overwritten", async () => {
      const state = folder({ "state/nopea.db": "this is no database at all, ".repeat(200) });
      const ran = await deploying(state);
      expect(ran.code, ran.stdout).toBe(0);
      expect(ran.answer.degraded).toContain("memory");
      expect(ran.answer.warnings.join()).toMatch(/nopea\.db/);
      expect(readFileSync(join(state, "state/nopea.db"), "utf8")).toMatch(/^this is no database/);
      const history = await session(cluster, state).json(["history", "web"]);
      expect(history.code).toBe(0);
      expect(history.answer.deployments).toHaveLength(1);
      expect(history.answer.degraded).toContain("memory");
      const offline = await session(cluster, state).json(["history", "web", "--offline"]);
      expect(offline.code).toBe(4);
      expect(offline.answer.message).toMatch(/nopea\.db/);
    });

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
    });

    it("can't be made lets a deploy go through and says so", async () => {
      const state = folder({ state: "a file, no folder" });
      const ran = await deploying(state);
      expect(ran.code, ran.stdout).toBe(0);
      expect(ran.answer.degraded).toContain("memory");
    });
  },
  ["sandbox"],
);

describe("usage", () => {
  it("is told once, on stderr, with 2", async () => {
    const ran = await runNopea(["deploy", "--nope"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toMatch(/unknown option '--nope'/);
  });

  it("is one JSON document where JSON is asked for", async () => {
    const ran = await runNopea(["deploy", "-s", "a", "-s", "b", "-ojson"]);
    expect(ran).toMatchObject({ code: 2, stderr: "" });
    expect(JSON.parse(ran.stdout)).toMatchObject({ code: "bad_input" });
  });
});
