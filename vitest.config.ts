import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * One config, four projects, cheap ones first:
 *
 * - `unit`: one room at a time, in memory; the rules of this repository hold (imports, layout,
 *   docs), and the predictor reaches what it must
 * - `contract`: what the sandbox and a real Kubernetes API must have in common
 * - `integration`: one room against the real cluster, where it measures how soon it sees a thing
 * - `e2e`: the built CLI as a process of its own
 *
 * Tests run on the sources: every package exports `@nopea/source` before its build, so that no test can pass on a stale one.
 */
const conditions = ["@nopea/source", "module", "node", "development|production"];

const common = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

const cluster = {
  globalSetup: ["test/harness/globalSetup.ts"],
  hookTimeout: 60_000,
  testTimeout: 60_000,
};

const exclude = [...configDefaults.exclude, "**/fixtures/**"];
const integration = "libs/*/test/**/*.integration.test.ts";

/** The files that take longest, each alone: one that is begun last is waited for by all. */
const LONGEST = [
  ...["e2e/RestoreChain", "e2e/WithoutStore", "e2e/Cli", "e2e/Explain", "e2e/BadInput"],
  ...["e2e/Memory", "e2e/StatusWatch", "e2e/Output", "e2e/Reasons", "e2e/MemoryImport"],
  ...["e2e/ReasonWindows", "contract/PastDeploys.contract", "e2e/Mending", "e2e/BadPlaces"],
  ...["contract/Pods.contract", "e2e/ApiRestart", "e2e/LateWebhook", "contract/Workloads.contract"],
  ...["k8s/test/Waiter.integration", "deploy/test/Deployer.integration"],
  ...[
    "deploy/test/Killed.integration",
    "contract/Testbed.contract",
    "k8s/test/Cluster.integration",
  ],
  ...["backtest/Backtest", "store/test/Store", "store/test/Restoration", "memory/test/Order"],
  ...["store/test/Processes", "k8s/test/Cluster", "sandbox/test/Controllers"],
  ...["memory/test/Processes", "house/Boundaries"],
].map((name) => `/${name}.test.ts`);

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(name));
  return rank === -1 ? LONGEST.length : rank;
};

class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...common,
        test: {
          name: "unit",
          include: [
            ...["libs/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
            ...["test/house/**/*.test.ts", "test/backtest/**/*.test.ts"],
          ],
          exclude: [...exclude, integration],
          testTimeout: 60_000,
        },
      },
      {
        ...common,
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          exclude,
          ...cluster,
        },
      },
      { ...common, test: { name: "integration", include: [integration], exclude, ...cluster } },
      {
        ...common,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude,
          ...cluster,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
