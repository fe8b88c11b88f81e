/**
 * A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager,
 * kube-scheduler, and kwok with one node whose pods do what their image tags say (stages.mjs).
 * Optional: the Argo Rollouts controller.
 *
 * The programs are processes of their own, written down in DIR/testbed.json: they outlive whoever
 * started them, until `down(dir)`, unless `owner` names a process that they must not outlive.
 */
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ARGO, find, isAlive, missing, modules, NEEDED } from "./programs.mjs";
import { stagesYaml } from "./stages.mjs";

/**
 * Who may come in; each user is a context of the kubeconfig, but for `admin`, whose is `testbed`.
 * `limited` has no permission until a test binds one, `stranger` never has any.
 */
const USERS = [
  { name: "admin", context: "testbed", groups: "system:masters" },
  { name: "limited", context: "limited", groups: "" },
  { name: "stranger", context: "stranger", groups: "" },
];

const READY_WITHIN = 60_000;
/** An API server with open watches takes its time; nothing here is worth waiting for. */
const GRACE = 2000;

/**
 * Starts a test-bed; it is ready when this returns (about 5 s, 700 MiB).
 *
 * @param {string} folder for data, logs, kubeconfig and pids
 * @param {{ argo?: boolean, stages?: readonly string[], owner?: number }} options
 *   `stages`: files with kwok stages for tags in `x-`; `owner`: the pid that the test-bed ends with
 * @returns {Promise<string>} the kubeconfig's path
 */
export async function up(folder, { argo = false, stages = [], owner } = {}) {
  const lacking = missing(argo ? [...NEEDED, ...ARGO] : NEEDED).filter(
    (name) => name !== "kubectl",
  );
  if (lacking.length > 0)
    throw new Error(`not built: ${lacking.join(", ")}: run tools/testbed/build.mjs`);
  const dir = resolve(folder);
  if (existsSync(join(dir, "testbed.json")))
    throw new Error(`${dir} is in use: stop it with tools/testbed/down.mjs`);
  mkdirSync(join(dir, "logs"), { recursive: true });

  const [etcd, etcdPeer, api, kubelet, health, metrics] = await freePorts(6);
  const users = USERS.map((user) => ({ ...user, token: randomBytes(16).toString("hex") }));
  const kubeconfig = join(dir, "kubeconfig");
  const bed = {
    dir,
    server: `https://127.0.0.1:${api}`,
    admin: users[0].token,
    certificate: join(dir, "certs", "apiserver.crt"),
    processes: {},
  };
  const start = (name, program, args) => startProcess(bed, name, [find(program), ...args]);

  writeFileSync(join(dir, "sa.key"), serviceAccountKey(), { mode: 0o600 });
  writeFileSync(join(dir, "tokens.csv"), users.map(tokenLine).join(""), { mode: 0o600 });
  writeFileSync(join(dir, "stages.yaml"), stagesYaml());
  writeFileSync(join(dir, "logs.yaml"), containerLogs(dir));

  try {
    start("etcd", "etcd", [
      ...["--data-dir", join(dir, "etcd"), "--unsafe-no-fsync"],
      ...[
        "--listen-client-urls",
        `http://127.0.0.1:${etcd}`,
        "--advertise-client-urls",
        `http://127.0.0.1:${etcd}`,
      ],
      ...["--listen-peer-urls", `http://127.0.0.1:${etcdPeer}`],
      ...["--initial-advertise-peer-urls", `http://127.0.0.1:${etcdPeer}`],
      ...["--initial-cluster", `default=http://127.0.0.1:${etcdPeer}`],
    ]);
    start("apiserver", "kube-apiserver", [
      ...["--etcd-servers", `http://127.0.0.1:${etcd}`, "--cert-dir", join(dir, "certs")],
      ...["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", api],
      ...["--service-cluster-ip-range", "10.0.0.0/16", "--endpoint-reconciler-type", "none"],
      ...[
        "--service-account-key-file",
        join(dir, "sa.key"),
        "--service-account-signing-key-file",
        join(dir, "sa.key"),
      ],
      ...["--service-account-issuer", "https://kubernetes.default.svc"],
      ...["--authorization-mode", "RBAC", "--token-auth-file", join(dir, "tokens.csv")],
      // No pod here asks for a token, and no controller would have made the accounts yet.
      ...[
        "--disable-admission-plugins",
        "ServiceAccount",
        "--kubelet-preferred-address-types",
        "InternalIP",
      ],
    ]);
    await until("the API server", () => isReady(bed));
    // The API server has made its own CA and certificate meanwhile.
    writeFileSync(kubeconfig, kubeconfigOf(bed, users), { mode: 0o600 });

    const client = ["--kubeconfig", kubeconfig];
    const alone = [
      "--secure-port",
      "0",
      "--leader-elect=false",
      "--kube-api-qps",
      "500",
      "--kube-api-burst",
      "1000",
    ];
    start("controller-manager", "kube-controller-manager", [
      ...[...client, ...alone, "--use-service-account-credentials=false"],
      ...["--service-account-private-key-file", join(dir, "sa.key"), "--controllers", "*"],
    ]);
    start("scheduler", "kube-scheduler", [...client, ...alone]);
    start("kwok", "kwok", [
      ...[...client, "--manage-all-nodes", "--node-lease-duration-seconds", "40"],
      ...[
        "--node-ip",
        "127.0.0.1",
        "--node-port",
        kubelet,
        "--server-address",
        `127.0.0.1:${kubelet}`,
      ],
      // The kubelet's certificate is not verified: the API server's own will do.
      ...[
        "--tls-cert-file",
        bed.certificate,
        "--tls-private-key-file",
        join(dir, "certs", "apiserver.key"),
      ],
      ...[
        join(dir, "stages.yaml"),
        join(dir, "logs.yaml"),
        ...stages.map((file) => resolve(file)),
      ].flatMap((file) => ["--config", file]),
    ]);
    await call(bed, "POST", "/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1", labels: { "kubernetes.io/hostname": "node-1" } },
    });
    if (argo) {
      await installArgo(bed);
      start("rollouts", "rollouts-controller", [
        ...[...client, "--namespace", "default", "--leader-elect=false"],
        ...["--healthzPort", health, "--metricsport", metrics],
      ]);
    }
    await until("the node", async () =>
      isTrue(await call(bed, "GET", "/api/v1/nodes/node-1"), "Ready"),
    );
    if (owner !== undefined) keepFor(dir, owner);
    return kubeconfig;
  } catch (error) {
    await down(dir);
    throw error;
  }
}

