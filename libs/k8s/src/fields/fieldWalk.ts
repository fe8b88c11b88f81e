/**
 * The one walk over two states of an object. Which lists are known by keys is read from
 * managedFields, where the API server itself says so, never guessed.
 */
import { type FieldTree, fieldOf, itemTree, type ListForm, listFormOf } from "./fieldTree.js";
import { isMapping, type Json, same } from "./jsonPath.js";

export interface Difference {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  readonly before: unknown;
  readonly after: unknown;
}

export interface WalkOptions {
  /** Only what `before` has counts: what is only in `after` belongs to others. */
  readonly ownedOnly: boolean;
  readonly ignore: (path: string) => boolean;
}

/** Mappings whose keys are people's own words, always written in brackets. */
const OPEN_MAPPINGS = new Set([
  ...["data", "binaryData", "stringData", "labels", "annotations"],
  ...["matchLabels", "nodeSelector", "hard", "limits", "requests"],
]);
const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;

const step = (path: string, key: string): string => {
  const parent = path.slice(path.lastIndexOf(".") + 1);
  if (PLAIN.test(key) && !OPEN_MAPPINGS.has(parent)) return path === "" ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
};

const identity = (item: unknown, keys: ReadonlyArray<string>): string =>
  keys.map((key) => `${key}=${String(isMapping(item) ? (item[key] ?? "") : "")}`).join(",");

/** Where an item of a list stands, as a person names it. */
const itemName = (form: ListForm, item: unknown, index: number): string =>
  form.type === "map"
    ? `[${identity(item, form.keys)}]`
    : form.type === "set"
      ? `[${JSON.stringify(item)}]`
      : `[${index}]`;

/** An item whose document leaves a key to its default (a port's protocol) is the one that agrees in the others. */
const completed = (form: ListForm, item: unknown, candidates: ReadonlyArray<unknown>): unknown => {
  if (form.type !== "map" || !isMapping(item)) return item;
  const given = form.keys.filter((key) => item[key] !== undefined);
  if (given.length === form.keys.length || given.length === 0) return item;
  return (
    candidates.find(
      (candidate) => isMapping(candidate) && given.every((key) => same(candidate[key], item[key])),
    ) ?? item
  );
};

export const walk = (
  before: unknown,
  after: unknown,
  tree: FieldTree | undefined,
  options: WalkOptions,
): ReadonlyArray<Difference> => {
  const found: Array<Difference> = [];
  const tell = (path: string, one: unknown, other: unknown): void => {
    if (one === undefined && options.ownedOnly) return;
    found.push({
      path,
      change: one === undefined ? "added" : other === undefined ? "removed" : "changed",
      before: one,
      after: other,
    });
  };

  const mappings = (one: Json, other: Json, at: FieldTree | undefined, path: string): void => {
    const keys = new Set([...Object.keys(one), ...(options.ownedOnly ? [] : Object.keys(other))]);
    for (const key of keys) {
      visit(one[key], other[key], at && fieldOf(at, key), step(path, key));
    }
  };

  const lists = (
    one: ReadonlyArray<unknown>,
    other: ReadonlyArray<unknown>,
    at: FieldTree | undefined,
    path: string,
  ): void => {
    const form = listFormOf(at);
    if (form.type === "atomic") {
      // Of one piece: for an owner another length is another list; for a reader each item is told.
      if (options.ownedOnly) {
        if (!same(one, other)) tell(path, one, other);
        return;
      }
      for (let index = 0; index < Math.max(one.length, other.length); index++) {
        visit(one[index], other[index], undefined, `${path}[${index}]`);
      }
      return;
    }
    const names = new Map<string, { before?: unknown; after?: unknown; index: number }>();
    one.forEach((item, index) => {
      names.set(itemName(form, completed(form, item, other), index), { before: item, index });
    });
    other.forEach((item, index) => {
      const name = itemName(form, item, index);
      names.set(name, { ...names.get(name), after: item, index });
    });
    for (const [name, item] of names) {
      const child = itemTree(at, item.after ?? item.before, item.index);
      visit(item.before, item.after, child, `${path}${name}`);
    }
  };

  const visit = (one: unknown, other: unknown, at: FieldTree | undefined, path: string): void => {
    if (one === other || options.ignore(path)) return;
    if (isMapping(one) && isMapping(other)) mappings(one, other, at, path);
    else if (Array.isArray(one) && Array.isArray(other)) lists(one, other, at, path);
    else if (!isEmptiness(one, other)) tell(path, one, other);
  };

  visit(before, after, tree, "");
  return found;
};

/** An empty mapping, an empty list, null and nothing at all say the same. */
const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isMapping(value) && Object.keys(value).length === 0);

const isEmptiness = (one: unknown, other: unknown): boolean =>
  // `emptyDir: {}` against nothing is a difference; null against nothing is none.
  (one ?? undefined) === (other ?? undefined) ||
  (Array.isArray(one ?? other) && isNothing(one) && isNothing(other));
