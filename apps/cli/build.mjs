/**
 * Builds the command line, in three steps: esbuild makes modules of TypeScript and of packages,
 * with what is used of them; rollup makes of these one file for what every command needs, and one
 * for each part that is loaded when it is needed; V8 compiles them, and what it made is kept.
 */
import { build } from "esbuild";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
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

/** Of a module: what is written there, and what is to stand for it. */
const instead = [
  // It asks for a stack, for which V8 parses all of the bundle again.
  [
    /effect\/dist\/esm\/Utils\.js$/,
    'standard.effect_internal_function(() => new Error().stack)?.includes("effect_internal_function") === true',
    "true",
  ],
  // The first use of this global loads all there is for measuring; it is for nanoseconds in traces.
  [/effect\/dist\/esm\/internal\/clock\.js$/, 'typeof performance === "undefined"', "true"],
  // Only subcommands that are programs of their own need it.
  [
    /commander\/lib\/command\.js$/,
    "const childProcess = require('node:child_process');",
    "const childProcess = { spawn: (...all) => require('node:child_process').spawn(...all) };",
  ],
];

/** What packages do as they are loaded, and only costs time here. */
const quickToLoad = {
  name: "quick-to-load",
  setup(bundle) {
    for (const [filter, written, other] of instead) {
      bundle.onLoad({ filter }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (!source.includes(written)) throw new Error(`${path} has no longer: ${written}`);
        return { contents: source.replace(written, () => other), loader: "js" };
      });
    }
  },
};

/** Loaded by the first call: a command that only reads memory makes none. */
const cryptoWhenCalled = {
  name: "crypto-when-called",
  setup(bundle) {
    const names = ["createHash", "createHmac", "randomBytes", "randomUUID"];
    bundle.onResolve({ filter: /^(?:node:)?crypto$/ }, ({ importer }) =>
      /[\\/](?:libs[\\/]\w+[\\/]src|node_modules[\\/]ulid)[\\/]/.test(importer)
        ? { path: "crypto", namespace: "when-called", sideEffects: false }
        : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: "when-called" }, () => ({
      contents: `
        const call = (name) => (...all) => require("node:crypto")[name](...all);
        ${names.map((name) => `export const ${name} = call("${name}");`).join("\n")}
        export default { ${names.join(", ")} };`,
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
    plugins: [
      withoutFastCheck,
      yamlAsModule,
      nativeModuleWhereInstalled,
      quickToLoad,
      cryptoWhenCalled,
      directImports,
    ],
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

/** Runs the command line so that V8 compiles what it needs, and keeps that beside what has none yet. */
function compileBy(home, args) {
  const { status, stderr } = spawnSync(process.execPath, [here("bin/nopea.cjs"), ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, NOPEA_CODE_CACHE: "write" },
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`what was built does not run: nopea ${args[0]}: ${stderr}`);
}

/** A deploy to the sandbox compiles the parts, and looking at it what every command loads. */
async function compile() {
  const home = mkdtempSync(join(tmpdir(), "nopea-build-"));
  const kubeconfig = join(home, "kubeconfig");
  const sandbox = spawn(process.execPath, [
    here("bin/nopea.cjs"),
    "sandbox",
    "--write",
    kubeconfig,
  ]);
  const closed = once(sandbox, "close");
  try {
    // Where it does not run the deploy says what is missing.
    await Promise.race([once(sandbox.stdout, "data"), closed]);
    const service = ["web", "-n", "default", "--state", home];
    const documents = ["-f", here("../../examples/web"), "--kubeconfig", kubeconfig, "-q"];
    compileBy(home, ["deploy", "-s", ...service, ...documents]);
    // The less is in it the sooner it is read: of this one what a quick command needs.
    rmSync(here("dist/main.cjs.cache"));
    compileBy(home, ["status", ...service, "--offline"]);
  } finally {
    sandbox.kill();
    await closed;
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * What earlier builds left goes when it is an hour old: a command may be running on it, and
 * another build may have just written it.
 */
function tidy(current) {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of readdirSync(here("dist/chunks"))) {
    const path = here(`dist/chunks/${name}`);
    if (!current.has(`chunks/${name.replace(/\.cache$/, "")}`) && statSync(path).mtimeMs < hourAgo)
      rmSync(path);
  }
}

mkdirSync(here("dist/chunks"), { recursive: true });
const files = await bundle(await modules());
writeFileSync(here("dist/contents.json"), JSON.stringify(files, null, 1));
for (const { file } of files) rmSync(here(`dist/${file}.cache`), { force: true });
await compile();
tidy(new Set(files.map(({ file }) => file)));
process.stdout.write(`nopea ${version} is built\n`);
