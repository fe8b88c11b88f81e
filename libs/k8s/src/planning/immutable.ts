/** What becomes of an object whose change the API server refuses because a field can't be changed. */
import { Evidence, KubeObject } from "@nopea/domain";
import type { ApiFailure } from "../connection/ClusterError.js";
import { listAt } from "../fields/jsonPath.js";
import { retold } from "./retold.js";

export const RECREATE_ANNOTATION = "nopea.dev/recreate";

/** Deleting one of these takes data or other people's objects along. */
const NEVER = new Set([
  "/PersistentVolumeClaim",
  "/Namespace",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "apps/StatefulSet",
]);

const IMMUTABLE =
  /immutable|may not (?:be changed|change)|updates (?:to|may)|can ?not be changed|cannot change/i;

const isJob = (object: KubeObject.KubeObject): boolean =>
  object.kind === "Job" && KubeObject.groupOf(object.apiVersion) === "batch";

export const isFinishedJob = (object: KubeObject.KubeObject): boolean =>
  isJob(object) &&
  listAt(object, "status", "conditions").some(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );

const fieldsOf = (failure: ApiFailure): string => {
  const fields = [...new Set(failure.causes.flatMap(({ field }) => (field ? [field] : [])))];
  return fields.length === 0 ? "a field" : fields.join(", ");
};

export type Verdict =
  | { readonly type: "recreate"; readonly note: string }
  | { readonly type: "refuse"; readonly failure: ApiFailure };

const refuse = (failure: ApiFailure, message: string, advice: string): Verdict => ({
  type: "refuse",
  // A cause repeats the whole template: the sentence names the field, which is what matters.
  failure: retold(failure, {
    message,
    advice,
    evidence: failure.causes.map(({ field = "", message: text = "" }) => ({
      kind: "field",
      text: Evidence.clean(`${field}: ${text.replace(/^.*: (?=[^:]*$)/s, "")}`, 300),
    })),
  }),
});

/** A refusal of another reason beside it is told as it is: deleting would not mend that. */
export const verdictOn = (
  failure: ApiFailure,
  wanted: KubeObject.KubeObject,
  live: KubeObject.KubeObject,
): Verdict => {
  const text = KubeObject.refText(KubeObject.refOf(wanted));
  const fields = fieldsOf(failure);
  if (!failure.causes.every(({ message = "" }) => IMMUTABLE.test(message))) {
    return { type: "refuse", failure };
  }
  if (isJob(wanted)) {
    return isFinishedJob(live)
      ? { type: "recreate", note: `${fields} changed, and the Job has finished: it is run anew` }
      : refuse(
          failure,
          `${text} still runs, and ${fields} of a Job can't be changed.`,
          "Wait until it has finished, or delete it; then deploy again.",
        );
  }
  const asked = wanted.metadata.annotations?.[RECREATE_ANNOTATION] === "true";
  const never = NEVER.has(`${KubeObject.groupOf(wanted.apiVersion)}/${wanted.kind}`);
  if (asked && !never) {
    return {
      type: "recreate",
      note: `${fields} can't be changed, and ${RECREATE_ANNOTATION} allows it`,
    };
  }
  return refuse(
    failure,
    `${text}: ${fields} can't be changed once it is set.`,
    never
      ? `Put the old value back. nopea never deletes a ${wanted.kind} to make it anew.`
      : `Put the old value back, or allow it to be deleted and made anew: annotation ${RECREATE_ANNOTATION}: "true".`,
  );
};
