#!/usr/bin/env node
// Starts the built command line. What every command needs is one file, of which V8 has compiled
// what it runs when it was built (`dist/main.cache`); another V8 takes the cache for nothing and
// compiles it again. The one thing that needs no build is answered before anything is loaded.
// CommonJS, for which Node starts quicker than for a module, and all commands wait for it.
"use strict";
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const built = join(__dirname, "../dist/main.cjs");
const compiled = join(__dirname, "../dist/main.cache");

/** As `require` runs a file, but for the cache. */
function run() {
  const { createRequire, Module } = require("node:module");
  const { Script } = require("node:vm");
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${readFileSync(built, "utf8")}\n})`,
    existsSync(compiled)
      ? { filename: built, cachedData: readFileSync(compiled) }
      : { filename: built },
  );
  if (process.env.NOPEA_CODE_CACHE === "write") {
    process.once("exit", () => writeFileSync(compiled, script.createCachedData()));
  }
  const main = new Module(built);
  main.filename = built;
  const requireThere = createRequire(built);
  // The parts that are loaded later require what is here.
  requireThere.cache[built] = main;
  script
    .runInThisContext()
    .call(main.exports, main.exports, requireThere, main, built, dirname(built));
}

const [first, ...rest] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && rest.length === 0) {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8"));
  process.stdout.write(`${version}\n`);
} else if (existsSync(built)) {
  run();
} else {
  process.stderr.write("nopea is not built yet: run `npm run build` in its checkout.\n");
  process.exitCode = 1;
}
