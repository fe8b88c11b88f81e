/** What e2e tests type: documents in a folder of their own, and `nopea` on the test's cluster. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Json } from "../harness/Api.js";
import type { Cluster } from "../harness/Cluster.js";
import { type Ran, runNopea, type RunOptions } from "../harness/Nopea.js";

/** A folder that goes when the test ends. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "nopea-e2e-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

export interface Session {
  /** Runs `nopea` with the cluster, the namespace and a state folder of the test's own. */
  readonly run: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<Ran>;
  /** The same with `-o json`; `answer` is the one document on stdout. */
  readonly json: (
    args: ReadonlyArray<string>,
    options?: RunOptions,
  ) => Promise<Ran & { readonly answer: Json }>;
  readonly state: string;
}

export function session(cluster: Cluster, state = folder()): Session {
  const run: Session["run"] = (args, options = {}) =>
    runNopea([...args, ...(args.includes("-n") ? [] : ["-n", cluster.namespace])], {
      cwd: state,
      ...options,
      env: { KUBECONFIG: cluster.kubeconfig, NOPEA_STATE: join(state, "state"), ...options.env },
    });
  return {
    state: join(state, "state"),
    run,
    json: async (args, options) => {
      const ran = await run([...args, "-o", "json"], options);
      let answer: Json;
      try {
        answer = JSON.parse(ran.stdout);
      } catch {
        throw new Error(`no JSON document: ${ran.stdout}\n${ran.stderr}`);
      }
      return { ...ran, answer };
    },
  };
}

export const yaml = (...documents: ReadonlyArray<unknown>): string =>
  documents.map((document) => JSON.stringify(document)).join("\n---\n");

export const configMap = (name: string, data: Readonly<Record<string, string>> = { a: "1" }) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

/** A Deployment whose only container has the image; its tag says what the pods do. */
export const deployment = (name: string, image: string, replicas = 1) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "app", image }] },
    },
  },
});

/** A service of a ConfigMap and a Deployment. */
export const web = (image = "registry.example/web:1", greeting = "hello"): string =>
  yaml(configMap("web", { greeting }), deployment("web", image));

/** A folder with that one file. */
export const set = (text: string): string => folder({ "web.yaml": text });

/** Names of everything in the namespace that a deploy of a test could have made. */
export async function madeIn({ api, namespace }: Cluster): Promise<ReadonlyArray<string>> {
  const kinds = [
    ["/api/v1", "configmaps"],
    ["/api/v1", "secrets"],
    ["/api/v1", "services"],
    ["/apis/apps/v1", "deployments"],
    ["/apis/batch/v1", "jobs"],
  ];
  const lists = await Promise.all(
    kinds.map(async ([group, plural]) => {
      const { body } = await api.get(`${group}/namespaces/${namespace}/${plural}`);
      return body.items.map(({ metadata }: Json) => `${plural}/${metadata.name}`);
    }),
  );
  return lists.flat().filter((name: string) => name !== "configmaps/kube-root-ca.crt");
}
