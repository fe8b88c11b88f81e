/**
 * FieldsV1, the trees in managedFields: `f:name` is a field, `k:{…}` an item of a list by its
 * keys, `v:…` an item of a set by its value, `i:n` one by its place, `.` the thing itself. A
 * tree without children is a leaf: all that is beneath it.
 */
import type { KubeObject } from "@nopea/domain";
import { isMapping, type Json, same } from "./jsonPath.js";

export type FieldTree = Json;

export const EMPTY: FieldTree = {};

export const isLeaf = (tree: FieldTree): boolean => {
  for (const _key in tree) return false;
  return true;
};

const childOf = (tree: FieldTree, key: string): FieldTree | undefined => {
  const child = tree[key];
  return isMapping(child) ? child : undefined;
};

export const fieldOf = (tree: FieldTree, name: string): FieldTree | undefined =>
  childOf(tree, `f:${name}`);

/** What either tree has. */
export const union = (one: FieldTree, other: FieldTree): FieldTree => {
  const merged: Record<string, unknown> = { ...one };
  for (const [key, child] of Object.entries(other)) {
    const mine = merged[key];
    merged[key] = isMapping(mine) && isMapping(child) ? union(mine, child) : child;
  }
  return merged;
};

/** The entries of managedFields that `wanted` chooses, as one tree; undefined where there is none. */
export const treeOf = (
  object: KubeObject.KubeObject | undefined,
  wanted: (entry: KubeObject.ManagedFieldsEntry) => boolean,
): FieldTree | undefined => {
  let tree: FieldTree | undefined;
  for (const entry of object?.metadata.managedFields ?? []) {
    if (entry.fieldsV1 === undefined || !wanted(entry)) continue;
    tree = tree === undefined ? entry.fieldsV1 : union(tree, entry.fieldsV1);
  }
  return tree;
};

/** What a manager owns by Apply of the object itself. */
export const appliedBy = (
  object: KubeObject.KubeObject | undefined,
  manager: string,
): FieldTree | undefined =>
  treeOf(
    object,
    (entry) =>
      entry.manager === manager && entry.operation === "Apply" && (entry.subresource ?? "") === "",
  );

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** How a list is put together: its items known by keys, by value, or all of one piece. */
export type ListForm =
  | { readonly type: "map"; readonly keys: ReadonlyArray<string> }
  | { readonly type: "set" }
  | { readonly type: "atomic" };

export const listFormOf = (tree: FieldTree | undefined): ListForm => {
  for (const key in tree) {
    if (key.startsWith("v:")) return { type: "set" };
    if (key.startsWith("k:")) {
      const keys = parse(key.slice(2));
      if (isMapping(keys)) return { type: "map", keys: Object.keys(keys) };
    }
  }
  return { type: "atomic" };
};

/** The child of a list's tree that stands for one item, under its own name in the tree. */
const itemEntry = (
  tree: FieldTree,
  item: unknown,
  index: number,
): readonly [name: string, child: FieldTree] | undefined => {
  for (const [name, child] of Object.entries(tree)) {
    if (!isMapping(child)) continue;
    const kind = name.slice(0, 2);
    if (kind === "i:" && Number(name.slice(2)) === index) return [name, child];
    if (kind === "v:" && same(parse(name.slice(2)), item)) return [name, child];
    if (kind === "k:" && isMapping(item)) {
      const wanted = parse(name.slice(2));
      if (
        isMapping(wanted) &&
        Object.entries(wanted).every(([key, value]) => same(item[key], value))
      ) {
        return [name, child];
      }
    }
  }
  return undefined;
};

/** The subtree that stands for one item of a list. */
export const itemTree = (
  tree: FieldTree | undefined,
  item: unknown,
  index: number,
): FieldTree | undefined => (tree === undefined ? undefined : itemEntry(tree, item, index)?.[1]);

/** An item keeps the keys that it is known by, even where they are defaults that nobody owns. */
const cutItem = (item: unknown, [name, child]: readonly [string, FieldTree]): unknown => {
  const kept = cut(item, child);
  const keys = name.startsWith("k:") ? parse(name.slice(2)) : undefined;
  return isMapping(kept) && isMapping(keys) ? { ...keys, ...kept } : kept;
};

/** The value cut down to what the tree names; undefined where it has none of it. */
export const cut = (value: unknown, tree: FieldTree): unknown => {
  if (isLeaf(tree)) return value;
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const entry = itemEntry(tree, item, index);
      return entry === undefined ? [] : [cutItem(item, entry)];
    });
  }
  if (!isMapping(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const child = fieldOf(tree, name);
    if (child !== undefined) kept[name] = cut(value[name], child);
  }
  return kept;
};

/** The tree without the leaves of another. What has nothing left goes too. */
export const subtract = (tree: FieldTree, other: FieldTree): FieldTree | undefined => {
  if (isLeaf(tree)) return undefined;
  const left: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(tree)) {
    const theirs = childOf(other, key);
    if (!isMapping(child)) continue;
    if (theirs === undefined) left[key] = child;
    else {
      const rest = subtract(child, theirs);
      if (rest !== undefined) left[key] = rest;
    }
  }
  return isLeaf(left) ? undefined : left;
};

/** As much of the tree as a value has something for. */
export const within = (tree: FieldTree, value: unknown): FieldTree => {
  const kept: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(tree)) {
    if (!isMapping(child)) continue;
    if (key === ".") {
      kept[key] = child;
      continue;
    }
    const inner = key.startsWith("f:")
      ? isMapping(value)
        ? value[key.slice(2)]
        : undefined
      : Array.isArray(value)
        ? value.find((item, index) => itemTree({ [key]: child }, item, index) !== undefined)
        : undefined;
    if (inner === undefined) continue;
    const rest = within(child, inner);
    // A branch of which nothing is left is no leaf: it would stand for all beneath it.
    if (isLeaf(child) || !isLeaf(rest)) kept[key] = rest;
  }
  return kept;
};

/** The value without what the tree names. Undefined: nothing is left of it. */
export const without = (value: unknown, tree: FieldTree): unknown => {
  if (isLeaf(tree)) return undefined;
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const child = itemTree(tree, item, index);
      if (child === undefined) return [item];
      // An item that is named itself goes whole; a mapping only once nothing of it is left.
      const rest = Object.hasOwn(child, ".") ? undefined : without(item, child);
      return rest === undefined ? [] : [rest];
    });
  }
  if (!isMapping(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const child = fieldOf(tree, name);
    const rest = child === undefined ? inner : without(inner, child);
    if (rest !== undefined) kept[name] = rest;
  }
  return Object.hasOwn(tree, ".") && isLeaf(kept) ? undefined : kept;
};
