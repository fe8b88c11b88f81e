/** Drift: live against what was last applied and what is wanted now. */
import type { Drift, KubeObject } from "@nopea/domain";
import { treeOf } from "./fieldTree.js";
import { walk } from "./fieldWalk.js";
import * as Replicas from "./Replicas.js";

export interface ThreeStates {
  readonly object: KubeObject.ObjectRef;
  /** The record's: already cut down to our fields. */
  readonly lastApplied: KubeObject.KubeObject | undefined;
  /** A dry-run's answer cut down to our fields; absent where nothing new is wanted. */
  readonly desired: KubeObject.KubeObject | undefined;
  /** Whole, with managedFields. */
  readonly live: KubeObject.KubeObject | undefined;
}

const paths = (
  before: KubeObject.KubeObject,
  after: KubeObject.KubeObject,
  live: KubeObject.KubeObject,
  ownedOnly: boolean,
): ReadonlyArray<string> =>
  walk(
    before,
    after,
    treeOf(live, () => true),
    { ownedOnly, ignore: () => false },
  ).map(({ path }) => path);

/**
 * Paths at which live differs from what was last applied; empty = verified. What others own is
 * no difference, and neither is a count of replicas that a scaler keeps.
 */
export const differences = (
  lastApplied: KubeObject.KubeObject,
  live: KubeObject.KubeObject,
): ReadonlyArray<string> =>
  paths(lastApplied, live, live, true).filter(
    (path) => path !== Replicas.PATH_TEXT || !Replicas.hasScaler(live),
  );

/** The state of one object. Values are compared as they are: all three come from the API server. */
export const drift = (states: ThreeStates): Drift.Drift => {
  const { object, lastApplied, desired, live } = states;
  const state = (word: Drift.DriftState, fields: ReadonlyArray<string> = []): Drift.Drift => ({
    object,
    state: word,
    fields,
  });
  if (lastApplied === undefined) {
    return state(live === undefined ? "new_resource" : "needs_apply");
  }
  if (live === undefined) return state("missing");
  const manual = differences(lastApplied, live);
  if (desired === undefined) {
    return manual.length === 0 ? state("no_drift") : state("manual_drift", manual);
  }
  const git = paths(lastApplied, desired, live, false).filter(
    (path) => path !== Replicas.PATH_TEXT || !Replicas.hasScaler(live),
  );
  if (git.length === 0) {
    return manual.length === 0 ? state("no_drift") : state("manual_drift", manual);
  }
  // A hand that did what is wanted now anyway is in nobody's way.
  const unwanted = new Set(differences(desired, live));
  return manual.some((path) => unwanted.has(path))
    ? state("conflict", [...new Set([...git, ...manual])])
    : state("git_change", git);
};
