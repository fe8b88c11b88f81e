/** One real control plane for as long as `use` runs; see tools/testbed/README.md. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARGO, build, cannotBuild, HELM, missing, NEEDED } from "../testbed/programs.mjs";
import { down, up } from "../testbed/testbed.mjs";
import { Failed, say } from "./steps.mjs";

const KUBECONFIG = "NOPEA_TESTBED_KUBECONFIG";

/**
 * Builds what the test-bed lacks, where Go is; under CI also what only a few tests ask for, which
 * are skipped by name where it isn't.
 *
 * @returns {Promise<string | undefined>} why there is no test-bed
 */
export async function prepareTestbed() {
  if (process.env[KUBECONFIG] !== undefined) return undefined;
  const failure = await make(NEEDED);
  if (failure === undefined && process.env["CI"] !== undefined) {
    const lacking = await make([...ARGO, ...HELM]);
    if (lacking !== undefined) say(`  ...   ${lacking}`);
  }
  return failure;
}

/** Builds what is missing of these; answers why it can't. */
async function make(names) {
  const lacking = missing(names);
  if (lacking.length === 0) return undefined;
  const reason = cannotBuild();
  if (reason !== undefined)
    return `the test-bed is not built (${lacking.join(", ")}), and ${reason}`;
  say(
    `  ...   the test-bed is being built once, about two minutes each on 2 cores: ${lacking.join(", ")}`,
  );
  try {
    await build(names, (line) => say(`  ...   test-bed: ${line}`));
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** @param {(env: Record<string, string>) => Promise<unknown>} use given the variables that name it */
export async function withTestbed(use) {
  const given = process.env[KUBECONFIG];
  if (given !== undefined) return use({ [KUBECONFIG]: given });
  const dir = mkdtempSync(join(tmpdir(), "nopea-testbed-"));
  const kubeconfig = await up(dir, { owner: process.pid, argo: missing(ARGO).length === 0 }).catch(
    (error) => {
      throw new Failed(error.message);
    },
  );
  try {
    return await use({ [KUBECONFIG]: kubeconfig });
  } finally {
    await down(dir, { purge: true });
  }
}
