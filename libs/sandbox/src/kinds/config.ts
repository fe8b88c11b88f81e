/** ConfigMap, Secret, Service, claims, quotas, namespaces and the small ones: defaults and refusals. */
import {
  forbiddenField,
  invalidValue,
  notSupported,
  requiredValue,
  tooLong,
  type FieldError,
} from "../ApiError.js";
import { child, equal, type JsonObject } from "../Json.js";
import { items, obj, orElse, text } from "./fields.js";
import type { Kind } from "./Kind.js";

/** The most that a ConfigMap or Secret may hold: Kubernetes' MaxSecretSize. */
const MAX = 1_048_576;
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_FAULT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const dataErrors = (object: JsonObject, keys: readonly string[], whole: string): FieldError[] => {
  const errors: FieldError[] = [];
  let size = 0;
  for (const field of keys)
    for (const [key, value] of Object.entries(obj(object, field) ?? {})) {
      if (!KEY.test(key)) errors.push(invalidValue(`${field}[${key}]`, key, KEY_FAULT));
      if (typeof value !== "string") continue;
      size +=
        field === "data" && whole === ""
          ? Buffer.byteLength(value)
          : Math.floor((value.replace(/=+$/, "").length * 3) / 4);
    }
  if (size > MAX) errors.push(tooLong(whole || "[]", MAX));
  return errors;
};

const immutable =
  (keys: readonly string[]) =>
  (next: JsonObject, old: JsonObject): FieldError[] => {
    if (old["immutable"] !== true) return [];
    const errors: FieldError[] = [];
    if (next["immutable"] !== true)
      errors.push(forbiddenField("immutable", "field is immutable when `immutable` is set"));
    for (const key of keys)
      if (!equal(next[key], old[key]))
        errors.push(forbiddenField(key, "field is immutable when `immutable` is set"));
    return errors;
  };

export const configMap: Kind = {
  validate: (object) => dataErrors(object, ["data", "binaryData"], ""),
  validateUpdate: immutable(["data", "binaryData"]),
};

export const secret: Kind = {
  defaults: (object) => {
    orElse(object, "type", "Opaque");
    foldStringData(object);
  },
  validate: (object) => dataErrors(object, ["data"], "data"),
  validateUpdate: (next, old) => [
    ...(next["type"] === old["type"]
      ? []
      : [invalidValue("type", next["type"], "field is immutable")]),
    ...immutable(["data"])(next, old),
  ],
  selectableFields: (object) => ({ type: text(object as unknown as JsonObject, "type") }),
};
const foldStringData = (object: JsonObject): void => {
  const plain = obj(object, "stringData");
  if (!plain) return;
  const data = child(object, "data");
  for (const [key, value] of Object.entries(plain))
    if (typeof value === "string") data[key] = Buffer.from(value).toString("base64");
  delete object["stringData"];
};

