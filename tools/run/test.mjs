/**
 * npm test: unit tests, then the contract that the sandbox and a real cluster share, then the CLI as
 * a process. What needs a real cluster runs on the test-bed; where there can be none it is skipped by
 * name, but never under CI. The last line is the sum of all that vitest reported.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, Failed, install, main, run, say, seconds } from "./steps.mjs";
import { prepareTestbed, withTestbed } from "./testbed.mjs";

/** In the name of every test that runs on a real cluster (test/harness/Cluster.ts), or of its file. */
const REAL = ["[real]", ".integration.test.ts"];

const from = performance.now();
const counts = { passed: 0, failed: 0, skipped: 0, real: 0 };
const skipped = new Map();

await main(async () => {
  await install();
  // Before any test: some measure time, and a build takes both cores.
  const missing = await prepareTestbed();
  // None of these files leaves anything behind in its process: loading Effect anew for each of them
  // costs more than the tests.
  await vitest("unit and house", ["unit"], {}, ["--maxWorkers=2", "--no-isolate"]);
  await build();

  if (missing !== undefined && process.env["CI"] !== undefined) throw new Failed(missing);
  const onClusters = async (env) => {
    // By themselves, for some measure how soon they see a thing; mostly they wait.
    await vitest("integration", ["integration"], env, ["--maxWorkers=4"]);
    // Tests that wait for a cluster leave the processor to others.
    await vitest("contract and command line", ["contract", "e2e"], env, ["--maxWorkers=6"]);
  };
  if (missing === undefined) await withTestbed(onClusters);
  else await onClusters({ NOPEA_TESTBED_MISSING: missing });
});

say(`\n${counts.real} tests ran on the real cluster, in ${seconds(from)} in all`);
for (const [name, count] of skipped) say(`skipped: ${name} (${count})`);
// What ended the run before its tests is a failure too.
if (process.exitCode !== undefined && counts.failed === 0) counts.failed = 1;
if (counts.failed > 0) process.exitCode = 1;
say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);

async function vitest(name, projects, env = {}, more = []) {
  say(`\n${name}`);
  const dir = mkdtempSync(join(tmpdir(), "nopea-test-"));
  const report = join(dir, "report.json");
  const { code } = await run(
    [
      ...["vitest", "run", "--passWithNoTests", "--reporter=default", "--reporter=json"],
      ...[`--outputFile.json=${report}`, ...projects.map((each) => `--project=${each}`), ...more],
    ],
    { env, show: true, mayFail: true },
  );
  const failures = counts.failed;
  for (const file of readReport(report)) count(file);
  rmSync(dir, { recursive: true });
  // An error outside of any test, or no report at all.
  if (code !== 0 && counts.failed === failures) counts.failed += 1;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    return [];
  }
}

function count({ name, status, assertionResults }) {
  // A file that could not be loaded has no tests to count.
  if (status === "failed" && assertionResults.every((test) => test.status !== "failed"))
    counts.failed += 1;
  for (const test of assertionResults) {
    if (test.status === "passed" || test.status === "failed") {
      counts[test.status] += 1;
      if (REAL.some((mark) => `${name} ${test.fullName}`.includes(mark))) counts.real += 1;
    } else {
      counts.skipped += 1;
      // What it lacks is at the end of its title.
      const lacking = /: (\S+ is not built)$/.exec(test.title)?.[1];
      const group = [test.ancestorTitles[0] ?? test.title, lacking].filter(Boolean).join(": ");
      skipped.set(group, (skipped.get(group) ?? 0) + 1);
    }
  }
}
