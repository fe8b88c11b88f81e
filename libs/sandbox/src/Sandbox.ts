/** Starts and stops a sandbox, and what tests may do to it. */
import { randomBytes } from "node:crypto";
import { Api } from "./Api.js";
import { Clock } from "./Clock.js";
import { STORAGE_CLASS } from "./controllers/Claims.js";
import { Controllers } from "./controllers/Controllers.js";
import { Access, type Deny } from "./http/Access.js";
import { Server } from "./http/Server.js";
import { Watches } from "./http/Watch.js";
import type { Json } from "./Json.js";
import { Kubelet } from "./pods/Kubelet.js";
import { nodeObject } from "./pods/Node.js";
import { Resources } from "./schema/Resources.js";
import { Store } from "./Store.js";

export interface SandboxOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Loopback only: the sandbox is no cluster for others. */
  readonly host?: "127.0.0.1";
  /** How many times faster than a real cluster pods and controllers are; 1 by default. */
  readonly speed?: number;
  /** False: a request without a token is forbidden, as on a real cluster. True, the default, lets kubectl in, which sends no token over plain HTTP. */
  readonly anonymous?: boolean;
  /** Milliseconds between a watch's bookmarks; 60,000 by default. */
  readonly bookmarkMs?: number;
}

export interface SandboxUser {
  readonly token: string;
  /** As errors name it; the token's first half where it is missing. */
  readonly name?: string;
  readonly deny?: readonly Deny[];
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** A kubeconfig for it, as JSON (which is YAML), with `default` as its namespace. */
  readonly kubeconfig: string;
  /** A kubeconfig with another user's token. */
  readonly kubeconfigFor: (token: string) => string;
  /** Adds a user who may do everything but what is denied. */
  readonly addUser: (user: SandboxUser) => void;
  /** How many watches are open. */
  readonly watches: () => number;
  /** Breaks all watch connections. */
  readonly dropWatches: () => void;
  /** Forgets what happened so far: a watch from an older version gets an ERROR event with 410. */
  readonly expireWatches: () => void;
  /** Watches stay open and say nothing until resumed. */
  readonly stallWatches: () => void;
  readonly resumeWatches: () => void;
  /** Requests are taken and not answered until `answer`. */
  readonly silence: () => void;
  readonly answer: () => void;
  /** As an API server that restarts: every connection breaks, the port is closed for so many milliseconds, and watch history is gone. */
  readonly restart: (downMs?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const host = options.host ?? "127.0.0.1";
  const clock = new Clock(options.speed ?? 1);
  const store = new Store();
  const api = new Api(store, new Resources(), clock);
  const controllers = new Controllers(api, new Kubelet(api));
  const watches = new Watches(store, options.bookmarkMs ?? 60_000);
  const token = randomBytes(16).toString("hex");
  let server = new Server(api, watches, new Access(options.anonymous ?? true));
  server.access.add(token, { name: "admin", deny: [] });
  furnish(api);
  const port = await server.listen(host, options.port ?? 0);
  const url = `http://${host}:${port}`;
  const kubeconfigFor = (userToken: string): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "sandbox",
      clusters: [{ name: "sandbox", cluster: { server: url } }],
      users: [{ name: "admin", user: { token: userToken } }],
      contexts: [
        { name: "sandbox", context: { cluster: "sandbox", user: "admin", namespace: "default" } },
      ],
    });
  return {
    url,
    token,
    kubeconfig: kubeconfigFor(token),
    kubeconfigFor,
    addUser: (user) =>
      server.access.add(user.token, { name: user.name ?? user.token, deny: user.deny ?? [] }),
    watches: () => watches.count,
    dropWatches: () => watches.drop(),
    expireWatches: () => {
      store.compact();
      watches.drop();
    },
    stallWatches: () => {
      watches.stalled = true;
    },
    resumeWatches: () => watches.resume(),
    silence: () => {
      server.silent = true;
    },
    answer: () => {
      server.silent = false;
    },
    restart: async (downMs = 0) => {
      const { access } = server;
      await server.close();
      store.compact();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      server = new Server(api, watches, access);
      await server.listen(host, port);
    },
    close: async () => {
      controllers.stop();
      clock.stop();
      await server.close();
    },
  };
};

/** What a new cluster holds. */
const furnish = (api: Api): void => {
  const create = (groupVersion: string, plural: string, object: unknown): void => {
    api.create(api.resources.must(groupVersion, plural), undefined, object as Json, {
      manager: "sandbox",
    });
  };
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"])
    create("v1", "namespaces", { metadata: { name } });
  create("storage.k8s.io/v1", "storageclasses", {
    metadata: {
      name: STORAGE_CLASS,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "sandbox",
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
  });
  const nodes = api.resources.must("v1", "nodes");
  const node = nodeObject(api.clock.stamp()) as Record<string, Json>;
  api.create(nodes, undefined, node, { manager: "kubelet" });
  api.update(nodes, undefined, "node-1", node, { manager: "kubelet", subresource: "status" });
};
