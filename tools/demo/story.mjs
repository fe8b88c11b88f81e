/**
 * What nopea does, told by its real command line on the sandbox: a first deploy, an update with
 * its diff, a broken image that is named in seconds, the fix, the history, and the history again
 * as a machine with an empty disk sees it. Then what memory makes of it: more failures, how they
 * change the risk and the strategy, and how successes bring both back; in the same words from an
 * empty disk. Ends with 1 at the first thing that is not as told.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(root, "apps/cli/bin/nopea.cjs");
const folder = mkdtempSync(join(tmpdir(), "nopea-demo-"));
const releases = join(folder, "releases");
mkdirSync(releases);

/** Nothing of the user's own cluster or memory is used. */
const { PATH, HOME, TMPDIR, USER, TERM, NO_COLOR } = process.env;
const given = Object.fromEntries(
  Object.entries({ PATH, HOME, TMPDIR, USER, TERM, NO_COLOR }).filter(([, value]) => value),
);
const wantsColor = process.stdout.isTTY && !NO_COLOR && TERM !== "dumb";
const env = {
  ...given,
  NOPEA_STATE: join(folder, "laptop"),
  COLUMNS: String(Math.min(process.stdout.columns ?? 100, 110)),
  ...(wantsColor ? { FORCE_COLOR: "1" } : {}),
};

const paint = (code, text) => (wantsColor ? `\u001b[${code}m${text}\u001b[0m` : text);

