#!/usr/bin/env node
/** build.mjs [NAME…]: builds the test-bed's programs (default: all that `up` needs) and prints their folder. */
import { build, cacheFolder, NEEDED } from "./programs.mjs";

const names = process.argv.slice(2);
try {
  await build(names.length > 0 ? names : NEEDED, (line) => console.error(line));
  console.log(cacheFolder());
} catch (error) {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}
