#!/usr/bin/env node
// Starts the built command line: one file that has what every command needs, and parts that some
// of them load. Beside each file may be what V8 made of it when it was built (`*.cache`); another
// V8 takes that for nothing and compiles again. The one thing that needs no build is answered
// before anything is loaded. CommonJS, for which Node starts quicker than for a module, and all
// commands wait for it.
"use strict";
const { isAscii } = require("node:buffer");
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const built = join(__dirname, "../dist/main.cjs");
const loaded = new Map();

/** As `require` loads a file of the bundle, but for the cache. */
function load(path) {
  const known = loaded.get(path);
  if (known !== undefined) return known.exports;
  const { createRequire } = require("node:module");
  const { Script } = require("node:vm");
  const module = { exports: {} };
  loaded.set(path, module);
  const compiled = `${path}.cache`;
  const isCompiled = existsSync(compiled);
  const bytes = readFileSync(path);
  // Quicker than UTF-8, of which it is a part; nearly all there is is ASCII.
  const text = bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${text}\n})`,
    { filename: path, ...(isCompiled ? { cachedData: readFileSync(compiled) } : {}) },
  );
  if (process.env.NOPEA_CODE_CACHE === "write" && !isCompiled) {
    // At the end, for then V8 has compiled what was run of it.
    process
      .setMaxListeners(0)
      .once("exit", () => writeFileSync(compiled, script.createCachedData()));
  }
  const others = createRequire(path);
  const requireThere = (id) => (id.startsWith(".") ? load(join(dirname(path), id)) : others(id));
  script
    .runInThisContext()
    .call(module.exports, module.exports, requireThere, module, path, dirname(path));
  return module.exports;
}

const [first, ...rest] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && rest.length === 0) {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8"));
  process.stdout.write(`${version}\n`);
} else if (existsSync(built)) {
  load(built);
} else {
  process.stderr.write("nopea is not built yet: run `npm run build` in its checkout.\n");
  process.exitCode = 1;
}
