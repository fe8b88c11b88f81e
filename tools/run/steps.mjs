/**
 * What the scripts beside this file share: they say what they do and how far they are, one line a
 * step, and show a program's output when it fails.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Nx works here and nowhere else. */
const quietNx = { NX_DAEMON: "false", NX_NO_CLOUD: "true", NX_TUI: "false" };

export class Failed extends Error {}

export const say = (line) => console.log(line);
export const seconds = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`;

/**
 * Runs a program in the repository's root. Its output is kept, and thrown with it when it fails;
 * with `show` it goes straight to the terminal.
 *
 * @param {readonly string[]} command
 * @param {{ env?: Record<string, string>, show?: boolean, mayFail?: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run([program, ...args], { env = {}, show = false, mayFail = false } = {}) {
  const path = `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}`;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...quietNx, PATH: path, ...env },
    stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
  });
  let output = "";
  const keep = (chunk) => (output += chunk);
  child.stdout?.setEncoding("utf8").on("data", keep);
  child.stderr?.setEncoding("utf8").on("data", keep);
  return new Promise((done, fail) => {
    child.on("error", (error) => fail(new Failed(`${program}: ${error.message}`)));
    child.on("close", (code, signal) =>
      code === 0 || mayFail
        ? done({ code: code ?? 1, output })
        : fail(
            new Failed(`${[program, ...args].join(" ")} ended with ${signal ?? code}\n${output}`),
          ),
    );
  });
}

/** One line when it is done: what, and how long it took. */
export async function step(name, work) {
  const from = performance.now();
  try {
    const result = await work();
    say(`  ok    ${name.padEnd(44)} ${seconds(from)}`);
    return result;
  } catch (error) {
    say(`  FAIL  ${name.padEnd(44)} ${seconds(from)}`);
    throw error;
  }
}

/** Installs what the lock file names, unless it is there already. */
export async function install() {
  if (isInstalled()) return;
  await step("install dependencies (a minute or two)", async () => {
    const clean = !existsSync(join(root, "node_modules"));
    const ci = clean
      ? await run(["npm", "ci", "--no-audit", "--no-fund"], { mayFail: true })
      : undefined;
    if (ci?.code === 0) return;
    await run(["npm", "install", "--no-audit", "--no-fund"]);
  });
}

function isInstalled() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8")).packages;
  if (!existsSync(join(root, "node_modules", ".package-lock.json"))) return false;
  const there = read("node_modules/.package-lock.json");
  return Object.entries(read("package-lock.json")).every(
    ([path, { version, optional, devOptional, peer }]) =>
      !path.includes("node_modules/") ||
      optional ||
      devOptional ||
      peer ||
      there[path]?.version === version,
  );
}

/** Builds every package; what has not changed comes from Nx's cache. */
export async function build() {
  await step("build", () => run(["nx", "run-many", "-t", "build", "--outputStyle=static"]));
}

/** A script's body: its failure is shown, and is the exit code. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failed ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
