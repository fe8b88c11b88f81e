#!/usr/bin/env node
// The one thing that needs no build is answered before anything is loaded.
import { existsSync, readFileSync } from "node:fs";

const built = new URL("../dist/main.mjs", import.meta.url);
const [first, ...rest] = process.argv.slice(2);

if ((first === "--version" || first === "-V") && rest.length === 0) {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${version}\n`);
} else if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write("nopea is not built yet: run `npm run build` in its checkout.\n");
  process.exitCode = 1;
}
