/**
 * npm run backtest: replays histories of deploys through nopea's predictor and what it has to beat.
 * It runs on the sources, bundled into one file, so that it can't judge a stale build.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { install, main, root } from "./steps.mjs";

await main(async () => {
  // What is installed on the way is no part of the answer.
  const log = console.log;
  console.log = console.error;
  await install();
  console.log = log;

  const { build } = await import("esbuild");
  const outfile = join(root, "node_modules", ".cache", "nopea", `backtest-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: ["test/backtest/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@nopea/source"],
    logLevel: "error",
  });
  const backtest = await import(pathToFileURL(outfile).href);
  rmSync(outfile);
  const priors = pathToFileURL(join(root, "test", "backtest", "priors.json"));
  process.exitCode = await backtest.main(process.argv.slice(2), priors);
});