/** Ends the API server and starts it anew on the same port: for tests of clients that must survive it. */
export async function restartApiServer(folder, { downFor = 0, crash = false } = {}) {
  const bed = read(resolve(folder));
  const { pid, command } = bed.processes["apiserver"];
  await end([pid], crash ? 0 : GRACE);
  await sleep(downFor);
  startProcess(bed, "apiserver", command);
  await until("the API server", () => isReady(bed));
}

/** Stops what `up` started; with `purge` its folder goes too. Nothing happens where nothing runs. */
export async function down(folder, { purge = false } = {}) {
  const dir = resolve(folder);
  if (existsSync(join(dir, "testbed.json"))) {
    const bed = read(dir);
    const running = Object.values(bed.processes)
      .filter(({ pid, command }) => isAlive(pid) && isOurs(pid, command))
      .map(({ pid }) => pid);
    await end(running.reverse());
    rmSync(join(dir, "testbed.json"));
  }
  if (purge) rmSync(dir, { recursive: true, force: true });
}

// ---- processes ---------------------------------------------------------------------------------

const read = (dir) => JSON.parse(readFileSync(join(dir, "testbed.json"), "utf8"));

function startProcess(bed, name, command) {
  const log = openSync(join(bed.dir, "logs", `${name}.log`), "a");
  const [program, ...args] = command.map(String);
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();
  bed.processes[name] = { pid: child.pid, command: [program, ...args] };
  writeFileSync(join(bed.dir, "testbed.json"), JSON.stringify(bed, null, 2), { mode: 0o600 });
}

/** A pid can have gone to another process since (a reboot). */
function isOurs(pid, [program]) {
  const ps = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  return ps.error !== undefined || ps.stdout.startsWith(program);
}

async function end(pids, grace = GRACE) {
  const send = (pid, signal) => isAlive(pid) && process.kill(pid, signal);
  for (const pid of pids) send(pid, "SIGTERM");
  for (let waited = 0; waited < grace && pids.some(isAlive); waited += 50) await sleep(50);
  for (const pid of pids) send(pid, "SIGKILL");
  while (pids.some(isAlive)) await sleep(20);
}

