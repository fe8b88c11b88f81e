/**
 * Where an answer came from, said in every result: the cluster, or the store because the cluster
 * could not be reached or was not to be asked.
 */
import { DeployResult } from "@nopea/domain";
import { Schema } from "effect";

export const Reach = Schema.Literal("reachable", "unreachable", "offline").annotations({
  identifier: "Reach",
});
export type Reach = typeof Reach.Type;

/** The fields that every result but a deploy's has. */
export const fields = {
  cluster: Reach,
  /** What works less than it should; empty where all is well. */
  degraded: Schema.Array(DeployResult.Degraded),
  /** Why, and what else the reader should know: whole sentences. */
  warnings: Schema.Array(Schema.String),
};
