/**
 * Paths as server-side apply writes them in a conflict: `.spec.containers[name="web"].image`.
 * Keys are not escaped (`.metadata.annotations.a.b/c`), so a path is read against the object.
 */
import { isMapping, same } from "./jsonPath.js";

const ITEM = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/;
const KEY = /([^=,]*)=("(?:[^"\\]|\\.)*"|[^,]+)/g;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const itemsOf = (list: ReadonlyArray<unknown>, selector: string): ReadonlyArray<unknown> => {
  if (/^\d+$/.test(selector)) return list.slice(Number(selector), Number(selector) + 1);
  const keys = [...selector.matchAll(KEY)].map(
    ([, name, text]) => [name ?? "", parse(text ?? "")] as const,
  );
  return list.filter((item) =>
    keys.every(([name, value]) =>
      name === "" ? same(item, value) : isMapping(item) && same(item[name], value),
    ),
  );
};

/** Whether the value has something at the path. */
export const hasPath = (value: unknown, path: string): boolean => {
  if (path === "") return true;
  if (path.startsWith(".")) {
    return (
      isMapping(value) &&
      Object.keys(value).some((key) => {
        const rest = path.slice(1 + key.length);
        return path.startsWith(`.${key}`) && /^(?:$|[.[])/.test(rest) && hasPath(value[key], rest);
      })
    );
  }
  const item = ITEM.exec(path);
  if (item === null || !Array.isArray(value)) return false;
  return itemsOf(value, item[1] ?? "").some((inner) => hasPath(inner, path.slice(item[0].length)));
};
