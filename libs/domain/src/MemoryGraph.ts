/** What memory holds: counted, and as the graph of services, namespaces and reasons. */
import { Schema } from "effect";
import { Timestamp } from "./Timestamp.js";
import { key, optional } from "./Wire.js";

export const Relation = Schema.Literal(
  "deployed_to",
  "breaks",
  "deployed_together",
  "breaks_after",
).annotations({ identifier: "Relation" });
export type Relation = typeof Relation.Type;

export const GraphNode = Schema.Struct({
  /** Unique in the graph; what edges name. */
  id: Schema.String,
  kind: Schema.Literal("service", "namespace", "reason"),
  name: Schema.String,
  /** A service's. */
  namespace: optional(Schema.String),
}).annotations({ identifier: "GraphNode" });
export type GraphNode = typeof GraphNode.Type;

export const GraphEdge = Schema.Struct({
  /**
   * service deployed_to namespace · service breaks (by a) reason · service deployed_together service
   * (within an hour; the same in both directions) · service breaks_after service: the first failed
   * when the second was deployed within the hour before.
   */
  relation: Relation,
  from: Schema.String,
  to: Schema.String,
  /** Observations, each counting half as much every two months. */
  weight: Schema.Number,
  /** All there ever were, but for `breaks_after` only those that the change was to blame for. */
  observations: Schema.NonNegativeInt,
}).annotations({ identifier: "GraphEdge" });
export type GraphEdge = typeof GraphEdge.Type;

export const MemoryGraph = Schema.Struct({
  nodes: Schema.Array(GraphNode),
  /** The heaviest first. */
  edges: Schema.Array(GraphEdge),
  /** True where there are more edges than are listed. */
  truncated: Schema.Boolean,
}).annotations({ identifier: "MemoryGraph" });
export type MemoryGraph = typeof MemoryGraph.Type;

export const MemoryStats = Schema.Struct({
  /** `behind`: outcomes wait to be learnt; `read_only`: it can't be written here. */
  health: Schema.Literal("ok", "behind", "read_only"),
  path: Schema.String,
  /** Of the whole store, in bytes. */
  sizeBytes: key(Schema.NonNegativeInt, "size_bytes"),
  /** Outcomes of the whole store that wait to be learnt. */
  waiting: Schema.NonNegativeInt,
  namespaces: Schema.NonNegativeInt,
  services: Schema.NonNegativeInt,
  lessons: Schema.NonNegativeInt,
  failed: Schema.NonNegativeInt,
  edges: Schema.Struct({
    deployedTo: key(Schema.NonNegativeInt, "deployed_to"),
    breaks: Schema.NonNegativeInt,
    deployedTogether: key(Schema.NonNegativeInt, "deployed_together"),
    breaksAfter: key(Schema.NonNegativeInt, "breaks_after"),
  }),
  patterns: Schema.Struct({
    /** Reasons that still break a service. */
    failure: Schema.NonNegativeInt,
    /** Pairs of services that stand. */
    conditional: Schema.NonNegativeInt,
  }),
  /** When the oldest and the newest of these deploys began. */
  oldest: optional(Timestamp),
  newest: optional(Timestamp),
}).annotations({ identifier: "MemoryStats" });
export type MemoryStats = typeof MemoryStats.Type;
