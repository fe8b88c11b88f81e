/**
 * What nopea costs beside kubectl and node, on the real control plane, as ratios within one run.
 * It measures and prints, and fails only where something did not work at all.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { find } from "../../tools/testbed/programs.mjs";
import { median, paired, timed } from "./measure.mjs";
import { memory } from "./memory.mjs";

const kubeconfig = process.env.NOPEA_TESTBED_KUBECONFIG;
if (kubeconfig === undefined)
  throw new Error("run it as npm run bench: it needs the control plane");

const home = mkdtempSync(join(tmpdir(), "nopea-bench-"));
const nopea = [
  process.execPath,
  fileURLToPath(new URL("../../apps/cli/bin/nopea.cjs", import.meta.url)),
];
const kubectl = find("kubectl") ?? "kubectl";
const run = `bench-${Date.now().toString(36)}`;
const env = { KUBECONFIG: kubeconfig };
const rows = [];

const must = (result, what) => {
  if (result.code !== 0)
    throw new Error(
      `${what}: exit ${result.code}\n${result.stdout.slice(-2_000)}\n${result.stderr.slice(-2_000)}`,
    );
  return result;
};
const row = (what, figure, target) => {
  rows.push({ what, figure, target });
  console.log(`  ${what.padEnd(58)} ${figure.padStart(12)}   at most ${target}`);
};

const file = (name, text) => {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
};
const configMaps = (count) =>
  Array.from(
    { length: count },
    (_, i) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-${i}\n  labels:\n    app: bench\ndata:\n  figure: "${i}"\n  text: |\n    one line of text and another\n    to make it look like configuration\n`,
  ).join("---\n");
const workload = (image) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 2\n  selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [ { name: web, image: "example/web:${image}" } ] }\n`;

const namespaces = [];
const namespace = async (name) => {
  const full = `${run}-${name}`;
  must(await timed([kubectl, "create", "namespace", full], { env }), "kubectl create namespace");
  namespaces.push(full);
  return full;
};

/** Deploys are told apart by their own state folders, so that none finds a warm store. */
const deploy = (ns, service, path, more = [], options = {}) =>
  timed(
    [...nopea, "deploy", "-f", path, "-s", service, "-n", ns, "--state", join(home, ns), ...more],
    { env, ...options },
  );

const large = async () => {
  const path = file("configmaps.yaml", configMaps(1_000));
  const spaces = [];
  const first = await paired(
    3,
    async (round) => {
      const ns = await namespace(`nopea-${round}`);
      spaces[round] = { nopea: ns };
      return must(await deploy(ns, "bench", path, ["-q"]), "nopea deploy");
    },
    async (round) => {
      const ns = await namespace(`kubectl-${round}`);
      spaces[round].kubectl = ns;
      return must(
        await timed([kubectl, "apply", "--server-side", "-n", ns, "-f", path], { env }),
        "kubectl apply",
      );
    },
  );
  row(
    `1,000 ConfigMaps: ${Math.round(first.a)} ms beside kubectl's ${Math.round(first.b)} ms`,
    `${first.ratio.toFixed(2)} ×`,
    "0.75 ×",
  );
  row("… its peak memory", `${Math.round(first.peak)} MiB`, "150 MiB");
  const again = await paired(
    3,
    async (round) =>
      must(await deploy(spaces[round].nopea, "bench", path, ["-q"]), "nopea deploy again"),
    async (round) =>
      must(
        await timed([kubectl, "apply", "--server-side", "-n", spaces[round].kubectl, "-f", path], {
          env,
        }),
        "kubectl apply again",
      ),
  );
  row(
    `again, unchanged: ${Math.round(again.a)} ms beside kubectl's ${Math.round(again.b)} ms`,
    `${again.ratio.toFixed(2)} ×`,
    "0.6 ×",
  );
};

/** When the API first showed the state that decides: the third failed run, by a watch of its own. */
const decidingState = (ns) => {
  const state = { at: undefined };
  const onLine = (line) => {
    const { object } = JSON.parse(line);
    const bad = object.spec.containers.some(({ image }) => image.endsWith(":crashes"));
    const looped = (object.status.containerStatuses ?? []).some(
      ({ restartCount, state }) =>
        restartCount >= 2 && state.waiting?.reason === "CrashLoopBackOff",
    );
    if (bad && looped) state.at ??= Date.now();
  };
  void timed([kubectl, "get", "--raw", `/api/v1/namespaces/${ns}/pods?watch=1&timeoutSeconds=60`], {
    env,
    onLine,
  });
  return state;
};

const crash = async () => {
  const lags = [];
  for (let round = 0; round < 3; round++) {
    const ns = await namespace(`crash-${round}`);
    must(
      await deploy(ns, "web", file("good.yaml", workload("1.0.0")), ["-q"]),
      "nopea deploy of the good version",
    );
    const deciding = decidingState(ns);
    let at;
    const result = await deploy(
      ns,
      "web",
      file("bad.yaml", workload("crashes")),
      ["-o", "json", "--stream"],
      {
        onLine: (line) => {
          if (line.includes('"outcome"')) at ??= Date.now();
        },
      },
    );
    if (result.code !== 1 || !result.stdout.includes("crash_loop"))
      throw new Error(`a crashing update: exit ${result.code}\n${result.stdout}\n${result.stderr}`);
    // The deciding state may be shown to the other watcher a little later than to nopea.
    for (let i = 0; deciding.at === undefined && i < 100; i++)
      await new Promise((done) => setTimeout(done, 50));
    if (deciding.at === undefined)
      throw new Error("the watch beside it never saw the third failed run");
    lags.push(at - deciding.at);
  }
  row(
    "a crashing update: its reason after the deciding state",
    `${Math.max(0, median(lags))} ms`,
    "500 ms",
  );
};

const start = async () => {
  const floor = () => timed([process.execPath, "-e", "0"]);
  const version = await paired(
    15,
    async () => must(await timed([...nopea, "--version"]), "--version"),
    floor,
  );
  row(
    `--version: ${Math.round(version.a)} ms beside node -e 0's ${Math.round(version.b)} ms`,
    `${version.ratio.toFixed(2)} ×`,
    "1.3 ×",
  );
  const ns = `${run}-crash-0`;
  const offline = await paired(
    15,
    async () =>
      must(
        await timed([...nopea, "status", "web", "-n", ns, "--offline", "--state", join(home, ns)], {
          env,
        }),
        "status --offline",
      ),
    floor,
  );
  row(
    `status --offline: ${Math.round(offline.a)} ms beside ${Math.round(offline.b)} ms`,
    `${offline.ratio.toFixed(2)} ×`,
    "2.5 ×",
  );
};

try {
  await large();
  await crash();
  await start();
  await memory(row);
} finally {
  await Promise.all(
    namespaces.map((ns) => timed([kubectl, "delete", "namespace", ns, "--wait=false"], { env })),
  );
  rmSync(home, { recursive: true, force: true });
}
process.exit(0);
