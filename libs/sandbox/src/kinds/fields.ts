/** Small moves on an object's JSON that the kinds' tables share. */
import { isObject, type Json, type JsonObject } from "../Json.js";

export const orElse = (object: JsonObject, key: string, value: Json): void => {
  if (object[key] === undefined) object[key] = value;
};
export const obj = (object: JsonObject | undefined, key: string): JsonObject | undefined => {
  const value = object?.[key];
  return isObject(value) ? value : undefined;
};
export const items = (object: JsonObject | undefined, key: string): JsonObject[] => {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
};
export const text = (object: JsonObject | undefined, key: string): string => {
  const value = object?.[key];
  return typeof value === "string" ? value : "";
};
