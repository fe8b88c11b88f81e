/**
 * Builds the command line, in three steps: esbuild makes modules of TypeScript and of packages,
 * with what is used of them; rollup makes of these one file for what every command needs, and one
 * for each part that is loaded when it is needed; V8 compiles the first, and what it made is kept.
 */
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { directImports } from "./direct-imports.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(here("package.json"), "utf8"));

/** Only `Arbitrary` needs it, which is for tests; it is a fifth of what would be loaded. */
const withoutFastCheck = {
  name: "without-fast-check",
  setup(bundle) {
    bundle.onResolve({ filter: /^fast-check$/ }, () => ({
      path: "fast-check",
      namespace: "left-out",
    }));
    bundle.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export {}" }));
  },
};

/** Its build for Node is CommonJS, of which `import()` would find nothing but a default. */
const yamlAsModule = {
  name: "yaml-as-module",
  setup(bundle) {
    bundle.onResolve({ filter: /^yaml$/ }, ({ resolveDir }) => ({
      path: join(
        dirname(createRequire(join(resolveDir, "x")).resolve("yaml/package.json")),
        "browser/index.js",
      ),
    }));
  },
};

/**
 * The native module alone is loaded where it was installed, when the store is opened; what is
 * JavaScript of it is a part of the bundle.
 */
const nativeModuleWhereInstalled = {
  name: "native-module-where-installed",
  setup(bundle) {
    bundle.onResolve({ filter: /^bindings$/ }, () => ({ path: "bindings", namespace: "native" }));
    bundle.onLoad({ filter: /.*/, namespace: "native" }, () => ({
      contents: `
        const { createRequire } = require("node:module");
        const { dirname, join } = require("node:path");
        const { resolve } = createRequire(__filename);
        module.exports = (name) =>
          createRequire(__filename)(
            join(dirname(resolve("better-sqlite3/package.json")), "build/Release", name),
          );`,
    }));
  },
};

async function modules() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: here("."),
    entryPoints: { main: "src/main.ts" },
    outdir: "modules",
    bundle: true,
    splitting: true,
    minify: true,
    legalComments: "none",
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@nopea/source"],
    plugins: [withoutFastCheck, yamlAsModule, nativeModuleWhereInstalled, directImports],
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  return { texts: new Map(outputFiles.map(({ path, text }) => [path, text])), metafile };
}

const quick = /\/modules\/(?:main|status-\w+|Status-\w+|history-\w+|History-\w+|sqlite-\w+)\.js$/;

/** Writes the bundle; answers what each of its files was made of. */
async function bundle({ texts, metafile }) {
  const inMemory = {
    name: "in-memory",
    resolveId: (id, importer) =>
      importer === undefined
        ? id
        : id.startsWith(".")
          ? resolve(dirname(importer), id)
          : { id, external: true },
    load: (id) => texts.get(id),
  };
  const made = await rollup({
    input: here("modules/main.js"),
    plugins: [inMemory],
    // esbuild has left out what is unused.
    treeshake: false,
  });
  const { output } = await made.write({
    dir: here("dist"),
    format: "cjs",
    interop: "auto",
    // A script that comes out of the cache can't import, only require.
    dynamicImportInCjs: false,
    entryFileNames: "main.cjs",
    chunkFileNames: "chunks/[name]-[hash].cjs",
    compact: true,
    generatedCode: "es2015",
    // What a quick command loads is in the file that V8 has compiled.
    manualChunks: (id) => (quick.test(id) ? "main" : undefined),
  });
  const inputsOf = (id) =>
    Object.keys(metafile.outputs[relative(here("."), id)]?.inputs ?? {}).map((path) =>
      relative(here("../.."), join(here("."), path)),
    );
  return output.map(({ fileName, modules }) => ({
    file: fileName,
    inputs: Object.keys(modules).flatMap(inputsOf).sort(),
  }));
}

/** One run of a command that is to be quick, so that V8 has compiled what it needs. */
function compile() {
  rmSync(here("dist/main.cache"), { force: true });
  const state = mkdtempSync(join(tmpdir(), "nopea-build-"));
  const { status, stderr } = spawnSync(
    process.execPath,
    [here("bin/nopea.cjs"), "status", "web", "--offline", "--state", state],
    { env: { PATH: process.env.PATH, HOME: state, NOPEA_CODE_CACHE: "write" }, encoding: "utf8" },
  );
  rmSync(state, { recursive: true, force: true });
  // Nobody knows a service there.
  if (status !== 3) throw new Error(`what was built does not run: ${stderr}`);
}

/**
 * What earlier builds left goes when it is an hour old: a command may be running on it, and
 * another build may have just written it.
 */
function tidy(current) {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of readdirSync(here("dist/chunks"))) {
    const path = here(`dist/chunks/${name}`);
    if (!current.has(`chunks/${name}`) && statSync(path).mtimeMs < hourAgo) rmSync(path);
  }
}

mkdirSync(here("dist/chunks"), { recursive: true });
const files = await bundle(await modules());
writeFileSync(here("dist/contents.json"), JSON.stringify(files, null, 1));
compile();
tidy(new Set(files.map(({ file }) => file)));
process.stdout.write(`nopea ${version} is built\n`);
