/** A request's body as an object of a resource, its kind and types checked; defaults come later. */
import { ApiError, badRequest, invalid } from "./ApiError.js";
import { at, fieldsOf, isObject, type Json, type JsonObject, type KubeObject } from "./Json.js";
import type { WriteOptions } from "./Options.js";
import { customFaults } from "./schema/CustomValidation.js";
import { decode, DecodeError } from "./schema/Decode.js";
import type { Resource, Resources } from "./schema/Resources.js";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod` */
export const typeText = (body: JsonObject): string => {
  const apiVersion = String(body["apiVersion"] ?? "");
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${String(body["kind"] ?? "")}`;
};
/** A body as an object of the resource: its kind and types checked, defaults not yet set. */
export const readObject = (
  resources: Resources,
  r: Resource,
  body: Json,
  options: WriteOptions,
): KubeObject => {
  if (!isObject(body))
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal into Go value`,
    );
  const { apiVersion = r.groupVersion, kind = r.kind } = body;
  if (kind !== r.kind || apiVersion !== r.groupVersion) {
    const version = String(apiVersion).split("/").at(-1) ?? "";
    if (resources.kind(String(apiVersion), String(kind)) === undefined)
      throw badRequest(
        `${String(kind)} in version "${version}" cannot be handled as a ${r.kind}: no kind "${String(kind)}" is registered for version "${String(apiVersion)}" in scheme "pkg/runtime/scheme.go:111"`,
      );
    throw badRequest(
      `${String(kind)} in version "${version}" cannot be handled as a ${r.kind}: converting (${version}.${String(kind)}) to (${r.group || "core"}.${r.kind}): unknown conversion`,
    );
  }
  if (r.custom) {
    const errors = customFaults(body, r.type, "");
    if (errors.length > 0) throw invalid(r, text(at(body, "metadata", "name")), errors);
  }
  try {
    const { value, unknown } = decode(
      { ...body, apiVersion: r.groupVersion, kind: r.kind },
      r.type,
    );
    const words = unknown.map((path) => `unknown field "${path}"`);
    if (words.length > 0 && options.validation === "Strict")
      throw badRequest(
        `${r.kind} in version "${r.version}" cannot be handled as a ${r.kind}: strict decoding error: ${words.join(", ")}`,
      );
    if (options.validation !== "Ignore") options.warnings?.push(...words);
    return value as unknown as KubeObject;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `${r.kind} in version "${r.version}" cannot be handled as a ${r.kind}: ${error.message}`,
    );
  }
};

/** The result of an apply: a value that only now turns out to be none is the server's fault, says the real one. */
export const readApplied = (
  resources: Resources,
  r: Resource,
  object: KubeObject,
  namespace: string,
  options: WriteOptions,
): KubeObject => {
  try {
    return readObject(resources, r, fieldsOf(object) as Json, options);
  } catch (error) {
    const words = `${r.kind} in version "${r.version}" cannot be handled as a ${r.kind}: `;
    if (!(error instanceof ApiError) || !error.message.startsWith(words)) throw error;
    const type = typeText({ apiVersion: r.groupVersion, kind: r.kind });
    throw new ApiError(
      500,
      "",
      `failed to convert new object (${namespace}/${object.metadata.name}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${error.message.slice(words.length)}`,
    );
  }
};
