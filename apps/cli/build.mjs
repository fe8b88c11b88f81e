/** Bundles the command line: what each command needs, loaded when it needs it. */
import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { directImports } from "./direct-imports.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const manifest = JSON.parse(readFileSync(here("package.json"), "utf8"));

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

const { metafile } = await build({
  absWorkingDir: here("."),
  entryPoints: { main: "src/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: false,
  legalComments: "none",
  platform: "node",
  target: "node20",
  format: "esm",
  conditions: ["@nopea/source"],
  // The native module is loaded where it was installed.
  external: ["better-sqlite3"],
  plugins: [withoutFastCheck, yamlAsModule, directImports],
  // CommonJS packages in the bundle ask for Node's own modules with `require`.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  metafile: true,
  logLevel: "warning",
});
writeFileSync(here("dist/metafile.json"), JSON.stringify(metafile));
// What earlier builds left goes when it is an hour old: a command may be running on it, and
// another build may have just written it.
const current = new Set(Object.keys(metafile.outputs));
const hourAgo = Date.now() - 3_600_000;
for (const name of readdirSync(here("dist/chunks"))) {
  const path = here(`dist/chunks/${name}`);
  if (!current.has(`dist/chunks/${name}`) && statSync(path).mtimeMs < hourAgo) rmSync(path);
}
process.stdout.write(`nopea ${manifest.version} is built\n`);
