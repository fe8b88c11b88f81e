/**
 * From what the API server answered to one of our reasons: a table of pure rules, read from the
 * top, the first that holds decides. Kubernetes' own words decide, never the code alone: a 403
 * may be a quota, a policy or a namespace that is going away, a 500 a mistyped field.
 */
import type { Reason } from "@nopea/domain";
import * as ApiRefusal from "../diagnosis/ApiRefusal.js";
import * as Forbidden from "../diagnosis/Forbidden.js";

export interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** Kubernetes' `Status`, or as much of one as there was. */
export interface Status {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly kind: string | undefined;
  readonly name: string | undefined;
  readonly causes: ReadonlyArray<Cause>;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

type Rule = readonly [reason: Reason.Reason, holds: (status: Status, verb: string) => boolean];

const says = (words: RegExp) => (status: Status) => words.test(status.message);
const code =
  (...codes: ReadonlyArray<number>) =>
  (status: Status) =>
    codes.includes(status.code);

/** Limits from here on are about an object as a whole, those below about one name or value. */
const WHOLE_OBJECT_BYTES = 100_000;

const isTooLong = (status: Status): boolean => {
  const [, bytes = "0"] =
    /Too long: (?:may not be more than|must have at most) (\d+) bytes/.exec(status.message) ?? [];
  return Number(bytes) >= WHOLE_OBJECT_BYTES;
};

/** The API server's validation of updates, kind by kind. */
const IMMUTABLE =
  /\bimmutable\b|may not (?:be changed|change once set)|updates to .+ (?:are forbidden|for fields other than)|updates may not change fields|cannot change roleRef|can ?not be changed/i;

export const isFieldConflict = (status: Status): boolean =>
  status.code === 409 && status.causes.some(({ reason }) => reason === "FieldManagerConflict");

/** The namespace, the object or the kind: what a 404 is about. */
export const missing = (status: Status): "namespace" | "object" | "kind" | undefined => {
  if (status.code !== 404) return undefined;
  if (status.kind === "namespaces" || /^namespaces "[^"]*" not found$/.test(status.message)) {
    return "namespace";
  }
  return status.name === undefined || status.reason !== "NotFound" ? "kind" : "object";
};

const rules: ReadonlyArray<Rule> = [
  // A kubelet's refusal of a log is no verdict on the pod.
  ["api_unavailable", (status, verb) => verb === "logs" && status.code === 400],
  [
    "namespace_terminating",
    ({ causes }) => causes.some(({ reason }) => reason === "NamespaceTerminating"),
  ],
  ...ApiRefusal.rules.map(([reason, says]): Rule => [reason, ({ message }) => says(message)]),
  ["field_conflict", isFieldConflict],
  ["object_too_large", code(413)],
  ["object_too_large", isTooLong],
  [
    "object_too_large",
    says(/request is too large|object is too large|trying to send message larger than max/i),
  ],
  ["unknown_kind", (status) => missing(status) === "kind"],
  ["immutable_field", (status) => status.code === 422 && IMMUTABLE.test(status.message)],
  ["invalid_object", code(400, 404, 405, 406, 415, 422)],
  // Server-side apply answers 500 where a document does not fit its schema.
  [
    "invalid_object",
    says(
      /failed to create (?:typed|manager for)|field not declared in schema|cannot be handled as a|strict decoding error/,
    ),
  ],
  ["forbidden", (status) => status.code === 403 && Forbidden.says(status.message)],
  // Neither RBAC nor one of the above: an admission plugin (LimitRanger, ServiceAccount…).
  ["admission_denied", (status) => status.code === 403 && says(/ is forbidden: /)(status)],
  ["forbidden", code(401, 403)],
];

/** Everything else is the API server's trouble: 409 races, 410, 429, 5xx. */
export const reasonOf = (status: Status, verb: string): Reason.Reason =>
  rules.find(([, holds]) => holds(status, verb))?.[0] ?? "api_unavailable";

/**
 * Whether the same request may well be answered later. `brief`: in a moment or not at all, so
 * that a deploy is not kept waiting by a webhook that is down. Races aren't here: only the caller
 * knows whether it compared anything.
 */
export const recovery = (status: Status, verb: string): "later" | "brief" | "never" => {
  if (reasonOf(status, verb) !== "api_unavailable" || verb === "logs") return "never";
  if (code(429, 502, 503, 504)(status)) return "later";
  if (says(/etcdserver: (?:leader changed|no leader|request timed out)/)(status)) return "later";
  return status.code === 500 || status.code === 403 ? "brief" : "never";
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textIn = (record: Readonly<Record<string, unknown>>, key: string): string | undefined =>
  typeof record[key] === "string" ? record[key] : undefined;

/** Reads an answer that is no success. A proxy's page or `404 page not found` counts as its message. */
export const statusOf = (
  answer: {
    readonly status: number;
    readonly text: string;
    readonly retryAfter?: number | undefined;
  },
  parsed: unknown,
): Status => {
  const body = isRecord(parsed) && parsed["kind"] === "Status" ? parsed : undefined;
  const details = body !== undefined && isRecord(body["details"]) ? body["details"] : {};
  const causes = Array.isArray(details["causes"]) ? details["causes"].filter(isRecord) : [];
  const seconds = details["retryAfterSeconds"];
  return {
    code: answer.status,
    reason: (body && textIn(body, "reason")) ?? "",
    message:
      (body && textIn(body, "message")) ??
      (answer.text.trim().startsWith("<") ? `HTTP ${answer.status}` : answer.text.trim()),
    kind: textIn(details, "kind"),
    name: textIn(details, "name"),
    causes: causes.map((cause) => {
      const [reason, message, field] = [
        textIn(cause, "reason"),
        textIn(cause, "message"),
        textIn(cause, "field"),
      ];
      return {
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
        ...(field === undefined ? {} : { field }),
      };
    }),
    retryAfter:
      answer.retryAfter ?? (typeof seconds === "number" && seconds > 0 ? seconds : undefined),
  };
};
