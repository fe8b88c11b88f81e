#!/usr/bin/env node
/** down.mjs DIR [--purge]: stops the test-bed of DIR; its folder goes too with --purge. */
import { parseArgs } from "node:util";
import { down } from "./testbed.mjs";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { purge: { type: "boolean", default: false } },
  });
  if (positionals.length !== 1) throw new Error("usage: down.mjs DIR [--purge]");
  await down(positionals[0], values);
} catch (error) {
  console.error(`down: ${error.message}`);
  process.exitCode = 1;
}
