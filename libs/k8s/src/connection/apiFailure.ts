/** An answer that is no success as an `ApiFailure`: a sentence that names object, verb and cause, and what it rests on. */
import type { KubeObject } from "@nopea/domain";
import { Evidence, type Reason } from "@nopea/domain";
import * as ApiUnavailable from "../diagnosis/ApiUnavailable.js";
import { ApiFailure } from "./ClusterError.js";
import { isFieldConflict, missing, reasonOf, type Cause, type Status } from "./classify.js";

/** What was asked for. */
export interface About {
  /** As RBAC says it, but for `apply`, `replace` and `logs`. */
  readonly verb:
    "get" | "list" | "watch" | "create" | "replace" | "apply" | "patch" | "delete" | "logs";
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

const DOING: Readonly<Record<About["verb"], string>> = {
  get: "read",
  list: "list",
  watch: "watch",
  create: "create",
  replace: "replace",
  apply: "apply",
  patch: "patch",
  delete: "delete",
  logs: "read the logs of",
};

/** Long enough for a policy's message, short enough for a terminal: a Job's diff has kilobytes. */
const LONGEST = 600;

const subjectOf = (about: About): string => {
  const place = about.namespace === undefined ? "" : ` in ${about.namespace}`;
  return about.name === undefined
    ? `${about.kind} objects${place}`
    : `${about.kind}/${about.name}${place}`;
};

/** `configmaps "a" is forbidden: …` → what follows: the sentence names the object itself. */
const core = (message: string): string => {
  const [, rest = message] = /^\S+ "[^"]*" is (?:forbidden|invalid): (.*)$/s.exec(message) ?? [];
  return rest;
};

/** Values that the API server repeats in its complaint must not leave a Secret. */
const redactor = (kind: string) => (text: string) =>
  kind === "Secret"
    ? text
        .replace(/got &?value\.\w+\{.*?\}/gs, "got another type")
        .replace(/Invalid value: (?:"(?:[^"\\]|\\.)*"|\{.*?\}|\S+)/gs, "Invalid value")
    : text;

/** A Job's complaint repeats its whole template before it says what is wrong: that must not be cut off. */
const withoutValue = (text: string): string =>
  text.length > LONGEST ? text.replace(/(Invalid value): [{[].*[}\]](: )/s, "$1$2") : text;

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

const fieldsOf = (causes: ReadonlyArray<Cause>): ReadonlyArray<string> => [
  ...new Set(causes.flatMap(({ field }) => (field === undefined ? [] : [field]))),
];

const managerOf = (cause: Cause): string => {
  const [, manager = "another manager"] = /conflict with "([^"]+)"/.exec(cause.message ?? "") ?? [];
  return manager;
};

/** `User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "web"`. */
const PERMISSION =
  /User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

const lacks = (text: string): string | undefined => {
  const match = PERMISSION.exec(text);
  if (match === null) return undefined;
  const [, user, verb, resource, group, namespace] = match;
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  return `User "${user}" may not ${verb} ${resource}${group === "" ? "" : `.${group}`} ${where}`;
};

const words = (status: Status, reason: Reason.Reason, about: About, text: string): string => {
  const subject = subjectOf(about);
  const why = Evidence.clean(core(text), LONGEST);
  const fields = fieldsOf(status.causes);
  switch (reason) {
    case "forbidden": {
      const lack = lacks(text);
      return lack === undefined
        ? `This account may not ${DOING[about.verb]} ${subject}: ${why}`
        : `${lack} (needed to ${DOING[about.verb]} ${subject})`;
    }
    case "field_conflict": {
      const [first, ...others] = status.causes.filter(
        (cause) => cause.reason === "FieldManagerConflict",
      );
      const more = others.length === 0 ? "" : `, and ${others.length} more fields are others'`;
      return `${subject} can't be applied: its field ${first?.field ?? ""} is owned by "${managerOf(first ?? {})}"${more}`;
    }
    case "quota_exceeded":
      return `${subject} does not fit the namespace's quota: ${why}`;
    case "admission_denied":
      return `${subject} was refused by admission control: ${why}`;
    case "namespace_terminating":
      return `${subject} can't be changed: its namespace is being deleted`;
    case "object_too_large":
      return `${subject} is too large for the cluster to keep: ${why}`;
    case "immutable_field":
      return fields.length === 0 || fields.length > 4
        ? `${subject} has a field that can't be changed once it is set: ${why}`
        : `${subject} has ${fields.join(", ")} changed, which can't be changed once set: ${why}`;
    case "unknown_kind":
      return `The cluster does not know the kind ${about.kind} of ${about.apiVersion}`;
    case "invalid_object": {
      const gone = missing(status);
      if (gone === "namespace") {
        return `${subject} can't be ${about.verb === "create" || about.verb === "apply" ? "created" : "reached"}: the namespace ${status.name ?? about.namespace ?? ""} does not exist`;
      }
      return gone === "object" ? `${subject} does not exist` : `${subject} is not valid: ${why}`;
    }
    default:
      if (status.code === 409) {
        return status.reason === "AlreadyExists"
          ? `${subject} already exists`
          : `${subject} was changed by someone else meanwhile: ${why}`;
      }
      return `The API server could not ${DOING[about.verb]} ${subject}: ${why === "" ? `HTTP ${status.code}` : why}`;
  }
};

export const fromStatus = (status: Status, about: About): ApiFailure => {
  const redact = redactor(about.kind);
  const text = redact(status.message);
  const reason = reasonOf(status, about.verb);
  const causes = status.causes.map((cause) =>
    cause.message === undefined
      ? cause
      : { ...cause, message: Evidence.clean(withoutValue(redact(cause.message)), LONGEST) },
  );
  const conflicts = isFieldConflict(status)
    ? causes.map((cause): Evidence.Evidence => ({
        kind: "field",
        text: `${cause.field ?? ""} is owned by ${managerOf(cause)}`,
      }))
    : [];
  const object: KubeObject.ObjectRef | undefined =
    about.name === undefined
      ? undefined
      : {
          apiVersion: about.apiVersion,
          kind: about.kind,
          name: about.name,
          ...(about.namespace === undefined ? {} : { namespace: about.namespace }),
        };
  const gone = missing(status);
  return new ApiFailure({
    message: sentence(words(status, reason, about, text)),
    reason,
    status: status.code,
    statusReason: status.reason,
    verb: about.verb,
    causes,
    evidence: [
      ...conflicts,
      {
        kind: reason === "quota_exceeded" ? "quota" : "response",
        text: Evidence.clean(text, LONGEST),
      },
    ],
    ...(object === undefined ? {} : { object }),
    ...(reason === "api_unavailable" && ApiUnavailable.isWebhook(text)
      ? { advice: ApiUnavailable.webhookAdvice }
      : {}),
    ...(status.retryAfter === undefined ? {} : { retryAfter: status.retryAfter }),
    ...(gone === undefined ? {} : { missing: gone }),
  });
};
