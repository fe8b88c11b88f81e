/** npm run check: what can be known without running anything of ours; cheap things first. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failed, install, main, root, run, say, seconds, step } from "./steps.mjs";

async function houseRules() {
  const { output } = await run([
    "git",
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
  ]);
  const files = output.split("\0").filter(Boolean);
  const found = [
    ...files.flatMap(machinePaths),
    ...files.filter(isManifest).flatMap(effectLines),
    ...lockRules(),
  ];
  if (found.length > 0) throw new Failed(found.join("\n"));
}

const isManifest = (file) => file.endsWith("package.json") && !file.includes("fixtures/");
const read = (file) => readFileSync(join(root, file), "utf8");

/** A path of somebody's machine works on no other; `/home/me` is nobody's. */
function machinePaths(file) {
  if (!/\.(ts|mjs|cjs|json|md|ya?ml|sh)$|^\.ci\/run$/.test(file)) return [];
  let text;
  try {
    text = read(file);
  } catch (error) {
    // Deleted, and not yet committed.
    if (error.code === "ENOENT") return [];
    throw error;
  }
  const path = /(?<![\w.~/-])\/(?:root|work|home|Users)\/(?!me\b)[\w.-]+/;
  return text
    .split("\n")
    .flatMap((line, index) =>
      path.test(line) ? [`${file}:${index + 1}: a path of one machine: ${line.trim()}`] : [],
    );
}

/** Effect's packages are released in step; the untagged newest is another major. */
const EFFECT_V3 = {
  effect: /^3\./,
  "@effect/platform": /^0\.97\./,
  "@effect/platform-node": /^0\.108\./,
  "@effect/sql": /^0\.52\./,
  "@effect/sql-sqlite-node": /^0\.53\./,
  "@effect/vitest": /^0\.30\./,
  "@effect/experimental": /^0\.61\./,
  "@effect/cluster": /^0\.60\./,
  "@effect/rpc": /^0\.76\./,
  "@effect/language-service": /^0\./,
};

function effectLines(file) {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(read(file));
  return Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies })
    .filter(([name]) => name === "effect" || name.startsWith("@effect/"))
    .filter(([name, version]) => !(EFFECT_V3[name]?.test(version) ?? false))
    .map(
      ([name, version]) =>
        `${file}: ${name} ${version} is not known to be of the line of effect 3 (tools/run/check.mjs)`,
    );
}

function lockRules() {
  const { packages } = JSON.parse(read("package-lock.json"));
  return Object.entries(packages).flatMap(
    ([path, { resolved, link, optionalDependencies = {} }]) => [
      ...(resolved !== undefined && link !== true
        ? [`package-lock.json: ${path} names a registry: ${resolved}`]
        : []),
      ...Object.keys(optionalDependencies)
        .filter(
          (name) => !Object.keys(packages).some((other) => other.endsWith(`node_modules/${name}`)),
        )
        .map(
          (name) =>
            `package-lock.json: ${name} is missing for other platforms: run tools/run/lock.mjs`,
        ),
    ],
  );
}

const checks = {
  "house rules (paths, effect v3, lock file)": houseRules,
  "format (prettier)": () => run(["prettier", "--check", "--log-level", "warn", "."]),
  "unused code and dependencies (knip)": () => run(["knip", "--no-config-hints"]),
  "cycles (dependency-cruiser)": () =>
    run(["depcruise", "--config", ".dependency-cruiser.cjs", "libs", "apps", "test", "tools"]),
  "lint and boundaries of the rooms (eslint)": () =>
    run(["nx", "run-many", "-t", "lint", "--outputStyle=static"]),
  "lint of the rest (eslint)": () => run(["eslint", "test", "tools", "examples", "*.mjs", "*.ts"]),
  "types (tsc)": () => run(["tsc", "-b"]),
};

const slowChecks = {
  "types of tests and examples (tsc)": () => run(["tsc", "-p", "tsconfig.test.json"]),
  // The CLI stands on every other room: its project is all of them.
  "effect (language service)": () =>
    run([
      ...["effect-language-service", "diagnostics", "--project", "apps/cli/tsconfig.json"],
      ...["--severity", "error", "--format", "text"],
    ]),
};

const from = performance.now();
await main(async () => {
  await install();
  const failures = [];
  const judge = ([name, check]) => step(name, check).catch((error) => failures.push(error.message));
  for (const each of Object.entries(checks)) await judge(each);
  // Each of these keeps one processor busy for longer than all of the others together.
  await Promise.all(Object.entries(slowChecks).map(judge));
  if (failures.length > 0) throw new Failed(failures.join("\n\n"));
  say(`all is well (${seconds(from)})`);
});
