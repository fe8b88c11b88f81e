/** A pod's spec, alone or in a workload's template: its defaults and what is refused. */
import {
  duplicateValue,
  invalidValue,
  notSupported,
  requiredValue,
  type FieldError,
} from "../ApiError.js";
import type { JsonObject } from "../Json.js";
import { dnsLabel, LABEL_1123 } from "../schema/Names.js";
import { millis } from "../schema/Quantity.js";
import { items, obj, orElse, text } from "./fields.js";

const latest = (image: string): boolean => {
  if (image.includes("@")) return false;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest";
};

const probe = (p: JsonObject | undefined): void => {
  if (!p) return;
  orElse(p, "timeoutSeconds", 1);
  orElse(p, "periodSeconds", 10);
  orElse(p, "successThreshold", 1);
  orElse(p, "failureThreshold", 3);
  httpGet(p);
  const grpc = obj(p, "grpc");
  if (grpc) orElse(grpc, "service", "");
};
const httpGet = (handler: JsonObject | undefined): void => {
  const get = obj(handler, "httpGet");
  if (!get) return;
  orElse(get, "path", "/");
  orElse(get, "scheme", "HTTP");
};

const container = (c: JsonObject): void => {
  orElse(c, "terminationMessagePath", "/dev/termination-log");
  orElse(c, "terminationMessagePolicy", "File");
  orElse(c, "imagePullPolicy", latest(text(c, "image")) ? "Always" : "IfNotPresent");
  for (const port of items(c, "ports")) orElse(port, "protocol", "TCP");
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) probe(obj(c, name));
  const lifecycle = obj(c, "lifecycle");
  httpGet(obj(lifecycle, "postStart"));
  httpGet(obj(lifecycle, "preStop"));
  for (const env of items(c, "env")) {
    const ref = obj(obj(env, "valueFrom"), "fieldRef");
    if (ref) orElse(ref, "apiVersion", "v1");
    const file = obj(obj(env, "valueFrom"), "fileKeyRef");
    if (file) orElse(file, "optional", false);
  }
};

const volume = (v: JsonObject): void => {
  if (Object.keys(v).every((k) => k === "name")) v["emptyDir"] = {};
  for (const source of ["configMap", "secret", "projected", "downwardAPI"]) {
    const there = obj(v, source);
    if (!there) continue;
    orElse(there, "defaultMode", 420);
    const parts = source === "projected" ? items(there, "sources") : [];
    for (const part of parts) {
      const token = obj(part, "serviceAccountToken");
      if (token) orElse(token, "expirationSeconds", 3600);
      for (const item of items(obj(part, "downwardAPI"), "items")) fieldRef(item);
    }
    if (source === "downwardAPI") for (const item of items(there, "items")) fieldRef(item);
  }
  const host = obj(v, "hostPath");
  if (host) orElse(host, "type", "");
};
const fieldRef = (item: JsonObject): void => {
  const ref = obj(item, "fieldRef");
  if (ref) orElse(ref, "apiVersion", "v1");
};

export const podSpecDefaults = (spec: JsonObject): void => {
  orElse(spec, "restartPolicy", "Always");
  orElse(spec, "terminationGracePeriodSeconds", 30);
  orElse(spec, "dnsPolicy", "ClusterFirst");
  orElse(spec, "securityContext", {});
  orElse(spec, "schedulerName", "default-scheduler");
  // The old name and the new one of the same field.
  if (text(spec, "serviceAccountName")) spec["serviceAccount"] = text(spec, "serviceAccountName");
  else if (text(spec, "serviceAccount")) spec["serviceAccountName"] = text(spec, "serviceAccount");
  for (const key of ["containers", "initContainers"]) items(spec, key).forEach(container);
  items(spec, "volumes").forEach(volume);
  if (spec["hostNetwork"] === true)
    for (const c of items(spec, "containers"))
      for (const port of items(c, "ports")) orElse(port, "hostPort", port["containerPort"] ?? 0);
};

