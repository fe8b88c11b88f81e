import { configDefaults, defineConfig } from "vitest/config";

/**
 * One config, five projects, cheap ones first:
 *
 * - `unit`: one room at a time, in memory
 * - `house`: the rules of this repository hold (imports, layout, docs), and what the predictor must reach
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

export default defineConfig({
  test: {
    projects: [
      {
        ...common,
        test: {
          name: "unit",
          include: ["libs/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
          exclude: [...exclude, integration],
          testTimeout: 15_000,
        },
      },
      {
        ...common,
        test: {
          name: "house",
          include: ["test/house/**/*.test.ts", "test/backtest/**/*.test.ts"],
          exclude,
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