function keepFor(dir, owner) {
  const keeper = fileURLToPath(new URL("./keeper.mjs", import.meta.url));
  spawn(process.execPath, [keeper, dir, String(owner)], {
    detached: true,
    stdio: "ignore",
  }).unref();
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((done, fail) => {
          const server = createServer().on("error", fail);
          server.listen(0, "127.0.0.1", () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function until(what, isSo) {
  const deadline = Date.now() + READY_WITHIN;
  for (let last = "no answer"; ;) {
    try {
      if (await isSo()) return;
      last = "not yet";
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > deadline)
      throw new Error(`${what} is not ready after ${READY_WITHIN / 1000} s: ${last}`);
    await sleep(100);
  }
}

// ---- the API -----------------------------------------------------------------------------------

async function isReady(bed) {
  return existsSync(bed.certificate) && (await send(bed, "GET", "/readyz")).status === 200;
}

async function call(bed, method, path, body, type) {
  const { status, text } = await send(bed, method, path, body, type);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text);
}

function send(bed, method, path, body, type = "application/json") {
  return new Promise((done, fail) => {
    const request = httpsRequest(bed.server + path, {
      method,
      ca: readFileSync(bed.certificate),
      headers: { authorization: `Bearer ${bed.admin}`, "content-type": type },
      agent: false,
    });
    request.on("error", fail).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => done({ status: response.statusCode, text })).on("error", fail);
    });
    request.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  });
}

const isTrue = (object, condition) =>
  (object.status?.conditions ?? []).some(
    ({ type, status }) => type === condition && status === "True",
  );

/** The CRDs come with the controller's own module. */
async function installArgo(bed) {
  const module = "github.com/argoproj/argo-rollouts";
  const go = spawnSync("go", ["list", "-m", "-f", "{{.Dir}}", module], {
    cwd: join(modules, "argo-rollouts"),
    encoding: "utf8",
  });
  if (go.status !== 0) throw new Error(`go list ${module}: ${go.error?.message ?? go.stderr}`);
  const folder = join(go.stdout.trim(), "manifests", "crds");
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  for (const file of readdirSync(folder).filter((name) => name.endsWith("-crd.yaml"))) {
    const text = readFileSync(join(folder, file), "utf8");
    const name = /^ {2}name: (\S+)$/m.exec(text)[1];
    await call(
      bed,
      "PATCH",
      `${path}/${name}?fieldManager=testbed&force=true`,
      text,
      "application/apply-patch+yaml",
    );
    await until(name, async () => isTrue(await call(bed, "GET", `${path}/${name}`), "Established"));
  }
}

// ---- what is written down ----------------------------------------------------------------------

const tokenLine = ({ name, token, groups }, index) => `${token},${name},${index + 1},"${groups}"\n`;

const serviceAccountKey = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;

/** JSON, which is YAML. */
const kubeconfigOf = (bed, users) =>
  JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": USERS[0].context,
      clusters: [
        {
          name: "testbed",
          cluster: {
            server: bed.server,
            "certificate-authority-data": readFileSync(bed.certificate).toString("base64"),
          },
        },
      ],
      users: users.map(({ name, token }) => ({ name, user: { token } })),
      contexts: users.map(({ name, context }) => ({
        name: context,
        context: { cluster: "testbed", user: name, namespace: "default" },
      })),
    },
    null,
    2,
  );

/** What `kubectl logs` of any container says, and with `--previous`. */
function containerLogs(dir) {
  const lines = ["starting", "listening on :8080", "connecting to database db:5432"];
  const previous = [
    "starting",
    "connecting to database db:5432",
    "fatal: cannot connect to database db:5432: connection refused",
  ];
  const write = (name, text) => {
    const path = join(dir, "logs", name);
    writeFileSync(
      path,
      text.map((line, i) => `2026-01-01T00:00:0${i + 1}.000000000Z stdout F ${line}\n`).join(""),
    );
    return path;
  };
  return JSON.stringify({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "ClusterLogs",
    metadata: { name: "all" },
    spec: {
      logs: [
        {
          logsFile: write("container", lines),
          previousLogsFile: write("container.previous", previous),
        },
      ],
    },
  });
}
