/** How a cluster can fail to answer, or answer no. Kubernetes' own words decide the reason, never the code alone. */
import { Evidence, KubeObject, Reason, Wire } from "@nopea/domain";
import { Schema } from "effect";

const fields = {
  /** A whole sentence for the person who reads it. */
  message: Schema.String,
  reason: Reason.Reason,
  object: Wire.optional(KubeObject.ObjectRef),
  evidence: Wire.optional(Schema.Array(Evidence.Evidence)),
  advice: Wire.optional(Schema.String),
};

/** No usable answer at all: no connection, no trust, no valid credentials, or no kubeconfig that names a cluster. */
export class ClusterUnreachable extends Schema.TaggedError<ClusterUnreachable>()(
  "ClusterUnreachable",
  { ...fields, server: Wire.optional(Schema.String) },
) {}

/** The API server answered with a failure. */
export class ApiFailure extends Schema.TaggedError<ApiFailure>()("ApiFailure", {
  ...fields,
  /** The HTTP status. */
  status: Schema.Int,
  /** Kubernetes' `Status.reason`: `Forbidden`, `Conflict`, `AlreadyExists`… */
  statusReason: Schema.String,
  verb: Schema.String,
  /** Of a 404: what it is that isn't there. */
  missing: Wire.optional(Schema.Literal("namespace", "object", "kind")),
  /** Seconds, where the server asked to come back later. */
  retryAfter: Wire.optional(Schema.Number),
  /** Kubernetes' `Status.details.causes`. */
  causes: Schema.Array(
    Schema.Struct({
      reason: Wire.optional(Schema.String),
      message: Wire.optional(Schema.String),
      field: Wire.optional(Schema.String),
    }),
  ),
}) {}

export type ClusterFailure = ClusterUnreachable | ApiFailure;
export const ClusterFailure = Schema.Union(ClusterUnreachable, ApiFailure);
