/**
 * What structured-merge-diff does with a typed value: the set of its fields, the difference of
 * two, their merge, and the removal of a set. The rules are those of its walkers; an error says
 * why a value does not fit its type.
 */
import { equal, isObject, type Json, type JsonObject } from "../Json.js";
import type { ListType, Type } from "../schema/Schema.js";
import { ANY } from "../schema/Schema.js";
import { ZERO } from "../schema/Decode.js";
import { FieldSet } from "./FieldSet.js";

export class TypedError extends Error {}

type Shape =
  | { readonly tag: "leaf" }
  | { readonly tag: "map"; readonly type: Type }
  | { readonly tag: "list"; readonly type: ListType };
const LEAF: Shape = { tag: "leaf" };

/** How a value of a type is walked: an atomic one is a leaf, as is a scalar. */
const shape = (type: Type, value: Json | undefined): Shape => {
  switch (type.tag) {
    case "any":
      // An unknown type is deduced from its value: maps are granular, lists atomic.
      return isObject(value) ? { tag: "map", type } : LEAF;
    case "scalar":
      return LEAF;
    case "list":
      return type.relation === "atomic" ? LEAF : { tag: "list", type };
    case "dict":
    case "struct":
      return type.atomic ? LEAF : { tag: "map", type };
  }
};
const fieldType = (type: Type, key: string): Type =>
  type.tag === "struct" ? (type.fields.get(key)?.type ?? ANY) : type.tag === "dict" ? type.of : ANY;
const declared = (type: Type, key: string): boolean =>
  type.tag === "struct" && type.fields.has(key);

/** The path element of a list's item, in FieldsV1 form. */
export const itemElement = (type: ListType, item: Json, index: number): string => {
  if (type.relation === "set") return `v:${JSON.stringify(item)}`;
  if (!isObject(item))
    throw new TypedError(
      `element ${index}: associative list with keys may not have non-map elements`,
    );
  const keys: JsonObject = {};
  for (const key of [...type.keys].sort()) {
    const field =
      type.of.tag === "struct" && type.of.custom !== true ? type.of.fields.get(key) : undefined;
    const nothing =
      field?.required === true && field.type.tag === "scalar" ? ZERO[field.type.scalar] : undefined;
    const value = item[key] ?? field?.default ?? nothing;
    if (value === undefined)
      throw new TypedError(
        `element ${index}: associative list with keys has an element that omits key field "${key}" (and doesn't have default value)`,
      );
    keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
};

export const toFieldSet = (value: Json | undefined, type: Type): FieldSet => {
  const out = new FieldSet();
  walkFields(value, type, [], out);
  return out;
};
const walkFields = (value: Json | undefined, type: Type, path: string[], out: FieldSet): void => {
  const how = shape(type, value);
  if (how.tag === "leaf") {
    if (path.length > 0) out.insert(path);
    return;
  }
  if (how.tag === "list") {
    if (!Array.isArray(value)) return;
    value.forEach((item, i) => {
      const inner = [...path, itemElement(how.type, item, i)];
      walkFields(item, how.type.of, inner, out);
      out.insert(inner);
    });
    return;
  }
  if (!isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const inner = [...path, `f:${key}`];
    walkFields(item, fieldType(how.type, key), inner, out);
    const blank = item === null || (isObject(item) && Object.keys(item).length === 0);
    if (blank || !declared(how.type, key)) out.insert(inner);
  }
};

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}
export const compare = (
  before: Json | undefined,
  after: Json | undefined,
  type: Type,
): Comparison => {
  const out = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  walkCompare(before, after, type, [], out, false);
  return out;
};
const emptyMap = (value: Json | undefined): boolean =>
  value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);
const emptyList = (value: Json | undefined): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

