/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob and Pod: defaults and refusals. */
import {
  forbiddenField,
  invalidValue,
  notSupported,
  requiredValue,
  type FieldError,
} from "../ApiError.js";
import { child, clone, equal, isObject, type JsonObject } from "../Json.js";
import { items, obj, orElse, text } from "./fields.js";
import type { Kind } from "./Kind.js";
import { podOnlyDefaults, podSpecDefaults, podSpecErrors } from "./podSpec.js";

const IMMUTABLE = "field is immutable";

const templateDefaults = (spec: JsonObject): void =>
  podSpecDefaults(child(child(spec, "template"), "spec"));

const negative = (spec: JsonObject | undefined, key: string): FieldError[] => {
  const value = spec?.[key];
  return typeof value === "number" && value < 0
    ? [invalidValue(`spec.${key}`, value, "must be greater than or equal to 0")]
    : [];
};

const selects = (selector: JsonObject, labels: JsonObject): boolean => {
  const wanted = Object.entries(obj(selector, "matchLabels") ?? {});
  if (!wanted.every(([k, v]) => labels[k] === v)) return false;
  return items(selector, "matchExpressions").every((e) => {
    const key = text(e, "key");
    const values = Array.isArray(e["values"]) ? e["values"] : [];
    switch (text(e, "operator")) {
      case "In":
        return values.includes(labels[key] ?? null);
      case "NotIn":
        return !values.includes(labels[key] ?? null);
      case "Exists":
        return labels[key] !== undefined;
      default:
        return labels[key] === undefined;
    }
  });
};

const workloadErrors = (object: JsonObject): FieldError[] => {
  const spec = obj(object, "spec");
  const template = obj(spec, "template");
  const selector = obj(spec, "selector");
  const labels = obj(obj(template, "metadata"), "labels");
  const errors: FieldError[] = negative(spec, "replicas");
  if (!selector) errors.push(requiredValue("spec.selector", ""));
  else if (
    Object.keys(obj(selector, "matchLabels") ?? {}).length === 0 &&
    items(selector, "matchExpressions").length === 0
  )
    errors.push(
      invalidValue(
        "spec.selector",
        selector,
        `empty selector is invalid for ${text(object, "kind").toLowerCase()}`,
      ),
    );
  if (!selector || !selects(selector, labels ?? {}))
    errors.push(
      invalidValue(
        "spec.template.metadata.labels",
        labels ?? null,
        "`selector` does not match template `labels`",
      ),
    );
  const podSpec = obj(template, "spec");
  errors.push(...podSpecErrors(podSpec, "spec.template.spec"));
  const policy = text(podSpec, "restartPolicy");
  if (policy === "OnFailure" || policy === "Never")
    errors.push({
      reason: "FieldValueNotSupported",
      field: "spec.template.spec.restartPolicy",
      message: `Unsupported value: "${policy}": supported values: "Always"`,
    });
  return errors;
};

const selectorKept = (next: JsonObject, old: JsonObject): FieldError[] => {
  const [now, before] = [obj(obj(next, "spec"), "selector"), obj(obj(old, "spec"), "selector")];
  return equal(now, before) ? [] : [invalidValue("spec.selector", now ?? null, IMMUTABLE)];
};

const rolling = (spec: JsonObject, key: string, fallback: JsonObject): void => {
  const strategy = child(spec, key);
  orElse(strategy, "type", "RollingUpdate");
  if (strategy["type"] !== "RollingUpdate") return;
  const how = child(strategy, "rollingUpdate");
  for (const [name, value] of Object.entries(fallback))
    if (value !== undefined) orElse(how, name, value);
};

const strategyErrors = (object: JsonObject): FieldError[] => {
  const strategy = obj(obj(object, "spec"), "strategy");
  if (text(strategy, "type") === "Recreate" && strategy?.["rollingUpdate"] !== undefined)
    return [
      forbiddenField(
        "spec.strategy.rollingUpdate",
        "may not be specified when strategy `type` is 'Recreate'",
      ),
    ];
  const how = obj(strategy, "rollingUpdate");
  const zero = (v: unknown): boolean => v === 0 || v === "0%";
  if (how && zero(how["maxSurge"]) && zero(how["maxUnavailable"]))
    return [
      invalidValue(
        "spec.strategy.rollingUpdate.maxUnavailable",
        how["maxUnavailable"],
        "may not be 0 when `maxSurge` is 0",
      ),
    ];
  return [];
};

export const deployment: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "replicas", 1);
    rolling(spec, "strategy", { maxUnavailable: "25%", maxSurge: "25%" });
    orElse(spec, "revisionHistoryLimit", 10);
    orElse(spec, "progressDeadlineSeconds", 600);
    templateDefaults(spec);
  },
  validate: (object) => [...workloadErrors(object), ...strategyErrors(object)],
  validateUpdate: selectorKept,
};

