/** JSON Patch (RFC 6902) and JSON merge patch (RFC 7386). */
import { clone, equal, isObject, type Json, type JsonObject } from "../Json.js";

/** A patch that does not fit the document; the message is the evanphx library's, as Kubernetes shows it. */
export class PatchError extends Error {}

export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const out: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
};

const pointer = (path: unknown): string[] => {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/")))
    throw new PatchError("invalid JSON pointer");
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
};

const step = (here: Json | undefined, key: string): Json | undefined => {
  if (Array.isArray(here)) return here[Number(key)];
  return isObject(here) && Object.hasOwn(here, key) ? here[key] : undefined;
};
const find = (root: Json, path: readonly string[]): Json | undefined => {
  let here: Json | undefined = root;
  for (const key of path) here = step(here, key);
  return here;
};

const place = (
  root: Json,
  path: readonly string[],
  op: string,
  text: string,
): { parent: Json[] | JsonObject; key: string } => {
  const parent = find(root, path.slice(0, -1));
  const key = path[path.length - 1] ?? "";
  if (!Array.isArray(parent) && !isObject(parent))
    throw new PatchError(
      `${op} operation does not apply: doc is missing path: "${text}": missing value`,
    );
  return { parent, key };
};

const add = (root: Json, text: string, value: Json): Json => {
  const path = pointer(text);
  if (path.length === 0) return value;
  const { parent, key } = place(root, path, "add", text);
  if (!Array.isArray(parent)) parent[key] = value;
  else if (key === "-") parent.push(value);
  else {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index > parent.length)
      throw new PatchError(
        `add operation does not apply: doc is missing path: "${text}": invalid index referenced`,
      );
    parent.splice(index, 0, value);
  }
  return root;
};

const remove = (root: Json, text: string, op = "remove"): void => {
  const path = pointer(text);
  const { parent, key } = place(root, path, op, text);
  if (step(parent, key) === undefined)
    throw new PatchError(
      op === "remove"
        ? `remove operation does not apply: doc is missing path: "${text}": missing value`
        : `${op} operation does not apply: doc is missing key: ${text}: missing value`,
    );
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
};

export const jsonPatch = (target: Json, operations: readonly Json[]): Json => {
  let doc = clone(target);
  for (const entry of operations) {
    if (!isObject(entry)) throw new PatchError("invalid patch operation");
    const path = String(entry["path"] ?? "");
    const value = clone(entry["value"] ?? null);
    switch (entry["op"]) {
      case "test": {
        const there = find(doc, pointer(path));
        if (!equal(there ?? null, value))
          throw new PatchError(`testing value ${path} failed: test failed`);
        break;
      }
      case "add":
        doc = add(doc, path, value);
        break;
      case "remove":
        remove(doc, path);
        break;
      case "replace":
        remove(doc, path, "replace");
        doc = add(doc, path, value);
        break;
      case "move":
      case "copy": {
        const from = String(entry["from"] ?? "");
        const moved = find(doc, pointer(from));
        if (moved === undefined)
          throw new PatchError(
            `${entry["op"]} operation does not apply: doc is missing from path: ${from}: missing value`,
          );
        if (entry["op"] === "move") remove(doc, from);
        doc = add(doc, path, clone(moved));
        break;
      }
      default:
        throw new PatchError(`Unexpected kind: ${String(entry["op"])}`);
    }
  }
  return doc;
};
