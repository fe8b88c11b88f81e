/**
 * The same cases on both clusters: the sandbox, started for each file that asks, and the real
 * control plane of the test-bed. Every test has a namespace of its own, deleted when it ends.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, inject } from "vitest";
import { Api } from "./Api.js";

export type Kind = "sandbox" | "real";

/** What a test knows of the cluster that it runs on: to be read inside a test or a hook only. */
export interface Cluster {
  readonly kind: Kind;
  /** Path of the kubeconfig; its current context is the admin's. */
  readonly kubeconfig: string;
  readonly api: Api;
  /** The same cluster, asked by the user `stranger`, who may do nothing. */
  readonly stranger: Api;
  /** Of this test alone, and empty but for what a cluster puts into each. */
  readonly namespace: string;
  /** A watch from resourceVersion 1 is too late after this; a real cluster forgot it as it started. */
  readonly forgetHistory: () => void;
}

/** What is in the name of each test that runs on the real cluster: `npm test` counts by it. */
export const REAL = "[real]";

/**
 * @param on which clusters: both, unless the case is about what only one of them has; `either` is the
 *   real one where it is, for what goes on in nopea itself and would only take twice as long on both
 * @param speed of the sandbox's pods, where it is not their times that are tested
 */
export function describeCluster(
  name: string,
  body: (cluster: Cluster) => void,
  on: ReadonlyArray<Kind> | "either" = ["sandbox", "real"],
  speed = 1,
): void {
  if (on === "either") {
    return describeCluster(
      name,
      body,
      ["missing" in inject("testbed") ? "sandbox" : "real"],
      speed,
    );
  }
  if (on.includes("sandbox")) {
    describe(`${name} [sandbox]`, () => body(useCluster("sandbox", () => openSandbox(speed))));
  }
  if (on.includes("real")) {
    const testbed = inject("testbed");
    const why = "missing" in testbed ? `: ${testbed.missing}` : "";
    describe.skipIf("missing" in testbed)(`${name} ${REAL}${why}`, () =>
      body(useCluster("real", () => openReal(testbed))),
    );
  }
}

export const randomName = (prefix: string): string => `${prefix}-${randomBytes(4).toString("hex")}`;

interface Opened {
  readonly kubeconfig: string;
  readonly stranger: Api;
  readonly forgetHistory: () => void;
  readonly close: () => Promise<void>;
}

async function openSandbox(speed: number): Promise<Opened> {
  // Only where it is asked for: the real cluster's cases run whatever state the sandbox is in.
  const { startSandbox } = await import("@nopea/sandbox");
  const sandbox = await startSandbox({ speed });
  const dir = mkdtempSync(join(tmpdir(), "nopea-sandbox-"));
  const kubeconfig = join(dir, "kubeconfig");
  writeFileSync(kubeconfig, sandbox.kubeconfig);
  const token = randomName("token");
  sandbox.addUser({ token, name: "stranger", deny: [{}] });
  const strangers = join(dir, "kubeconfig-stranger");
  writeFileSync(strangers, sandbox.kubeconfigFor(token));
  return {
    kubeconfig,
    stranger: new Api(strangers),
    forgetHistory: sandbox.expireWatches,
    close: async () => {
      await sandbox.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function openReal(testbed: { kubeconfig: string } | { missing: string }): Promise<Opened> {
  if ("missing" in testbed) throw new Error(testbed.missing);
  const { kubeconfig } = testbed;
  return {
    kubeconfig,
    stranger: new Api(kubeconfig, "stranger"),
    forgetHistory: () => {},
    close: async () => {},
  };
}

function useCluster(kind: Kind, open: () => Promise<Opened>): Cluster {
  let opened: (Opened & { readonly api: Api }) | undefined;
  let namespace = "";
  const now = () => {
    if (opened === undefined) throw new Error("a cluster is there inside tests and hooks only");
    return opened;
  };
  beforeAll(async () => {
    const cluster = await open();
    opened = { ...cluster, api: new Api(cluster.kubeconfig) };
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    namespace = randomName("test");
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    const made = await now().api.post("/api/v1/namespaces", body);
    if (made.status !== 201) throw new Error(`namespace ${namespace}: ${made.status} ${made.text}`);
  });
  afterEach(async () => {
    await now().api.delete(`/api/v1/namespaces/${namespace}`);
  });
  return {
    kind,
    get kubeconfig() {
      return now().kubeconfig;
    },
    get api() {
      return now().api;
    },
    get stranger() {
      return now().stranger;
    },
    get namespace() {
      return namespace;
    },
    forgetHistory: () => now().forgetHistory(),
  };
}
