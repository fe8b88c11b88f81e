/**
 * The test-bed's programs: where they are found, and how they are built from Go modules.
 *
 * Each is looked for in `KUBEBUILDER_ASSETS` (as controller-runtime's envtest does, which brings etcd,
 * kube-apiserver and kubectl), else in `$XDG_CACHE_HOME/nopea-testbed/<version>`, where `build` puts it.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const VERSION = "v1.37.2";
/** What kubernetes' own go.mod asks for. */
const GO_AT_LEAST = [1, 26, 1];

export const modules = dirname(fileURLToPath(import.meta.url));

const kubernetes = (name) => ({
  module: "kubernetes",
  main: `k8s.io/kubernetes/cmd/${name}`,
  ldflags: versionFlags(),
});
const PROGRAMS = {
  etcd: { module: "etcd", main: "go.etcd.io/etcd/server/v3" },
  "kube-apiserver": kubernetes("kube-apiserver"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  kubectl: kubernetes("kubectl"),
  kwok: { module: "kwok", main: "sigs.k8s.io/kwok/cmd/kwok" },
  "rollouts-controller": {
    module: "argo-rollouts",
    main: "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
  },
  helm: { module: "helm", main: "helm.sh/helm/v4/cmd/helm" },
  helm3: { module: "helm3", main: "helm.sh/helm/v3/cmd/helm" },
};

/** What `up` needs, and kubectl, which the tests compare with. */
export const NEEDED = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubectl",
  "kwok",
];
/** What `up --argo` needs besides. */
export const ARGO = ["rollouts-controller"];
/** What leaves releases in a cluster, for the tests that read them. */
export const HELM = ["helm3", "helm"];

function versionFlags() {
  const [major, minor] = VERSION.slice(1).split(".");
  const values = { gitVersion: VERSION, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return ["component-base/version", "client-go/pkg/version"]
    .flatMap((path) =>
      Object.entries(values).map(([key, value]) => `-X k8s.io/${path}.${key}=${value}`),
    )
    .join(" ");
}

export function cacheFolder() {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "nopea-testbed", VERSION);
}

/** @returns {string | undefined} the program's path */
export function find(name) {
  const folders = [process.env["KUBEBUILDER_ASSETS"], cacheFolder()].filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @returns {string[]} the programs that are neither given nor built */
export const missing = (names = NEEDED) => names.filter((name) => find(name) === undefined);

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns {string | undefined} why nothing can be built here */
export function cannotBuild() {
  const go = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  const wanted = GO_AT_LEAST.join(".");
  if (go.error !== undefined || go.status !== 0) return `Go >= ${wanted} is not installed`;
  const found = go.stdout.trim().replace(/^go/, "");
  const parts = found.split(/[.-]/).map(Number);
  const differs = GO_AT_LEAST.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return differs !== -1 && (parts[differs] ?? 0) < GO_AT_LEAST[differs]
    ? `Go ${found} is older than ${wanted}`
    : undefined;
}

/**
 * Builds what is missing, one after the other (Go itself uses every core), into the cache folder.
 * About 12 minutes for `NEEDED` on 2 cores, nothing when built. A second build waits for the first.
 *
 * @param {readonly string[]} names
 * @param {(line: string) => void} say
 */
export async function build(names = NEEDED, say = () => {}) {
  const unknown = names.find((name) => !(name in PROGRAMS));
  if (unknown !== undefined)
    throw new Error(`no such program: ${unknown} (${Object.keys(PROGRAMS).join(", ")})`);
  if (missing(names).length === 0) return;
  const reason = cannotBuild();
  if (reason !== undefined) throw new Error(`cannot build ${missing(names).join(", ")}: ${reason}`);
  mkdirSync(cacheFolder(), { recursive: true });
  const unlock = await lock(join(cacheFolder(), ".building"), say);
  try {
    for (const [index, name] of names.entries()) {
      if (find(name) !== undefined) continue;
      say(`building ${name} (${index + 1} of ${names.length})`);
      await goBuild(PROGRAMS[name], name);
    }
  } finally {
    unlock();
  }
}

async function goBuild({ module, main, ldflags = "" }, name) {
  const part = join(cacheFolder(), `.${name}.${process.pid}`);
  const args = [
    "build",
    "-trimpath",
    "-mod=readonly",
    "-ldflags",
    `-s -w ${ldflags}`.trim(),
    "-o",
    part,
    main,
  ];
  const go = spawn("go", args, {
    cwd: join(modules, module),
    env: { ...process.env, CGO_ENABLED: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  go.stderr.on("data", (chunk) => (errors = (errors + chunk).slice(-8000)));
  const code = await new Promise((resolve, reject) => go.on("error", reject).on("close", resolve));
  if (code !== 0) {
    rmSync(part, { force: true });
    throw new Error(`go build of ${name} failed (${code}):\n${errors}`);
  }
  renameSync(part, join(cacheFolder(), name));
}

/** A file that holds the builder's pid; one whose builder is gone is taken over. */
async function lock(path, say) {
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!isAlive(readPid(path))) rmSync(path, { force: true });
    else {
      if (!waited) say("another build is running: waiting for it");
      await sleep(1000);
    }
  }
}

function readPid(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}

export function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
