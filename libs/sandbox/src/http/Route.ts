/** A request's path and method as what is asked for: verb, resource, namespace, name. */
import { noSuchPath } from "../ApiError.js";
import type { Resource, Resources } from "../schema/Resources.js";

export interface Target {
  readonly verb: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const VERBS: Readonly<Record<string, readonly [collection: string, one: string]>> = {
  GET: ["list", "get"],
  HEAD: ["list", "get"],
  POST: ["create", "create"],
  PUT: ["update", "update"],
  PATCH: ["patch", "patch"],
  DELETE: ["deletecollection", "delete"],
};

/** Undefined where the path is under no API group that is served. */
export const route = (
  resources: Resources,
  method: string,
  path: string,
  query: URLSearchParams,
): Target | undefined => {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  let groupVersion: string;
  let rest: string[];
  if (parts[0] === "api" && parts[1] === "v1") [groupVersion, rest] = ["v1", parts.slice(2)];
  else if (parts[0] === "apis" && parts.length > 3)
    [groupVersion, rest] = [`${parts[1] ?? ""}/${parts[2] ?? ""}`, parts.slice(3)];
  else return undefined;
  if (rest.length === 0 || !resources.all().some((r) => r.groupVersion === groupVersion))
    return undefined;
  let namespace: string | undefined;
  // `namespaces/x` and its subresources are the namespace itself.
  if (
    rest[0] === "namespaces" &&
    rest.length > 2 &&
    !["status", "finalize"].includes(rest[2] ?? "")
  ) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [plural = "", name, subresource, ...more] = rest;
  const resource = resources.at(groupVersion, plural);
  if (!resource || more.length > 0 || (namespace !== undefined && !resource.namespaced))
    throw noSuchPath();
  if (subresource !== undefined && !resource.subresources.has(subresource)) throw noSuchPath();
  const [collection, one] = VERBS[method] ?? ["", ""];
  const watching =
    method === "GET" && name === undefined && /^(1|true)$/.test(query.get("watch") ?? "");
  const verb = watching ? "watch" : name === undefined ? collection : one;
  return { verb, resource, namespace, name: name === "" ? undefined : name, subresource };
};
