/** What a deploy is asked to do, once the documents have been loaded. */
import { Schema } from "effect";
import { optional, optionalKey } from "./Wire.js";
import type { KubeObject } from "./KubeObject.js";
import { Namespace, ServiceName } from "./Service.js";
import { Strategy } from "./Strategy.js";
import { Who } from "./Who.js";

/** A document and its source (`file.yaml#3`; `manifests[2]` where it was sent inline). */
export const ManifestInput = Schema.Struct({
  object: Schema.Record({
    key: Schema.String,
    value: Schema.Unknown,
  }) as unknown as Schema.Schema<KubeObject>,
  source: Schema.String,
}).annotations({ identifier: "ManifestInput" });

export const defaultTimeoutMs = 120_000;
export const defaultDeadlineMs = 3_600_000;
export const defaultLockTimeoutMs = 600_000;

export const DeployRequest = Schema.Struct({
  service: ServiceName,
  /** Absent: the context's namespace, resolved by surface and returned in the result. */
  namespace: optional(Namespace),
  manifests: Schema.Array(ManifestInput),
  strategy: optional(Strategy),
  /** Other namespaces that documents may name. */
  alsoNamespaces: optionalKey(Schema.Array(Namespace), "also_namespaces"),
  dryRun: optionalKey(Schema.Boolean, "dry_run"),
  forceConflicts: optionalKey(Schema.Boolean, "force_conflicts"),
  takeOver: optionalKey(Schema.Boolean, "take_over"),
  createNamespace: optionalKey(Schema.Boolean, "create_namespace"),
  rollOnConfig: optionalKey(Schema.Boolean, "roll_on_config"),
  /** Deploy in a freeze window of the policy too; that it was done is recorded. */
  overrideFreeze: optionalKey(Schema.Boolean, "override_freeze"),
  /** False: answer once everything is applied, and leave the waiting to whoever looks next. */
  wait: optional(Schema.Boolean),
  /** The longest time without progress, in milliseconds. */
  timeoutMs: optionalKey(Schema.Positive.pipe(Schema.int()), "timeout_ms"),
  /** The longest time in all, in milliseconds. */
  deadlineMs: optionalKey(Schema.Positive.pipe(Schema.int()), "deadline_ms"),
  lockTimeoutMs: optionalKey(Schema.NonNegativeInt, "lock_timeout_ms"),
  who: optional(Who),
}).annotations({ identifier: "DeployRequest" });
export type DeployRequest = typeof DeployRequest.Type;