/** Only a pod's own spec: a template keeps what was written. */
export const podOnlyDefaults = (spec: JsonObject): void => {
  orElse(spec, "enableServiceLinks", true);
  for (const key of ["containers", "initContainers"])
    for (const c of items(spec, key)) {
      const resources = obj(c, "resources");
      const limits = obj(resources, "limits");
      if (!resources || !limits) continue;
      const requests = obj(resources, "requests") ?? {};
      for (const [name, value] of Object.entries(limits))
        if (value !== undefined) orElse(requests, name, value);
      if (Object.keys(requests).length > 0) resources["requests"] = requests;
    }
};

const port = (value: unknown): boolean =>
  typeof value === "number" && value >= 1 && value <= 65_535;

const containerErrors = (c: JsonObject, path: string, volumes: readonly string[]): FieldError[] => {
  const errors: FieldError[] = [];
  const name = text(c, "name");
  if (!name) errors.push(requiredValue(`${path}.name`, ""));
  else if (!dnsLabel(name)) errors.push(invalidValue(`${path}.name`, name, LABEL_1123));
  const image = text(c, "image");
  if (!image) errors.push(requiredValue(`${path}.image`, ""));
  else if (image.trim() !== image)
    errors.push(
      invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace"),
    );
  items(c, "ports").forEach((p, i) => {
    const number = p["containerPort"];
    if (number === undefined || number === 0)
      errors.push(requiredValue(`${path}.ports[${i}].containerPort`, ""));
    else if (!port(number))
      errors.push(
        invalidValue(
          `${path}.ports[${i}].containerPort`,
          number,
          "must be between 1 and 65535, inclusive",
        ),
      );
  });
  items(c, "env").forEach((e, i) => {
    if (!text(e, "name")) errors.push(requiredValue(`${path}.env[${i}].name`, ""));
  });
  items(c, "volumeMounts").forEach((m, i) => {
    const volume = text(m, "name");
    const here = `${path}.volumeMounts[${i}]`;
    if (!volume) errors.push(requiredValue(`${here}.name`, ""));
    else if (!volumes.includes(volume))
      errors.push({
        reason: "FieldValueNotFound",
        field: `${here}.name`,
        message: `Not found: ${JSON.stringify(volume)}`,
      });
    if (!text(m, "mountPath")) errors.push(requiredValue(`${here}.mountPath`, ""));
  });
  const policy = text(c, "imagePullPolicy");
  if (policy && !["Always", "IfNotPresent", "Never"].includes(policy))
    errors.push(
      notSupported(`${path}.imagePullPolicy`, policy, ["Always", "IfNotPresent", "Never"]),
    );
  const resources = obj(c, "resources");
  for (const [name, request] of Object.entries(obj(resources, "requests") ?? {})) {
    const limit = obj(resources, "limits")?.[name];
    if (typeof request !== "string" || typeof limit !== "string") continue;
    if (millis(request) > millis(limit))
      errors.push(
        invalidValue(
          `${path}.resources.requests`,
          request,
          `must be less than or equal to ${name} limit of ${limit}`,
        ),
      );
  }
  return errors;
};

export const podSpecErrors = (spec: JsonObject | undefined, path: string): FieldError[] => {
  const errors: FieldError[] = [];
  const volumes = items(spec, "volumes").map((v) => text(v, "name"));
  const containers = items(spec, "containers");
  if (containers.length === 0) errors.push(requiredValue(`${path}.containers`, ""));
  const seen = new Set<string>();
  for (const key of ["initContainers", "containers"])
    items(spec, key).forEach((c, i) => {
      errors.push(...containerErrors(c, `${path}.${key}[${i}]`, volumes));
      const name = text(c, "name");
      if (name && seen.has(name)) errors.push(duplicateValue(`${path}.${key}[${i}].name`, name));
      seen.add(name);
    });
  const policy = text(spec, "restartPolicy");
  if (policy && !["Always", "OnFailure", "Never"].includes(policy))
    errors.push(notSupported(`${path}.restartPolicy`, policy, ["Always", "OnFailure", "Never"]));
  return errors;
};
