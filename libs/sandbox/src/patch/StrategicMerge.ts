/** Strategic merge patch: maps merge, lists with a patch key merge by it, `$patch` directives apply. */
import { equal, isObject, type Json, type JsonObject } from "../Json.js";
import type { Field, Type } from "../schema/Schema.js";

const orderKey = "$setElementOrder/";
const deleteKey = "$deleteFromPrimitiveList/";
const retainKey = "$retainKeys";

export const strategicMerge = (
  target: Json | undefined,
  patch: JsonObject,
  type: Type,
): JsonObject => {
  const base: JsonObject = isObject(target) ? { ...target } : {};
  if (patch["$patch"] === "replace") {
    const { $patch: _, ...rest } = patch;
    return rest;
  }
  if (patch["$patch"] === "delete") return {};
  const retain = patch[retainKey];
  if (Array.isArray(retain))
    for (const key of Object.keys(base)) if (!retain.includes(key)) delete base[key];
  const orders = new Map<string, Json[]>();
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key === retainKey || key === "$patch") continue;
    if (key.startsWith(orderKey)) {
      if (Array.isArray(value)) orders.set(key.slice(orderKey.length), value);
    } else if (key.startsWith(deleteKey)) {
      const name = key.slice(deleteKey.length);
      const list = base[name];
      if (Array.isArray(list) && Array.isArray(value))
        base[name] = list.filter((item) => !value.includes(item));
    } else if (value === null) delete base[key];
    else base[key] = mergeField(base[key], value, field(type, key));
  }
  for (const [name, order] of orders) {
    const list = base[name];
    if (Array.isArray(list)) base[name] = sorted(list, order, field(type, name)?.patchKey);
  }
  return base;
};

const field = (type: Type, key: string): Field | undefined => {
  if (type.tag === "struct") return type.fields.get(key);
  if (type.tag === "dict") return { type: type.of, required: false, inline: false, patch: [] };
  return undefined;
};

const mergeField = (base: Json | undefined, value: Json, how: Field | undefined): Json => {
  const type: Type = how?.type ?? { tag: "any" };
  if (isObject(value)) {
    if (how?.patch.includes("replace")) return value;
    const merged = strategicMerge(base, value, type);
    if (how?.patch.includes("retainKeys") && isObject(base) && !Array.isArray(value[retainKey]))
      return merged;
    return merged;
  }
  if (
    !Array.isArray(value) ||
    !Array.isArray(base) ||
    !how?.patch.includes("merge") ||
    type.tag !== "list"
  )
    return Array.isArray(value)
      ? value.filter((v) => !(isObject(v) && v["$patch"] !== undefined))
      : value;
  const key = how.patchKey;
  if (key === undefined) return [...base, ...value.filter((v) => !base.some((b) => equal(b, v)))];
  if (value.some((v) => isObject(v) && v["$patch"] === "replace"))
    return value.filter((v) => !(isObject(v) && v["$patch"] === "replace"));
  const out = [...base];
  for (const item of value) {
    if (!isObject(item)) continue;
    const there = out.findIndex((o) => isObject(o) && equal(o[key], item[key]));
    if (item["$patch"] === "delete") {
      if (there >= 0) out.splice(there, 1);
    } else if (there < 0) out.push(strategicMerge({}, item, type.of));
    else out[there] = strategicMerge(out[there], item, type.of);
  }
  return out;
};

const sorted = (list: Json[], order: readonly Json[], key: string | undefined): Json[] => {
  const rank = (item: Json): number =>
    order.findIndex((o) =>
      key === undefined
        ? equal(o, item)
        : isObject(o) && isObject(item) && equal(o[key], item[key]),
    );
  return list
    .map((item, i) => ({ item, i, rank: rank(item) }))
    .sort((a, b) => (a.rank < 0 || b.rank < 0 ? a.i - b.i : a.rank - b.rank))
    .map(({ item }) => item);
};
