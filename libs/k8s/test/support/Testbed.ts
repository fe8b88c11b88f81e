/** The real Kubernetes API of tools/testbed, and a namespace of one's own in it. */
import type { KubeObject } from "@nopea/domain";
import { Effect, type Scope } from "effect";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Clusters, type Cluster } from "../../src/index.js";

export const kubeconfig = process.env["NOPEA_TESTBED_KUBECONFIG"] ?? "";
/** NOPEA_TESTBED_KUBECONFIG names its kubeconfig; without it these tests are skipped. */
export const isThere = kubeconfig !== "" && existsSync(kubeconfig);

type ClusterService = typeof Cluster.Cluster.Service;

export const parsedKubeconfig = (): {
  clusters: Array<{ name: string; cluster: Record<string, string> }>;
  users: Array<{ name: string; user: Record<string, string> }>;
  contexts: Array<{ name: string; context: Record<string, string> }>;
  "current-context": string;
} => JSON.parse(readFileSync(kubeconfig, "utf8"));

export const withNamespace: Effect.Effect<
  { readonly cluster: ClusterService; readonly namespace: string },
  unknown,
  Scope.Scope
> = Effect.gen(function* () {
  const cluster = yield* Clusters.make.connect({ kubeconfig });
  const name = `k8s-${randomBytes(4).toString("hex")}`;
  const object: KubeObject.KubeObject = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  };
  yield* Effect.acquireRelease(cluster.create(object, { fieldManager: "test" }), () =>
    Effect.ignore(cluster.remove({ apiVersion: "v1", kind: "Namespace", name })),
  );
  return { cluster, namespace: name };
});
