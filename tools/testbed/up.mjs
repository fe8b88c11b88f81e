#!/usr/bin/env node
/** up.mjs DIR [--argo] [--stages FILE]…: starts a test-bed in DIR and prints its kubeconfig's path. */
import { parseArgs } from "node:util";
import { up } from "./testbed.mjs";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      argo: { type: "boolean", default: false },
      stages: { type: "string", multiple: true, default: [] },
    },
  });
  if (positionals.length !== 1) throw new Error("usage: up.mjs DIR [--argo] [--stages FILE]…");
  console.log(await up(positionals[0], values));
} catch (error) {
  console.error(`up: ${error.message}`);
  process.exitCode = 1;
}
