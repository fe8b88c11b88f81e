/**
 * What happens to an object between the wire and the store of a real API server: fields that the
 * type doesn't have are reported and dropped, nulls and empty optional values vanish, quantities
 * get their canonical form, and structs that are always written appear.
 */
import { isObject, type Json, type JsonObject } from "../Json.js";
import { canonical, QUANTITY_FORM } from "./Quantity.js";
import type { Field, Scalar, StructType, Type } from "./Schema.js";

/** A value of the wrong type, in the words of Go's JSON decoder. */
export class DecodeError extends Error {}

export interface Decoded {
  readonly value: JsonObject;
  /** Paths such as `spec.template.spec.containers[0].zork`. */
  readonly unknown: string[];
}

export const decode = (value: JsonObject, type: StructType): Decoded => {
  const unknown: string[] = [];
  return { value: struct(value, type, "", "", unknown), unknown };
};

/** An object of the type that nobody has filled in: what a creation is compared with. */
export const zero = (type: StructType): JsonObject => {
  const out = struct({}, type, "", "", []);
  for (const [key, field] of type.fields) {
    if (field.inline && field.type.tag === "struct") out[key] = zero(field.type);
    else if (field.required && type.custom !== true && field.type.tag !== "scalar") out[key] = null;
  }
  return out;
};

/** Strings that a pointer holds, so that "" is kept; everywhere else an optional "" is left out. */
const POINTED = new Set([
  "storageClassName",
  "ingressClassName",
  "loadBalancerClass",
  "runtimeClassName",
  "volumeAttributesClassName",
  "pathType",
  "appProtocol",
  "hostnameOverride",
  "group",
]);
/** Booleans and integers that no pointer holds, so that false and 0 are left out. */
const PLAIN = new Set([
  "paused",
  "hostNetwork",
  "hostPID",
  "hostIPC",
  "readOnly",
  "tty",
  "stdin",
  "stdinOnce",
  "publishNotReadyAddresses",
  "minReadySeconds",
  "hostPort",
  "nodePort",
  "initialDelaySeconds",
  "healthCheckNodePort",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
  "count",
  "observedGeneration",
  "priorityClass",
  "generation",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "fullyLabeledReplicas",
  "currentReplicas",
  "active",
  "succeeded",
  "failed",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
]);

/** What Go writes of a required field that nobody has set. */
export const ZERO: Partial<Record<Scalar, Json>> = {
  string: "",
  integer: 0,
  long: 0,
  boolean: false,
};
/** Fields that Go writes always, though the schema calls them optional. */
const ALWAYS: Readonly<Record<string, JsonObject>> = {
  Event: {
    eventTime: null,
    firstTimestamp: null,
    lastTimestamp: null,
    reportingComponent: "",
    reportingInstance: "",
  },
  StatefulSetStatus: { availableReplicas: 0 },
  PodDisruptionBudgetStatus: {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  },
  PodCondition: { lastProbeTime: null, lastTransitionTime: null },
};

const struct = (
  value: JsonObject,
  type: StructType,
  path: string,
  names: string,
  unknown: string[],
): JsonObject => {
  const out: JsonObject = {};
  for (const key in value) {
    const item = value[key];
    const field = type.fields.get(key);
    const here = path ? `${path}.${key}` : key;
    if (!field) {
      if (type.open === true) out[key] = item;
      else unknown.push(here);
      continue;
    }
    if (item === null || item === undefined) continue;
    const decoded = walk(
      item,
      field.type,
      here,
      names ? `${names}.${key}` : key,
      type.name,
      unknown,
    );
    if (type.custom === true || field.required || !vanishes(key, decoded, field))
      out[key] = decoded;
  }
  for (const [key, field] of type.fields) {
    if (out[key] !== undefined) continue;
    if (field.inline)
      out[key] = field.type.tag === "struct" ? struct({}, field.type, "", "", unknown) : {};
    else if (field.required && type.custom !== true && field.type.tag === "scalar") {
      const nothing = ZERO[field.type.scalar];
      if (nothing !== undefined) out[key] = nothing;
    }
  }
  for (const [key, nothing] of Object.entries(ALWAYS[type.name] ?? {}))
    if (out[key] === undefined) out[key] = nothing;
  return out;
};

