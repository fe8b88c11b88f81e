/** Reading into objects whose shape nobody promised. */

export type Json = Readonly<Record<string, unknown>>;

export const isMapping = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path of keys; undefined where any of them is missing. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => (isMapping(inner) ? inner[key] : undefined), value);

/** The mappings of the list at a path; none where there is no list. */
export const listAt = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<Json> => {
  const list: unknown = at(value, ...path);
  return Array.isArray(list) ? list.filter(isMapping) : [];
};

export const textAt = (value: unknown, ...path: ReadonlyArray<string>): string | undefined => {
  const text = at(value, ...path);
  return typeof text === "string" ? text : undefined;
};

/** The value with another one at a path of keys; mappings are made on the way. */
export const withAt = (value: Json, path: ReadonlyArray<string>, inner: unknown): Json => {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const child = value[key];
  return {
    ...value,
    [key]: rest.length === 0 ? inner : withAt(isMapping(child) ? child : {}, rest, inner),
  };
};

/** The value without what is at a path of keys. */
export const withoutAt = (value: Json, path: ReadonlyArray<string>): Json => {
  const [key, ...rest] = path;
  if (key === undefined || !(key in value)) return value;
  if (rest.length > 0) {
    const child = value[key];
    return isMapping(child) ? { ...value, [key]: withoutAt(child, rest) } : value;
  }
  const { [key]: _gone, ...others } = value;
  return others;
};

/** Whether two JSON values say the same; the order of keys says nothing. */
export const same = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => same(item, other[index]))
    );
  }
  if (!isMapping(one) || !isMapping(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  );
};
