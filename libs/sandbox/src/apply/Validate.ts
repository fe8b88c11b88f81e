/** Whether an apply's configuration fits its type: the faults that structured-merge-diff names. */
import { isObject, type Json } from "../Json.js";
import type { Type } from "../schema/Schema.js";
import { ANY } from "../schema/Schema.js";
import { pathText } from "./FieldSet.js";
import { itemElement, TypedError } from "./Typed.js";

const EXPECTED: Record<string, readonly [string, (v: Json) => boolean]> = {
  string: ["string", (v) => typeof v === "string"],
  bytes: ["string", (v) => typeof v === "string"],
  time: ["string", (v) => typeof v === "string"],
  integer: ["numeric (int or float)", (v) => typeof v === "number"],
  long: ["numeric (int or float)", (v) => typeof v === "number"],
  number: ["numeric (int or float)", (v) => typeof v === "number"],
  boolean: ["boolean", (v) => typeof v === "boolean"],
};

/** A value as Go's fmt prints it. */
const go = (value: Json): string => `&{${plain(value)}}`;
const plain = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(plain).join(" ")}]`;
  if (!isObject(value)) return String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((k) => `${k}:${plain(value[k] ?? null)}`)
    .join(" ")}]`;
};
const kindOf = (value: Json): string =>
  Array.isArray(value)
    ? "list"
    : isObject(value)
      ? "map"
      : typeof value === "number"
        ? "int"
        : typeof value;
const shown = (value: Json): string =>
  `&value.valueUnstructured{Value:${isObject(value) ? "map[string]interface {}" : Array.isArray(value) ? "[]interface {}" : JSON.stringify(value)}}`;
/** The three messages print what they got in three ways. */
const got = (expected: string, value: Json): string =>
  expected === "string" ? shown(value) : expected === "boolean" ? go(value) : kindOf(value);

/** One fault a line, as `.spec.bogus: field not declared in schema`. */
export const faults = (
  value: Json | undefined,
  type: Type,
  path: readonly string[] = [],
): string[] => {
  const here = pathText(path);
  if (value === undefined || value === null) return [];
  switch (type.tag) {
    case "any":
      return [];
    case "scalar": {
      const rule = EXPECTED[type.scalar];
      if (rule && !rule[1](value))
        return [`${here}: expected ${rule[0]}, got ${got(rule[0], value)}`];
      if (!rule && (isObject(value) || Array.isArray(value)))
        return [`${here}: expected string, got ${shown(value)}`];
      return [];
    }
    case "list": {
      if (!Array.isArray(value)) return [`${here}: expected list, got ${go(value)}`];
      const out: string[] = [];
      const seen = new Set<string>();
      value.forEach((item, i) => {
        let element = `i:${i}`;
        if (type.relation !== "atomic")
          try {
            element = itemElement(type, item, i);
            if (seen.has(element))
              out.push(`${here}: duplicate entries for key ${pathText([element])}`);
            seen.add(element);
          } catch (error) {
            if (!(error instanceof TypedError)) throw error;
            out.push(`${here}: ${error.message}`);
            return;
          }
        out.push(...faults(item, type.of, [...path, element]));
      });
      return out;
    }
    case "dict":
    case "struct": {
      if (!isObject(value)) return [`${here}: expected map, got ${go(value)}`];
      return Object.entries(value).flatMap(([key, item]) => {
        const inner = [...path, `f:${key}`];
        if (type.tag === "dict") return faults(item, type.of, inner);
        const field = type.fields.get(key);
        if (!field && type.open !== true)
          return [`${pathText(inner)}: field not declared in schema`];
        return faults(item, field?.type ?? ANY, inner);
      });
    }
  }
};