const vanishes = (key: string, value: Json, field: Field): boolean => {
  if (value === "")
    return field.type.tag === "scalar" && field.type.scalar === "string" && !POINTED.has(key);
  if (value === false || value === 0) return PLAIN.has(key);
  if (Array.isArray(value)) return value.length === 0;
  return field.type.tag === "dict" && isObject(value) && Object.keys(value).length === 0;
};

const goType = (type: Type): string => {
  switch (type.tag) {
    case "scalar":
      return GO[type.scalar];
    case "list":
      return `[]${goType(type.of)}`;
    case "dict":
      return `map[string]${goType(type.of)}`;
    case "struct":
      return `v1.${type.name}`;
    case "any":
      return "interface {}";
  }
};
const GO: Readonly<Record<Scalar, string>> = {
  string: "string",
  integer: "int32",
  long: "int64",
  boolean: "bool",
  number: "float64",
  quantity: "resource.Quantity",
  intOrString: "intstr.IntOrString",
  time: "v1.Time",
  bytes: "[]uint8",
};
const jsonType = (value: Json): string =>
  Array.isArray(value)
    ? "array"
    : isObject(value)
      ? "object"
      : typeof value === "boolean"
        ? "bool"
        : typeof value;

const mismatch = (value: Json, type: Type, names: string, owner: string): never => {
  throw new DecodeError(
    `json: cannot unmarshal ${jsonType(value)} into Go struct field ${owner}.${names} of type ${goType(type)}`,
  );
};

const walk = (
  value: Json,
  type: Type,
  path: string,
  names: string,
  owner: string,
  unknown: string[],
): Json => {
  switch (type.tag) {
    case "any":
      return value;
    case "struct":
      return isObject(value)
        ? struct(value, type, path, names, unknown)
        : mismatch(value, type, names, owner);
    case "dict": {
      if (!isObject(value)) return mismatch(value, type, names, owner);
      const out: JsonObject = {};
      for (const key in value) {
        const item = value[key];
        if (item === undefined) continue;
        if (item === null)
          out[key] = type.of.tag === "scalar" && type.of.scalar === "string" ? "" : null;
        else out[key] = walk(item, type.of, `${path}.${key}`, names, owner, unknown);
      }
      return out;
    }
    case "list":
      if (!Array.isArray(value)) return mismatch(value, type, names, owner);
      return value.map((item, i) =>
        item === null && type.of.tag === "struct"
          ? {}
          : walk(item, type.of, `${path}[${i}]`, names, owner, unknown),
      );
    case "scalar":
      return scalar(value, type, names, owner);
  }
};

const scalar = (
  value: Json,
  type: Type & { tag: "scalar" },
  names: string,
  owner: string,
): Json => {
  switch (type.scalar) {
    case "bytes": {
      if (typeof value !== "string") return mismatch(value, type, names, owner);
      const odd = /^(?:[A-Za-z0-9+/\r\n]{4})*?(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
        value.replace(/[\r\n]/g, ""),
      )
        ? -1
        : Math.max(0, value.search(/[^A-Za-z0-9+/=]/));
      if (odd >= 0) throw new DecodeError(`illegal base64 data at input byte ${odd}`);
      return value;
    }
    case "string":
    case "time":
      return typeof value === "string" ? value : mismatch(value, type, names, owner);
    case "boolean":
      return typeof value === "boolean" ? value : mismatch(value, type, names, owner);
    case "integer":
    case "long":
      if (typeof value !== "number") return mismatch(value, type, names, owner);
      if (!Number.isInteger(value))
        throw new DecodeError(
          `json: cannot unmarshal number ${value} into Go struct field ${owner}.${names} of type ${goType(type)}`,
        );
      return value;
    case "number":
      return typeof value === "number" ? value : mismatch(value, type, names, owner);
    case "intOrString":
      return typeof value === "number" || typeof value === "string"
        ? value
        : mismatch(value, type, names, owner);
    case "quantity": {
      const text =
        typeof value === "string" || typeof value === "number" ? canonical(value) : undefined;
      if (text === undefined) throw new DecodeError(QUANTITY_FORM);
      return text;
    }
  }
};
