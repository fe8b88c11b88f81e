/** Failures as the API answers them: a `Status` object with Kubernetes' own words. */
import type { JsonObject } from "./Json.js";
import type { Resource } from "./schema/Resources.js";

export interface Cause {
  reason?: string;
  message: string;
  field?: string;
}
interface Details {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: Details,
  ) {
    super(message);
  }
  status(): JsonObject {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      ...(this.reason ? { reason: this.reason } : {}),
      ...(this.details ? { details: this.details as unknown as JsonObject } : {}),
      code: this.code,
    };
  }
}

const about = (r: Resource, name: string): Details => ({
  name,
  ...(r.group ? { group: r.group } : {}),
  kind: r.plural,
});

export const notFound = (r: Resource, name: string): ApiError =>
  new ApiError(404, "NotFound", `${r.qualified} "${name}" not found`, about(r, name));
export const alreadyExists = (r: Resource, name: string): ApiError =>
  new ApiError(409, "AlreadyExists", `${r.qualified} "${name}" already exists`, about(r, name));
export const conflict = (r: Resource, name: string, why: string): ApiError =>
  new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${r.qualified} "${name}": ${why}`,
    about(r, name),
  );
export const CHANGED =
  "the object has been modified; please apply your changes to the latest version and try again";
export const badRequest = (message: string): ApiError => new ApiError(400, "BadRequest", message);
export const gone = (message: string): ApiError => new ApiError(410, "Expired", message);
export const noSuchPath = (): ApiError =>
  new ApiError(404, "NotFound", "the server could not find the requested resource", {});
export const unsupported = (verb: string, resource: string, what: string): ApiError =>
  new ApiError(
    501,
    "NotImplemented",
    `the sandbox does not implement ${verb} of ${resource}: ${what}`,
    {
      kind: resource,
    },
  );
export const forbidden = (r: Resource, name: string, why: string, causes?: Cause[]): ApiError =>
  new ApiError(403, "Forbidden", `${r.qualified}${name ? ` "${name}"` : ""} is forbidden: ${why}`, {
    ...about(r, name),
    ...(causes ? { causes } : {}),
  });

/** A field's fault in a 422, in the words of Kubernetes' field errors. */
export interface FieldError {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}
const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : JSON.stringify(value);
export const invalidValue = (field: string, value: unknown, why: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${shown(value)}: ${why}`,
});
export const requiredValue = (field: string, why: string): FieldError => ({
  reason: "FieldValueRequired",
  field,
  message: `Required value${why ? `: ${why}` : ""}`,
});
export const forbiddenField = (field: string, why: string): FieldError => ({
  reason: "FieldValueForbidden",
  field,
  message: `Forbidden: ${why}`,
});
export const notSupported = (
  field: string,
  value: unknown,
  allowed: readonly string[],
): FieldError => ({
  reason: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${shown(value)}: supported values: ${allowed.map((a) => JSON.stringify(a)).join(", ")}`,
});
export const tooLong = (field: string, max: number): FieldError => ({
  reason: "FieldValueTooLong",
  field,
  message: `Too long: may not be more than ${max} bytes`,
});
export const duplicateValue = (field: string, value: unknown): FieldError => ({
  reason: "FieldValueDuplicate",
  field,
  message: `Duplicate value: ${shown(value)}`,
});

export const invalid = (r: Resource, name: string, errors: readonly FieldError[]): ApiError => {
  const lines = errors.map((e) => `${e.field}: ${e.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  return new ApiError(
    422,
    "Invalid",
    `${r.kind}${r.group ? `.${r.group}` : ""} "${name}" is invalid: ${text ?? ""}`,
    {
      name,
      ...(r.group ? { group: r.group } : {}),
      kind: r.kind,
      causes: errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field })),
    },
  );
};
