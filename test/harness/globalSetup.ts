import type {} from "vitest";
import type { TestProject } from "vitest/node";

/** Replaced below once the test-bed can be started from here: a kubeconfig given by the environment is taken as it is. */
export default function setup(project: TestProject): void {
  const kubeconfig = process.env["NOPEA_TESTBED_KUBECONFIG"];
  project.provide(
    "cluster",
    kubeconfig === undefined
      ? { kubeconfig: null, missing: "no test-bed was started" }
      : { kubeconfig, missing: null },
  );
}

declare module "vitest" {
  interface ProvidedContext {
    readonly cluster:
      | { readonly kubeconfig: string; readonly missing: null }
      | { readonly kubeconfig: null; readonly missing: string };
  }
}