export const service: Kind = {
  name: "label",
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "sessionAffinity", "None");
    if (spec["sessionAffinity"] === "ClientIP")
      orElse(child(child(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10_800);
    orElse(spec, "type", "ClusterIP");
    const type = text(spec, "type");
    for (const port of items(spec, "ports")) {
      orElse(port, "protocol", "TCP");
      if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "")
        port["targetPort"] = port["port"] ?? 0;
    }
    if (type === "NodePort" || type === "LoadBalancer")
      orElse(spec, "externalTrafficPolicy", "Cluster");
    if (type !== "ExternalName") orElse(spec, "internalTrafficPolicy", "Cluster");
    if (type === "LoadBalancer") orElse(spec, "allocateLoadBalancerNodePorts", true);
  },
  beforeCreate: (object, allocator) => {
    const spec = child(object, "spec");
    object["status"] = { loadBalancer: {} };
    addresses(spec, undefined, allocator);
  },
  beforeUpdate: (next, old, allocator) => {
    addresses(child(next, "spec"), obj(old, "spec"), allocator);
  },
  validate: (object) => {
    const spec = obj(object, "spec");
    const errors: FieldError[] = [];
    const type = text(spec, "type");
    const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    const ports = items(spec, "ports");
    if (ports.length === 0 && type !== "ExternalName" && text(spec, "clusterIP") !== "None")
      errors.push(requiredValue("spec.ports", ""));
    ports.forEach((p, i) => {
      if (ports.length > 1 && !text(p, "name"))
        errors.push(requiredValue(`spec.ports[${i}].name`, ""));
      for (const key of ["port", "targetPort"]) {
        const value = p[key] ?? 0;
        if (key === "targetPort" && typeof value === "string") continue;
        if (typeof value !== "number" || value < 1 || value > 65_535)
          errors.push(
            invalidValue(
              `spec.ports[${i}].${key}`,
              value,
              "must be between 1 and 65535, inclusive",
            ),
          );
      }
    });
    if (!types.includes(type)) errors.push(notSupported("spec.type", type, types));
    if (type === "ExternalName" && !text(spec, "externalName"))
      errors.push(requiredValue("spec.externalName", ""));
    return errors;
  },
  validateUpdate: (next, old) => {
    const [now, before] = [obj(next, "spec"), obj(old, "spec")];
    const [ip, was] = [text(now, "clusterIP"), text(before, "clusterIP")];
    if (
      was &&
      ip !== was &&
      text(now, "type") !== "ExternalName" &&
      text(before, "type") !== "ExternalName"
    )
      return [
        invalidValue("spec.clusterIPs[0]", now?.["clusterIPs"] ?? null, "may not change once set"),
      ];
    return [];
  },
  selectableFields: (object) => ({
    "spec.clusterIP": text(object.spec, "clusterIP"),
    "spec.type": text(object.spec, "type"),
  }),
};

const addresses = (
  spec: JsonObject,
  old: JsonObject | undefined,
  allocator: { clusterIp(): string; nodePort(): number },
): void => {
  const type = text(spec, "type");
  if (type === "ExternalName") {
    for (const key of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[key];
    return;
  }
  const before = old && text(old, "type") !== "ExternalName" ? old : undefined;
  if (!text(spec, "clusterIP"))
    spec["clusterIP"] = text(before, "clusterIP") || allocator.clusterIp();
  if (spec["clusterIPs"] === undefined || equal(spec["clusterIPs"], before?.["clusterIPs"]))
    spec["clusterIPs"] = [text(spec, "clusterIP")];
  orElse(spec, "ipFamilies", ["IPv4"]);
  orElse(spec, "ipFamilyPolicy", "SingleStack");
  if (type !== "NodePort" && type !== "LoadBalancer") return;
  if (type === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] === false) return;
  for (const port of items(spec, "ports")) {
    if (typeof port["nodePort"] === "number" && port["nodePort"] > 0) continue;
    const same = items(before, "ports").find(
      (p) => p["port"] === port["port"] && p["protocol"] === port["protocol"],
    );
    port["nodePort"] =
      typeof same?.["nodePort"] === "number" ? same["nodePort"] : allocator.nodePort();
  }
};

export const namespace: Kind = {
  name: "label",
  defaults: (object) => {
    const metadata = child(object, "metadata");
    const name = text(metadata, "name");
    if (name) child(metadata, "labels")["kubernetes.io/metadata.name"] = name;
  },
  beforeCreate: (object) => {
    object["spec"] = { finalizers: ["kubernetes"] };
    object["status"] = { phase: "Active" };
  },
  beforeUpdate: (next, old) => {
    next["spec"] = old["spec"];
    next["status"] = old["status"];
  },
  selectableFields: (object) => ({
    "status.phase": text(object.status, "phase"),
    name: object.metadata.name,
  }),
};

