/**
 * One real test-bed for a whole test run: the one that `NOPEA_TESTBED_KUBECONFIG` names, else one
 * started here where its programs are built, else none, and the tests that need it are skipped by
 * name. Where `CI` is set nothing may be skipped: the run fails instead.
 */
import type {} from "vitest";
import type { TestProject } from "vitest/node";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARGO, missing } from "../../tools/testbed/programs.mjs";
import { down, up } from "../../tools/testbed/testbed.mjs";

const KUBECONFIG = "NOPEA_TESTBED_KUBECONFIG";

declare module "vitest" {
  interface ProvidedContext {
    readonly testbed: { readonly kubeconfig: string } | { readonly missing: string };
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const given = process.env[KUBECONFIG];
  if (given !== undefined) {
    project.provide("testbed", { kubeconfig: given });
    return;
  }
  const lacking = missing();
  if (lacking.length > 0) {
    const reason =
      process.env["NOPEA_TESTBED_MISSING"] ??
      `the test-bed is not built (${lacking.join(", ")}): run tools/testbed/build.mjs`;
    if (process.env["CI"] !== undefined) throw new Error(reason);
    project.provide("testbed", { missing: reason });
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), "nopea-testbed-"));
  const kubeconfig = await up(dir, { owner: process.pid, argo: missing(ARGO).length === 0 });
  // The next project of this run finds this one.
  process.env[KUBECONFIG] = kubeconfig;
  project.provide("testbed", { kubeconfig });
  return async () => {
    delete process.env[KUBECONFIG];
    await down(dir, { purge: true });
  };
}
