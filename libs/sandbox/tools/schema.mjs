// Writes src/schema/builtin.ts: what a real API server's discovery and OpenAPI v3 say of the kinds that the
// sandbox serves, cut down to names, types, list keys and verbs.
// usage: NODE_TLS_REJECT_UNAUTHORIZED=0 node tools/schema.mjs https://127.0.0.1:6443 TOKEN > src/schema/builtin.ts
const [server, token] = process.argv.slice(2);
const GROUPS = [
  "api/v1",
  "apis/apps/v1",
  "apis/batch/v1",
  "apis/autoscaling/v2",
  "apis/policy/v1",
  "apis/networking.k8s.io/v1",
  "apis/rbac.authorization.k8s.io/v1",
  "apis/coordination.k8s.io/v1",
  "apis/apiextensions.k8s.io/v1",
  "apis/admissionregistration.k8s.io/v1",
  "apis/storage.k8s.io/v1",
  "apis/scheduling.k8s.io/v1",
  "apis/discovery.k8s.io/v1",
];
// Kinds that need a conversion, or that are no stored objects: left out.
const SKIP =
  /^(bindings|componentstatuses|replicationcontrollers.*|podtemplates|persistentvolumeclaims\/.*(?<!status)|namespaces\/finalize|nodes\/proxy|services\/proxy|serviceaccounts\/token|pods\/(?!status|log|eviction).*|.*\/approval)$/;
const get = async (path) =>
  (await fetch(`${server}/${path}`, { headers: { authorization: `Bearer ${token}` } })).json();

const schemas = new Map();
const resources = [];
const roots = [];
for (const group of GROUPS) {
  const list = await get(group);
  for (const r of list.resources) {
    if (
      SKIP.test(r.name) ||
      ((r.group ?? "") !== "" && r.name.endsWith("/scale") === false && r.name !== "pods/eviction")
    )
      continue;
    resources.push(
      [
        list.groupVersion,
        r.name,
        r.singularName || "-",
        r.namespaced ? "N" : "C",
        r.kind,
        r.verbs.join(","),
        (r.shortNames ?? []).join(",") || "-",
        (r.categories ?? []).join(",") || "-",
      ].join(" "),
    );
  }
  const doc = await get(`openapi/v3/${group}`);
  for (const [name, schema] of Object.entries(doc.components.schemas)) {
    schemas.set(name, schema);
    for (const gvk of schema["x-kubernetes-group-version-kind"] ?? []) {
      const gv = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version;
      if (gv === list.groupVersion) roots.push([name, gv, gvk.kind]);
    }
  }
}
const SCALAR = { string: "s", integer: "i", boolean: "b", number: "n" };
const short = (name) => name.split(".").slice(-1)[0];
const counts = new Map();
for (const n of schemas.keys()) counts.set(short(n), (counts.get(short(n)) ?? 0) + 1);
const label = (name) =>
  counts.get(short(name)) > 1 ? name.split(".").slice(-3).join(".") : short(name);
const used = new Map();
const refOf = (p) => p.$ref ?? p.allOf?.[0]?.$ref;
const type = (p) => {
  const ref = refOf(p);
  if (ref) {
    const name = ref.replace("#/components/schemas/", "");
    const target = schemas.get(name);
    if (short(name) === "Quantity") return "q";
    if (short(name) === "IntOrString") return "x";
    if (/^(Time|MicroTime)$/.test(short(name))) return "t";
    if (!target.properties && target.type !== "object") return "o";
    if (!target.properties) return "o";
    visit(name);
    return label(name);
  }
  if (p.type === "array") {
    const t = p["x-kubernetes-list-type"],
      merge = /^merge/.test(p["x-kubernetes-patch-strategy"] ?? "");
    const keys =
      t === "map"
        ? p["x-kubernetes-list-map-keys"]
        : !t && merge && p["x-kubernetes-patch-merge-key"]
          ? [p["x-kubernetes-patch-merge-key"]]
          : undefined;
    if (keys) return `map(${keys.join(",")};${type(p.items)})`;
    if (t === "set" || (!t && merge)) return `set(${type(p.items)})`;
    return `list(${type(p.items)})`;
  }
  if (p.additionalProperties)
    return `${p["x-kubernetes-map-type"] === "atomic" ? "adict" : "dict"}(${type(p.additionalProperties)})`;
  if (p.format === "byte") return "y";
  if (p.format === "int64") return "l";
  return SCALAR[p.type] ?? "o";
};
const visit = (name) => {
  if (used.has(name)) return;
  used.set(name, "");
  const s = schemas.get(name);
  const fields = Object.entries(s.properties ?? {}).map(([f, p]) => {
    const strategy = p["x-kubernetes-patch-strategy"],
      key = p["x-kubernetes-patch-merge-key"];
    const inline = refOf(p) && JSON.stringify(p.default) === "{}" ? "&" : "";
    const dflt = typeof p.default === "string" && p.default ? `=${p.default}` : "";
    const patch = strategy ? `~${strategy}${key ? `:${key}` : ""}` : "";
    return `${f}${(s.required ?? []).includes(f) ? "*" : ""}:${inline}${type(p)}${dflt}${patch}`;
  });
  used.set(
    name,
    `${label(name)}${s["x-kubernetes-map-type"] === "atomic" ? "!" : ""} ${fields.join(" ")}`,
  );
};
const served = new Set(
  resources.map((r) => {
    const [gv, , , , kind] = r.split(" ");
    return `${gv} ${kind}`;
  }),
);
const kinds = roots.filter(([, gv, kind]) => served.has(`${gv} ${kind}`));
for (const [name] of kinds) visit(name);
visit([...schemas.keys()].find((n) => short(n) === "DeleteOptions"));
process.stdout.write(`/**
 * What the sandbox serves: resources and their types, as a real Kubernetes 1.37 tells them in discovery and OpenAPI v3.
 * Written by tools/schema.mjs: do not edit. The notation is read by Schema.ts and Resources.ts.
 */
export const RESOURCES = \`
${resources.join("\n")}
\`;

export const KINDS = \`
${kinds.map(([name, gv, kind]) => `${gv} ${kind} ${label(name)}`).join("\n")}
\`;

export const TYPES = \`
${[...used.values()].sort().join("\n")}
\`;
`);