function say(text) {
  process.stdout.write(`\n${paint("1", `# ${text}`)}\n`);
}

function expect(is, what) {
  if (!is) throw new Error(`not as told: ${what}`);
}

/** Starts `nopea` and answers once it ended; `shown` is what a person would see of it. */
function start(args, more = {}) {
  const child = spawn(process.execPath, [binary, ...args], {
    cwd: args.some((arg) => arg.startsWith("examples/")) ? root : releases,
    env: { ...env, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seen = { out: "", err: "", shown: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    seen.out += text;
    seen.shown += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    seen.err += text;
    seen.shown += text;
  });
  const ended = new Promise((done, fail) => {
    child.on("error", fail).on("close", (code) => done({ ...seen, code }));
  });
  return { child, seen, ended };
}

/** Types a command, shows what it prints, and holds its exit code against the story. */
async function run(line, code, more = {}) {
  process.stdout.write(`${paint("36", "$")} ${line}\n`);
  const before = performance.now();
  const { shown, out, code: answer } = await start(line.split(" ").slice(1), more).ended;
  process.stdout.write(shown);
  expect(answer === code, `\`${line}\` ended with ${answer} instead of ${code}`);
  return { out, shown, seconds: (performance.now() - before) / 1_000 };
}

/** The same command for the story's own eyes. */
async function json(line, more = {}) {
  const { out } = await start([...line.split(" ").slice(1), "-o", "json"], more).ended;
  return JSON.parse(out);
}

/** The example with another image, as a pipeline would have made it. */
function release(tag) {
  const path = join(releases, `web-${tag}`);
  cpSync(join(root, "examples/web-update"), path, { recursive: true });
  const file = join(path, "deployment.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("web:1.1.0", `web:${tag}`));
}

async function sandbox() {
  const { child, seen, ended } = start(["sandbox"]);
  const path = await new Promise((done, fail) => {
    child.stdout.on("data", () => {
      const [line, ...rest] = seen.out.split("\n");
      if (rest.length > 0) done(line);
    });
    void ended.then(({ shown }) => fail(new Error(`the sandbox did not start: ${shown}`)));
  });
  return { path, child, ended };
}

async function story() {
  say("The first deploy: nopea answers when all is ready, not when the API took it.");
  const first = await run("nopea deploy -f examples/web -s web", 0);
  expect(first.shown.includes("ready and verified"), "the first deploy is ready and verified");

  say("An update. What would it change?");
  const diff = await run("nopea diff -f examples/web-update -s web", 1);
  const images = ["registry.example/web:1.0.0", "registry.example/web:1.1.0"];
  expect(
    images.every((image) => diff.shown.includes(image)),
    "the diff shows both images",
  );
  await run("nopea deploy -f examples/web-update -s web", 0);

  say("A tag that was never pushed: the reason, in seconds, and what to do.");
  const broken = await run("nopea deploy -f examples/web-broken -s web", 1);
  expect(broken.shown.includes("image_not_found"), "the reason is image_not_found");
  expect(broken.seconds < 15, `the reason took ${broken.seconds.toFixed(1)} s`);
  await run("nopea status web", 0);

  say("The fix: the update again.");
  await run("nopea deploy -f examples/web-update -s web", 0);

  say("What became of them all?");
  await run("nopea history web", 0);
  const { deployments } = await json("nopea history web");
  const told = deployments.map(({ status }) => status).join(" ");
  expect(told === "completed failed completed completed", `the history is: ${told}`);

  say("And on a machine that has never seen this service: memory is in the cluster.");
  const empty = { NOPEA_STATE: join(folder, "ci-runner") };
  await run("nopea history web", 0, empty);
  const other = await json("nopea history web", { NOPEA_STATE: join(folder, "other-runner") });
  const ids = (list) => list.map(({ deploy_id }) => deploy_id).join(" ");
  expect(ids(other.deployments) === ids(deployments), "an empty machine has the same history");
}

/** What a colleague would remember; the time that passes between two questions aside. */
const words = (context) =>
  JSON.stringify({
    ...context,
    risk: {
      ...context.risk,
      probability: context.risk.probability.toFixed(2),
      drivers: context.risk.drivers.map(({ name }) => name),
    },
    failure_patterns: context.failure_patterns.map(({ error, observations }) => [
      error,
      observations,
    ]),
    recommendations: context.recommendations.length,
  });

async function memory() {
  say("What does nopea make of it? So far:");
  await run("nopea explain web", 0);

  say("Two more releases go wrong: the program is missing in their image.");
  release("start-fails");
  await run("nopea deploy -f web-start-fails -s web", 1);
  const again = await start("deploy -f web-start-fails -s web -q".split(" ")).ended;
  expect(again.code === 1, "it fails again");

  say("Now the tenth deploy is not treated as the first:");
  await run("nopea context web", 0);
  await run("nopea explain web", 0);
  const risky = await json("nopea explain web");
  expect(risky.choice.rule === "learnt" && risky.choice.wanted === "canary", "a canary is wanted");

  say("Memory is in the cluster: an empty disk says the same.");
  const empty = { NOPEA_STATE: join(folder, "another-runner") };
  await run("nopea context web", 0, empty);
  const [ours, theirs] = [await json("nopea context web"), await json("nopea context web", empty)];
  expect(words(ours) === words(theirs), `the same words: ${words(ours)} and ${words(theirs)}`);

  say("Releases that go well bring it back.");
  let calm = risky;
  for (let minor = 2; calm.choice.rule === "learnt"; minor += 1) {
    expect(
      minor < 12,
      `after ${minor - 2} good releases the risk is still ${calm.risk.probability}`,
    );
    release(`1.${minor}.0`);
    const { shown } = await run(`nopea deploy -f web-1.${minor}.0 -s web`, 0);
    expect(shown.includes("risk"), "a deploy says its risk");
    calm = await json("nopea explain web");
  }
  await run("nopea explain web", 0);
  expect(calm.strategy === "direct" && calm.choice.wanted === undefined, "direct again");
  expect(calm.risk.probability < risky.risk.probability, "and the risk is lower");
}

let code = 0;
const cluster = await sandbox();
env.KUBECONFIG = cluster.path;
try {
  await story();
  await memory();
  process.stdout.write(`\n${paint("32", "The story went as told.")}\n`);
} catch (error) {
  process.stderr.write(`\n${paint("31", error.message)}\n`);
  code = 1;
} finally {
  cluster.child.kill("SIGINT");
  await cluster.ended;
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = code;
