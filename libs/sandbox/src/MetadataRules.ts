/** What every object's metadata must satisfy. */
import {
  forbiddenField,
  invalidValue,
  requiredValue,
  tooLong,
  type FieldError,
} from "./ApiError.js";
import type { Meta } from "./Json.js";
import { kindOf } from "./kinds/index.js";
import { labelValueFaults, nameFaults, qualifiedNameFaults } from "./schema/Names.js";
import type { Resource } from "./schema/Resources.js";

export const distinct = (errors: readonly FieldError[]): FieldError[] => {
  const seen = new Set<string>();
  return errors.filter((e) => {
    const key = `${e.field} ${e.message}`;
    return !seen.has(key) && seen.add(key);
  });
};

export const finalizerErrors = (next: Meta, old: Meta): FieldError[] => {
  const added = (next.finalizers ?? []).filter((f) => !(old.finalizers ?? []).includes(f));
  if (old.deletionTimestamp === undefined || added.length === 0) return [];
  const list = added.map((f) => JSON.stringify(f)).join(", ");
  return [
    forbiddenField(
      "metadata.finalizers",
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
};

export const metadataErrors = (r: Resource, meta: Meta): FieldError[] => {
  const errors: FieldError[] = [];
  if (!meta.name) errors.push(requiredValue("metadata.name", "name or generateName is required"));
  else
    for (const fault of nameFaults(meta.name, kindOf(r).name ?? "subdomain"))
      errors.push(invalidValue("metadata.name", meta.name, fault));
  for (const [key, value] of Object.entries(meta.labels ?? {})) {
    for (const fault of qualifiedNameFaults(key))
      errors.push(invalidValue("metadata.labels", key, fault));
    for (const fault of labelValueFaults(value))
      errors.push(invalidValue("metadata.labels", value, fault));
  }
  const size = Object.entries(meta.annotations ?? {}).reduce(
    (n, [k, v]) => n + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
  if (size > 262_144) errors.push(tooLong("metadata.annotations", 262_144));
  for (const key of Object.keys(meta.annotations ?? {}))
    for (const fault of qualifiedNameFaults(key.toLowerCase()))
      errors.push(invalidValue("metadata.annotations", key, fault));
  return errors;
};
