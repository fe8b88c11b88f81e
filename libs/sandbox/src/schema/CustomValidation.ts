/** What a CRD's schema refuses, as far as types and required fields go, in the API's words. */
import { requiredValue, type FieldError } from "../ApiError.js";
import { isObject, type Json } from "../Json.js";
import type { Type } from "./Schema.js";

const nameOf = (value: Json): string => {
  if (Array.isArray(value)) return "array";
  if (isObject(value)) return "object";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
};
const wrong = (path: string, wanted: string, value: Json): FieldError => {
  const got = JSON.stringify(nameOf(value));
  return {
    reason: "FieldValueTypeInvalid",
    field: path,
    message: `Invalid value: ${got}: ${path} in body must be of type ${wanted}: ${got}`,
  };
};

export const customFaults = (value: Json, type: Type, path: string): FieldError[] => {
  const inner = (key: string): string => (path ? `${path}.${key}` : key);
  switch (type.tag) {
    case "any":
      return [];
    case "list":
      if (!Array.isArray(value)) return [wrong(path, "array", value)];
      return value.flatMap((item, i) => customFaults(item, type.of, `${path}[${i}]`));
    case "dict":
      if (!isObject(value)) return [wrong(path, "object", value)];
      return Object.entries(value).flatMap(([k, v]) =>
        v === undefined ? [] : customFaults(v, type.of, inner(k)),
      );
    case "struct": {
      if (!isObject(value)) return [wrong(path, "object", value)];
      // The standard metadata is no part of the schema.
      if (type.custom !== true) return [];
      return [...type.fields].flatMap(([key, field]) => {
        const item = value[key];
        if (item === undefined || item === null)
          return field.required ? [requiredValue(inner(key), "")] : [];
        return customFaults(item, field.type, inner(key));
      });
    }
    case "scalar": {
      const got = nameOf(value);
      if (type.scalar === "intOrString")
        return got === "integer" || got === "string" ? [] : [wrong(path, "integer,string", value)];
      return got === type.scalar || (type.scalar === "number" && got === "integer")
        ? []
        : [wrong(path, type.scalar, value)];
    }
  }
};