export const replicaSet: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "replicas", 1);
    templateDefaults(spec);
  },
  beforeCreate: (object) => {
    object["status"] = { replicas: 0 };
  },
  validate: workloadErrors,
  validateUpdate: selectorKept,
};

const STATEFULSET_OPEN = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];
const STATEFULSET_CLOSED = [
  "serviceName",
  "selector",
  "podManagementPolicy",
  "volumeClaimTemplates",
];
export const statefulSet: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "replicas", 1);
    orElse(spec, "podManagementPolicy", "OrderedReady");
    rolling(spec, "updateStrategy", { maxUnavailable: 1, partition: 0 });
    orElse(spec, "revisionHistoryLimit", 10);
    const retention = child(spec, "persistentVolumeClaimRetentionPolicy");
    orElse(retention, "whenDeleted", "Retain");
    orElse(retention, "whenScaled", "Retain");
    for (const claim of items(spec, "volumeClaimTemplates")) {
      orElse(claim, "apiVersion", "v1");
      orElse(claim, "kind", "PersistentVolumeClaim");
      orElse(child(claim, "spec"), "volumeMode", "Filesystem");
      orElse(child(claim, "status"), "phase", "Pending");
    }
    templateDefaults(spec);
  },
  beforeCreate: (object) => {
    object["status"] = { replicas: 0, availableReplicas: 0 };
  },
  // A claim's template is a volume of the pods, though the template does not list it.
  validate: (object) => {
    const copy = clone(object);
    const spec = child(copy, "spec");
    const podSpec = obj(obj(spec, "template"), "spec");
    if (podSpec)
      podSpec["volumes"] = [
        ...items(podSpec, "volumes"),
        ...items(spec, "volumeClaimTemplates").map((c) => ({
          name: text(obj(c, "metadata"), "name"),
        })),
      ];
    return workloadErrors(copy);
  },
  validateUpdate: (next, old) => {
    const closed = STATEFULSET_CLOSED.filter(
      (key) => !equal(obj(next, "spec")?.[key], obj(old, "spec")?.[key]),
    ).map((key) =>
      invalidValue(
        `spec.${key}`,
        obj(next, "spec")?.[key] ?? (key === "volumeClaimTemplates" ? [] : null),
        IMMUTABLE,
      ),
    );
    if (closed.length > 0) return closed;
    const strip = (o: JsonObject): JsonObject =>
      Object.fromEntries(
        Object.entries(obj(o, "spec") ?? {}).filter(([k]) => !STATEFULSET_OPEN.includes(k)),
      );
    return equal(strip(next), strip(old))
      ? []
      : [
          forbiddenField(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
          ),
        ];
  },
};

const GENERATION = "deprecated.daemonset.template.generation";
export const daemonSet: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    rolling(spec, "updateStrategy", { maxUnavailable: 1, maxSurge: 0 });
    orElse(child(child(object, "metadata"), "annotations"), GENERATION, "1");
    orElse(spec, "revisionHistoryLimit", 10);
    templateDefaults(spec);
  },
  beforeUpdate: (next, old) => {
    const kept = Number(text(obj(obj(old, "metadata"), "annotations"), GENERATION) || "1");
    const changed = !equal(obj(next, "spec")?.["template"], obj(old, "spec")?.["template"]);
    child(child(next, "metadata"), "annotations")[GENERATION] = String(changed ? kept + 1 : kept);
  },
  beforeCreate: (object) => {
    object["status"] = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
  },
  validate: workloadErrors,
  validateUpdate: selectorKept,
};

