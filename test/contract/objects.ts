/** Builders for the cases beside this file: the smallest object of each kind that a cluster takes. */
import type { Cluster } from "../harness/Cluster.js";
import type { Json } from "../harness/Api.js";

const GROUPS: Readonly<Record<string, string>> = {
  deployments: "/apis/apps/v1",
  statefulsets: "/apis/apps/v1",
  daemonsets: "/apis/apps/v1",
  replicasets: "/apis/apps/v1",
  jobs: "/apis/batch/v1",
  leases: "/apis/coordination.k8s.io/v1",
};

/** The path of a collection in the test's namespace, or of one object in it. */
export const at = ({ namespace }: Cluster, plural: string, name?: string): string =>
  `${GROUPS[plural] ?? "/api/v1"}/namespaces/${namespace}/${plural}${name === undefined ? "" : `/${name}`}`;

export const configMap = (name: string, data: Json = { color: "blue" }): Json => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

const container = (image: string, name = "main"): Json => ({ name, image });

export interface PodOptions {
  readonly image?: string;
  readonly second?: string;
  readonly init?: string;
}

const GOOD = "registry.example/app:1";

/** Containers `main` and, where asked for, `second` and the init container `init`. */
const podSpec = ({ image = GOOD, second, init }: PodOptions): Json => ({
  ...(init === undefined ? {} : { initContainers: [container(init, "init")] }),
  containers: [container(image), ...(second === undefined ? [] : [container(second, "second")])],
});

const workload = (
  apiVersion: string,
  kind: string,
  name: string,
  options: PodOptions,
  spec: Json,
): Json => ({
  apiVersion,
  kind,
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec(options) },
    ...spec,
  },
});

export const deployment = (
  name: string,
  options: PodOptions & { readonly spec?: Json } = {},
): Json => workload("apps/v1", "Deployment", name, options, { replicas: 1, ...options.spec });

export const statefulSet = (
  name: string,
  options: PodOptions & { readonly spec?: Json } = {},
): Json =>
  workload("apps/v1", "StatefulSet", name, options, {
    replicas: 1,
    serviceName: name,
    ...options.spec,
  });

export const daemonSet = (name: string, options: PodOptions = {}): Json =>
  workload("apps/v1", "DaemonSet", name, options, {});

export const job = (name: string, options: PodOptions & { readonly spec?: Json } = {}): Json => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: { spec: { restartPolicy: "Never", ...podSpec(options) } },
    ...options.spec,
  },
});

export const pod = (name: string, options: PodOptions = {}): Json => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: podSpec(options),
});

/** A namespaced kind Thing, plural things, of a group of its own; any spec is taken. */
export const customResource = (prefix: string): Json => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `things.${prefix}.example.com` },
  spec: {
    group: `${prefix}.example.com`,
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
        subresources: { status: {} },
      },
    ],
  },
});

/** The condition of that type, or what is there instead. */
export const condition = (object: Json, type: string): Json =>
  object.status?.conditions?.find((each: Json) => each.type === type) ?? object.status?.conditions;