const walkCompare = (
  before: Json | undefined,
  after: Json | undefined,
  type: Type,
  path: string[],
  out: Comparison,
  within: boolean,
): void => {
  if (before === undefined && after === undefined) return;
  const how = shape(type, after ?? before);
  const isLeaf =
    how.tag === "leaf" ||
    (how.tag === "map" && emptyMap(before) && emptyMap(after)) ||
    (how.tag === "list" && emptyList(before) && emptyList(after));
  if (path.length > 0 && !within) {
    if (before === undefined) out.added.insert(path);
    else if (after === undefined) out.removed.insert(path);
    else if (isLeaf && !equal(before, after)) out.modified.insert(path);
  }
  if (isLeaf) return;
  if (how.tag === "map") {
    const left = isObject(before) ? before : {};
    const right = isObject(after) ? after : {};
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
      walkCompare(
        left[key],
        right[key],
        fieldType(how.type, key),
        [...path, `f:${key}`],
        out,
        within,
      );
    return;
  }
  const index = (list: Json | undefined): Map<string, Json> =>
    new Map(
      (Array.isArray(list) ? list : []).map((item, i) => [itemElement(how.type, item, i), item]),
    );
  const [left, right] = [index(before), index(after)];
  for (const element of new Set([...left.keys(), ...right.keys()]))
    walkCompare(
      left.get(element),
      right.get(element),
      how.type.of,
      [...path, element],
      out,
      within,
    );
};

/** `over` laid on `base`: what an apply's configuration makes of the live object. */
export const merge = (
  base: Json | undefined,
  over: Json | undefined,
  type: Type,
): Json | undefined => {
  if (over === undefined) return base;
  if (base === undefined || base === null) return over;
  const how = shape(type, over);
  if (how.tag === "leaf") return over;
  if (over === null) return how.tag === "map" || how.tag === "list" ? base : over;
  if (how.tag === "map") {
    if (!isObject(base) || !isObject(over)) return over;
    const out: JsonObject = {};
    for (const key of Object.keys(base))
      out[key] = merge(base[key], over[key], fieldType(how.type, key));
    for (const key of Object.keys(over)) if (!(key in base)) out[key] = over[key];
    return out;
  }
  if (!Array.isArray(base) || !Array.isArray(over)) return over;
  return mergeList(base, over, how.type);
};

/** The order of a merged list: the configuration's, with the live object's other items where they stood. */
const mergeList = (base: Json[], over: Json[], type: ListType): Json[] => {
  const left = base.map((item, i) => itemElement(type, item, i));
  const right = over.map((item, i) => itemElement(type, item, i));
  const leftItems = new Map(left.map((element, i) => [element, base[i]]));
  const rightItems = new Map(right.map((element, i) => [element, over[i]]));
  const shared = right.filter((element) => leftItems.has(element));
  let next = shared.shift();
  const done = new Set<string>();
  const out: Json[] = [];
  const put = (element: string, l: Json | undefined, r: Json | undefined): void => {
    const item = merge(l, r, type.of);
    if (item !== undefined) out.push(item);
    done.add(element);
  };
  for (let l = 0, r = 0; l < left.length || r < right.length;) {
    const mine = left[l];
    const theirs = right[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        put(mine, leftItems.get(mine), rightItems.get(mine));
        l++;
        r++;
        next = shared.shift();
        continue;
      }
      if (rightItems.has(mine) && next !== undefined && next !== mine) {
        l++;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!rightItems.has(mine)) {
        out.push(base[l] as Json);
        l++;
        continue;
      }
      if (done.has(mine)) l++;
    }
    if (theirs !== undefined) {
      put(theirs, leftItems.get(theirs), rightItems.get(theirs));
      r++;
      if (next === theirs) next = shared.shift();
    } else if (mine !== undefined && !done.has(mine)) l++;
  }
  return out;
};

/** The value without the fields of a set; a map or list that has nothing left is null. */
export const remove = (value: Json | undefined, type: Type, set: FieldSet): Json | undefined => {
  const how = shape(type, value);
  if (how.tag === "leaf" || value === undefined || value === null) return value;
  if (how.tag === "list") {
    if (!Array.isArray(value) || value.length === 0) return value;
    const out: Json[] = [];
    value.forEach((item, i) => {
      const element = itemElement(how.type, item, i);
      if (set.members.has(element)) return;
      const inner = set.child(element);
      const rest = inner ? remove(item, how.type.of, inner) : item;
      if (rest !== undefined) out.push(rest);
    });
    return out.length > 0 ? out : undefined;
  }
  if (!isObject(value) || Object.keys(value).length === 0) return value;
  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (set.members.has(`f:${key}`)) continue;
    const inner = set.child(`f:${key}`);
    const rest = inner ? remove(item, fieldType(how.type, key), inner) : item;
    if (rest !== undefined) out[key] = rest;
    else if (item !== undefined) out[key] = null;
  }
  return Object.keys(out).length > 0 ? out : undefined;
};
