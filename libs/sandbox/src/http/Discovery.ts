/** What the server says of itself: versions, groups and resources, in both forms of discovery. */
import type { JsonObject } from "../Json.js";
import type { Resource, Resources } from "../schema/Resources.js";

export const VERSION: JsonObject = {
  major: "1",
  minor: "37",
  gitVersion: "v1.37.2",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "sandbox",
};

export const coreVersions = (host: string): JsonObject => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: host }],
});

const groupOf = (resources: Resources, name: string): JsonObject => {
  const versions = resources
    .versions(name)
    .map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] ?? {} };
};
export const groups = (resources: Resources): JsonObject => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: resources.groups().map((name) => groupOf(resources, name)),
});
export const group = (resources: Resources, name: string): JsonObject => ({
  kind: "APIGroup",
  apiVersion: "v1",
  ...groupOf(resources, name),
});

/** The kinds of subresources that belong to another group than their parent's. */
const FOREIGN: Readonly<Record<string, readonly [string, string]>> = {
  Scale: ["autoscaling", "v1"],
  Eviction: ["policy", "v1"],
};

export const resourceList = (
  resources: Resources,
  groupVersion: string,
): JsonObject | undefined => {
  const mine = resources.all().filter((r) => r.groupVersion === groupVersion);
  if (mine.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: mine.flatMap((r) => [
      {
        name: r.plural,
        singularName: r.singular,
        namespaced: r.namespaced,
        kind: r.kind,
        verbs: [...r.verbs],
        ...(r.shortNames.length > 0 ? { shortNames: [...r.shortNames] } : {}),
        ...(r.categories.length > 0 ? { categories: [...r.categories] } : {}),
      },
      ...[...r.subresources.values()].map((sub) => {
        const [group, version] = FOREIGN[sub.kind] ?? [];
        return {
          name: `${r.plural}/${sub.name}`,
          singularName: "",
          namespaced: r.namespaced,
          ...(group && version ? { group, version } : {}),
          kind: sub.kind,
          verbs: [...sub.verbs],
        };
      }),
    ]),
  };
};

const aggregated = (r: Resource): JsonObject => ({
  resource: r.plural,
  responseKind: { group: r.group, version: r.version, kind: r.kind },
  scope: r.namespaced ? "Namespaced" : "Cluster",
  singularResource: r.singular,
  verbs: [...r.verbs],
  ...(r.shortNames.length > 0 ? { shortNames: [...r.shortNames] } : {}),
  ...(r.categories.length > 0 ? { categories: [...r.categories] } : {}),
  ...(r.subresources.size > 0
    ? {
        subresources: [...r.subresources.values()].map((sub) => {
          const [group, version] = FOREIGN[sub.kind] ?? [r.group, r.version];
          return {
            subresource: sub.name,
            responseKind: { group, version, kind: sub.kind },
            verbs: [...sub.verbs],
          };
        }),
      }
    : {}),
});

/** `APIGroupDiscoveryList`: of the core group for /api, of all others for /apis. */
export const aggregatedList = (resources: Resources, core: boolean): JsonObject => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  metadata: {},
  items: (core ? [""] : resources.groups()).map((name) => ({
    metadata: name ? { name } : {},
    versions: resources.versions(name).map((version) => ({
      version,
      resources: resources
        .all()
        .filter((r) => r.group === name && r.version === version)
        .map(aggregated),
      freshness: "Current",
    })),
  })),
});

/** OpenAPI v3, as far as kubectl asks it: that writes take `fieldValidation`. */
export const openApiRoot = (resources: Resources): JsonObject => ({
  paths: Object.fromEntries(
    [...new Set(resources.all().map((r) => r.groupVersion))].map((gv) => {
      const path = gv.includes("/") ? `apis/${gv}` : `api/${gv}`;
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=sandbox` }];
    }),
  ),
});
export const openApi = (resources: Resources, groupVersion: string): JsonObject => {
  const parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map((name) => ({
    name,
    in: "query",
    schema: { type: name === "force" ? "boolean" : "string", uniqueItems: true },
  }));
  const paths: JsonObject = {};
  for (const r of resources.all().filter((x) => x.groupVersion === groupVersion)) {
    const root = groupVersion.includes("/") ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
    paths[`${root}${r.namespaced ? "/namespaces/{namespace}" : ""}/${r.plural}/{name}`] = {
      patch: {
        operationId: `patch${r.kind}`,
        parameters,
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": { group: r.group, version: r.version, kind: r.kind },
        responses: { "200": { description: "OK" } },
      },
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.37.2" },
    paths,
    components: { schemas: {} },
  };
};
