/**
 * What can't be deployed ends with design's exit code and one message that names what is wrong;
 * nothing is applied, and no outcome is recorded.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { runNopea } from "../harness/Nopea.js";
import { configMap, folder, madeIn, session, yaml } from "./support.js";

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

/** What is wrong whatever the cluster is. */
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
  { title: "an empty folder", files: () => ({}), says: [/no document/] },
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

/** What the cluster says. */
const objects: ReadonlyArray<Bad> = [
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
];

/** One message, nothing made, and no service that memory or the cluster would know of. */
const refuses = (cluster: Cluster, cases: ReadonlyArray<Bad>) => {
  let state = "";
  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), "nopea-e2e-"));
  });
  afterAll(() => rmSync(state, { recursive: true }));

  it.each(cases)(
    "refuses $title",
    async ({ files, flags = [], service = "web", code = 2, says }) => {
      const { run } = session(cluster, state);
      const path = folder(files(cluster.namespace));
      const { stderr, stdout, ...ran } = await run(["deploy", "-f", path, "-s", service, ...flags]);
      expect(ran.code, stderr).toBe(code);
      expect(stdout).toBe("");
      expect(stderr.match(/^error: /gm), stderr).toHaveLength(1);
      for (const words of says) expect(stderr).toMatch(words);
      expect(await madeIn(cluster)).toEqual([]);
    },
  );

  it("remembers none of them", async () => {
    const env = { KUBECONFIG: cluster.kubeconfig, NOPEA_STATE: join(state, "state") };
    const { stdout } = await runNopea(["services", "--offline", "-o", "json"], { env });
    expect(JSON.parse(stdout)).toMatchObject({ services: [] });
  });
};

describeCluster("a deploy of bad documents", (cluster) => refuses(cluster, documents), ["sandbox"]);

describeCluster("a deploy of bad input", (cluster) => {
  refuses(cluster, objects);

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