export const claim: Kind = {
  defaults: (object) => {
    orElse(child(object, "spec"), "volumeMode", "Filesystem");
    orElse(child(object, "status"), "phase", "Pending");
  },
  beforeCreate: (object) => {
    // The default storage class and the protection of claims in use are admission plug-ins.
    orElse(child(object, "spec"), "storageClassName", "standard");
    child(object, "metadata")["finalizers"] = ["kubernetes.io/pvc-protection"];
    object["status"] = { phase: "Pending" };
  },
  validate: (object) => {
    const spec = obj(object, "spec");
    const errors: FieldError[] = [];
    if (!Array.isArray(spec?.["accessModes"]))
      errors.push(requiredValue("spec.accessModes", "at least 1 access mode is required"));
    if (obj(obj(spec, "resources"), "requests")?.["storage"] === undefined)
      errors.push(requiredValue("spec.resources[storage]", ""));
    return errors;
  },
  validateUpdate: (next, old) => {
    const strip = (o: JsonObject): JsonObject => {
      const {
        resources: _,
        volumeName: __,
        volumeAttributesClassName: ___,
        ...rest
      } = obj(o, "spec") ?? {};
      return rest;
    };
    return equal(strip(next), strip(old))
      ? []
      : [
          forbiddenField(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
          ),
        ];
  },
};

export const roleBinding: Kind = {
  name: "path",
  defaults: (object) => {
    const ref = child(object, "roleRef");
    orElse(ref, "apiGroup", "rbac.authorization.k8s.io");
    for (const subject of items(object, "subjects"))
      if (text(subject, "kind") !== "ServiceAccount")
        orElse(subject, "apiGroup", "rbac.authorization.k8s.io");
  },
  validate: (object) => {
    const ref = obj(object, "roleRef");
    const errors: FieldError[] = [];
    if (!["Role", "ClusterRole"].includes(text(ref, "kind")))
      errors.push(notSupported("roleRef.kind", text(ref, "kind"), ["ClusterRole", "Role"]));
    if (!text(ref, "name")) errors.push(requiredValue("roleRef.name", ""));
    return errors;
  },
  validateUpdate: (next, old) =>
    equal(next["roleRef"], old["roleRef"])
      ? []
      : [invalidValue("roleRef", next["roleRef"] ?? null, "cannot change roleRef")],
};

export const networkPolicy: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(
      spec,
      "policyTypes",
      items(spec, "egress").length > 0 ? ["Ingress", "Egress"] : ["Ingress"],
    );
  },
};

export const autoscaler: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "minReplicas", 1);
    if (spec["metrics"] === undefined)
      spec["metrics"] = [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
      ];
  },
  beforeCreate: (object) => {
    object["status"] = { desiredReplicas: 0, currentMetrics: null };
  },
  validate: (object) => {
    const spec = obj(object, "spec");
    const max = spec?.["maxReplicas"];
    return typeof max === "number" && max > 0
      ? []
      : [invalidValue("spec.maxReplicas", max ?? 0, "must be greater than 0")];
  },
};

export const definition: Kind = {
  generation: true,
  versionRequired: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "conversion", { strategy: "None" });
    const names = child(spec, "names");
    const kind = text(names, "kind");
    if (!text(names, "singular")) names["singular"] = kind.toLowerCase();
    orElse(names, "listKind", `${kind}List`);
  },
  beforeCreate: (object) => {
    const stored = items(obj(object, "spec"), "versions").find((v) => v["storage"] === true);
    object["status"] = {
      acceptedNames: { kind: "", plural: "" },
      conditions: null,
      storedVersions: [text(stored, "name")],
    };
  },
  validate: (object) => {
    const spec = obj(object, "spec");
    const name = text(obj(object, "metadata"), "name");
    const wanted = `${text(obj(spec, "names"), "plural")}.${text(spec, "group")}`;
    return name === wanted
      ? []
      : [invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group')];
  },
};

export const event: Kind = {
  selectableFields: (object) => {
    const e = object as unknown as JsonObject;
    const about = obj(e, "involvedObject");
    return {
      "involvedObject.kind": text(about, "kind"),
      "involvedObject.namespace": text(about, "namespace"),
      "involvedObject.name": text(about, "name"),
      "involvedObject.uid": text(about, "uid"),
      "involvedObject.apiVersion": text(about, "apiVersion"),
      "involvedObject.resourceVersion": text(about, "resourceVersion"),
      "involvedObject.fieldPath": text(about, "fieldPath"),
      reason: text(e, "reason"),
      reportingComponent: text(e, "reportingComponent"),
      source: text(obj(e, "source"), "component") || text(e, "reportingComponent"),
      type: text(e, "type"),
    };
  },
};
