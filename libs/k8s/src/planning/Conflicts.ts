/**
 * Fields that another manager owns: who owns which, and when one may be taken back without
 * being asked. Only where all of it lies in what nopea last applied, and a person's tool moved
 * it; never a count that somebody scaled.
 */
import { KubeObject } from "@nopea/domain";
import type { ApiFailure } from "../connection/ClusterError.js";
import { hasPath } from "../fields/fieldPath.js";
import { at } from "../fields/jsonPath.js";
import { retold } from "./retold.js";
import { isPersonsTool } from "../fields/Replicas.js";

export interface Conflict {
  readonly manager: string;
  readonly subresource: string | undefined;
  /** `.spec.template.spec.containers[name="web"].image` */
  readonly field: string;
}

const OWNER = /conflict with "([^"]*)"(?: with subresource "([^"]*)")?/;

/** The conflicts of a refused apply; none where it was refused for another reason. */
export const of = (failure: { readonly causes: ApiFailure["causes"] }): ReadonlyArray<Conflict> =>
  failure.causes
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ message = "", field = "" }) => {
      const [, manager = "", subresource] = OWNER.exec(message) ?? [];
      return { manager, subresource, field };
    });

/** Whether all of them may be taken back unasked. */
export const mayTakeBack = (
  conflicts: ReadonlyArray<Conflict>,
  lastApplied: KubeObject.KubeObject | undefined,
): boolean =>
  lastApplied !== undefined &&
  conflicts.length > 0 &&
  conflicts.every(
    ({ manager, subresource, field }) =>
      subresource === undefined && isPersonsTool(manager) && hasPath(lastApplied, field),
  );

const shown = (field: string): string => field.replace(/^\./, "");

const ownerOf = ({ manager, subresource }: Conflict): string =>
  subresource === undefined ? `"${manager}"` : `"${manager}" (${subresource})`;

const isScaled = ({ manager, subresource, field }: Conflict): boolean =>
  subresource === "scale" && field === ".spec.replicas" && isPersonsTool(manager);

const adviceFor = (
  conflicts: ReadonlyArray<Conflict>,
  live: KubeObject.KubeObject | undefined,
): string => {
  const count = at(live, "spec", "replicas");
  return conflicts.every(isScaled) && typeof count === "number"
    ? `It was scaled by hand: write replicas: ${count} into the manifest to keep that, or set it back with --force-conflicts.`
    : "Leave the field to its owner by removing it from the manifest, or take it with --force-conflicts.";
};

/** The refusal in words that name every manager and every field. */
export const refusal = (
  failure: ApiFailure,
  object: KubeObject.ObjectRef,
  live: KubeObject.KubeObject | undefined,
): ApiFailure => {
  const conflicts = of(failure);
  const named = conflicts.map((conflict) => `${shown(conflict.field)} by ${ownerOf(conflict)}`);
  return retold(failure, {
    object,
    reason: "field_conflict",
    message: `${KubeObject.refText(object)} has fields that other managers own: ${named.join(", ")}.`,
    evidence: conflicts.map((conflict) => ({
      kind: "field",
      text: `${shown(conflict.field)} is owned by ${ownerOf(conflict)}`,
      object,
    })),
    advice: adviceFor(conflicts, live),
  });
};
