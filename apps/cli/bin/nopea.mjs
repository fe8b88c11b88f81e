#!/usr/bin/env node
// Starts the built command line. What every command needs is one file, of which V8 has compiled
// what it runs when it was built (`dist/main.cache`); another V8 takes the cache for nothing and
// compiles it again. The one thing that needs no build is answered before anything is loaded.
import { createRequire, Module } from "node:module";

// The others are required, not imported: that is a little quicker, and all commands wait for it.
const require = createRequire(import.meta.url);
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");

const built = new URL("../dist/main.cjs", import.meta.url);
const compiled = new URL("../dist/main.cache", import.meta.url);

/** As `require` runs a file, but for the cache. */
function run() {
  const { fileURLToPath } = require("node:url");
  const { Script } = require("node:vm");
  const filename = fileURLToPath(built);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${readFileSync(built, "utf8")}\n})`,
    existsSync(compiled) ? { filename, cachedData: readFileSync(compiled) } : { filename },
  );
  if (process.env.NOPEA_CODE_CACHE === "write") {
    process.once("exit", () => writeFileSync(compiled, script.createCachedData()));
  }
  const module = new Module(filename);
  module.filename = filename;
  const requireThere = createRequire(built);
  // The parts that are loaded later require what is here.
  requireThere.cache[filename] = module;
  script
    .runInThisContext()
    .call(module.exports, module.exports, requireThere, module, filename, dirname(filename));
}

const [first, ...rest] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && rest.length === 0) {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${version}\n`);
} else if (existsSync(built)) {
  run();
} else {
  process.stderr.write("nopea is not built yet: run `npm run build` in its checkout.\n");
  process.exitCode = 1;
}