const jobDefaults = (spec: JsonObject): void => {
  if (spec["completions"] === undefined && spec["parallelism"] === undefined)
    spec["completions"] = 1;
  orElse(spec, "parallelism", 1);
  orElse(spec, "backoffLimit", 6);
  orElse(spec, "completionMode", "NonIndexed");
  orElse(spec, "suspend", false);
  orElse(spec, "manualSelector", false);
  orElse(
    spec,
    "podReplacementPolicy",
    spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed",
  );
  templateDefaults(spec);
};
const jobErrors = (spec: JsonObject | undefined, path: string): FieldError[] => {
  const podSpec = obj(obj(spec, "template"), "spec");
  const errors = podSpecErrors(podSpec, `${path}.template.spec`);
  const policy = text(podSpec, "restartPolicy");
  if (policy === "Always")
    errors.push(
      requiredValue(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'),
    );
  else if (policy && policy !== "OnFailure" && policy !== "Never")
    errors.push(
      notSupported(`${path}.template.spec.restartPolicy`, policy, ["OnFailure", "Never"]),
    );
  return errors;
};

export const job: Kind = {
  generation: true,
  defaults: (object) => jobDefaults(child(object, "spec")),
  beforeCreate: (object) => {
    const spec = child(object, "spec");
    const metadata = child(object, "metadata");
    if (spec["manualSelector"] === true) return;
    const uid = text(metadata, "uid");
    const labels = child(child(child(spec, "template"), "metadata"), "labels");
    labels["controller-uid"] = uid;
    labels["job-name"] = text(metadata, "name");
    labels["batch.kubernetes.io/controller-uid"] = uid;
    labels["batch.kubernetes.io/job-name"] = text(metadata, "name");
    spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
    orElse(metadata, "labels", { ...labels });
  },
  // An apply of the manifest lacks what was generated.
  validate: (object) => jobErrors(obj(object, "spec"), "spec"),
  validateUpdate: (next, old) => {
    const [now, before] = [obj(next, "spec"), obj(old, "spec")];
    return [
      "completions",
      "selector",
      "template",
      "completionMode",
      "podFailurePolicy",
      "backoffLimitPerIndex",
      "managedBy",
      "successPolicy",
    ]
      .filter((key) => !equal(now?.[key], before?.[key]))
      .filter(
        (key) => !(key === "template" && before?.["suspend"] === true && now?.["suspend"] === true),
      )
      .map((key) => invalidValue(`spec.${key}`, now?.[key] ?? null, IMMUTABLE));
  },
};

export const cronJob: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "concurrencyPolicy", "Allow");
    orElse(spec, "suspend", false);
    orElse(spec, "successfulJobsHistoryLimit", 3);
    orElse(spec, "failedJobsHistoryLimit", 1);
    // Of the job, only the pod's defaults are written into the template.
    podSpecDefaults(child(child(child(child(spec, "jobTemplate"), "spec"), "template"), "spec"));
  },
  validate: (object) => {
    const spec = obj(object, "spec");
    const errors = jobErrors(obj(obj(spec, "jobTemplate"), "spec"), "spec.jobTemplate.spec");
    if (!text(spec, "schedule")) errors.push(requiredValue("spec.schedule", ""));
    return errors;
  },
};

const POD_OPEN = ["activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates"];
export const pod: Kind = {
  generation: true,
  defaults: (object) => {
    const spec = child(object, "spec");
    podSpecDefaults(spec);
    podOnlyDefaults(spec);
  },
  beforeCreate: (object) => {
    const spec = child(object, "spec");
    orElse(spec, "priority", 0);
    orElse(spec, "preemptionPolicy", "PreemptLowerPriority");
    const given = items(spec, "tolerations");
    const lasting = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
      .filter((key) => !given.some((t) => t["key"] === key || t["key"] === undefined))
      .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
    if (lasting.length + given.length > 0) spec["tolerations"] = [...given, ...lasting];
    object["status"] = { phase: "Pending", qosClass: qos(spec) };
  },
  validate: (object) => podSpecErrors(obj(object, "spec"), "spec"),
  validateUpdate: (next, old) => {
    const strip = (o: JsonObject): JsonObject => {
      const spec = clone(obj(o, "spec") ?? {});
      for (const key of POD_OPEN) delete spec[key];
      for (const list of ["containers", "initContainers"])
        for (const c of items(spec, list)) delete c["image"];
      return spec;
    };
    return equal(strip(next), strip(old))
      ? []
      : [
          forbiddenField(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
          ),
        ];
  },
  selectableFields: (object) => {
    const spec = isObject(object.spec) ? object.spec : {};
    const status = isObject(object.status) ? object.status : {};
    return {
      "spec.nodeName": text(spec, "nodeName"),
      "spec.restartPolicy": text(spec, "restartPolicy"),
      "spec.schedulerName": text(spec, "schedulerName"),
      "spec.serviceAccountName": text(spec, "serviceAccountName"),
      "spec.hostNetwork": String(spec["hostNetwork"] === true),
      "status.phase": text(status, "phase"),
      "status.podIP": text(status, "podIP"),
      "status.nominatedNodeName": text(status, "nominatedNodeName"),
    };
  },
};

const qos = (spec: JsonObject): string => {
  const all = [...items(spec, "containers"), ...items(spec, "initContainers")].map((c) =>
    obj(c, "resources"),
  );
  if (all.every((r) => !obj(r, "requests") && !obj(r, "limits"))) return "BestEffort";
  const guaranteed = all.every((r) =>
    ["cpu", "memory"].every((name) => {
      const limit = obj(r, "limits")?.[name];
      return limit !== undefined && obj(r, "requests")?.[name] === limit;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
};
