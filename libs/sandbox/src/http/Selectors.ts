/** Label and field selectors of list and watch. */
import { ApiError, badRequest } from "../ApiError.js";
import type { KubeObject } from "../Json.js";
import { kindOf } from "../kinds/index.js";
import type { Resource } from "../schema/Resources.js";

export type Predicate = (object: KubeObject) => boolean;

const requirement = (text: string): ((labels: Record<string, string>) => boolean) => {
  const set = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((v) => v.trim());
    return (labels) => {
      const value = labels[key];
      const inside = value !== undefined && values.includes(value);
      return operator === "in" ? inside : !inside;
    };
  }
  if (/^!\s*[^\s!=,()]+$/.test(text)) {
    const key = text.slice(1).trim();
    return (labels) => labels[key] === undefined;
  }
  const pair = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/.exec(text);
  if (pair) {
    const [, key = "", operator, value = ""] = pair;
    return operator === "!="
      ? (labels) => labels[key] !== value
      : (labels) => labels[key] === value;
  }
  if (/^[^\s!=,()]+$/.test(text)) return (labels) => labels[text] !== undefined;
  const odd = /[!=,()]{2,}|[!,()]/.exec(text)?.[0] ?? text;
  throw badRequest(`unable to parse requirement: found '${odd.slice(-1)}', expected: identifier`);
};

/** Commas part requirements, but not inside the brackets of a set. */
const parts = (selector: string): string[] =>
  selector
    .split(/,(?![^(]*\))/)
    .map((p) => p.trim())
    .filter((p) => p !== "");

export const labelSelector = (selector: string): Predicate => {
  const all = parts(selector).map(requirement);
  return (object) => all.every((matches) => matches(object.metadata.labels ?? {}));
};

export const fieldSelector = (r: Resource, selector: string): Predicate => {
  const fields = (object: KubeObject): Record<string, string> => ({
    "metadata.name": object.metadata.name,
    ...(r.namespaced || !r.custom ? { "metadata.namespace": object.metadata.namespace ?? "" } : {}),
    ...kindOf(r).selectableFields?.(object),
  });
  const known = fields({ apiVersion: "", kind: "", metadata: { name: "" } });
  const all = parts(selector).map((part): Predicate => {
    const [, key = "", operator, raw = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    if (operator === undefined)
      throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    if (known[key] === undefined) {
      const more = kindOf(r).selectableFields !== undefined;
      throw more
        ? badRequest(`field label not supported: ${key}`)
        : badRequest(
            `${JSON.stringify(key)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
          );
    }
    const value = raw.replaceAll(/\\(.)/g, "$1");
    return operator === "!="
      ? (object) => fields(object)[key] !== value
      : (object) => fields(object)[key] === value;
  });
  return (object) => all.every((matches) => matches(object));
};

export const selects = (r: Resource, query: URLSearchParams): Predicate => {
  const labels = query.get("labelSelector");
  const fields = query.get("fieldSelector");
  const all = [
    ...(labels ? [labelSelector(labels)] : []),
    ...(fields ? [fieldSelector(r, fields)] : []),
  ];
  return (object) => all.every((matches) => matches(object));
};

/** A resource version in a query: undefined where there is none. */
export const versionOf = (text: string | null): number | undefined => {
  if (text === null || text === "") return undefined;
  if (!/^\d+$/.test(text))
    throw new ApiError(
      500,
      "",
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
};
