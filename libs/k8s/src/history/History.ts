/**
 * Everything that a cluster's objects still show of past deploys, source by source. A source that
 * this account may not read is named and done without. Several sources tell of the same deploy (a
 * Helm release makes revisions of several Deployments): it comes out once.
 */
import type { Plan, Reason } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure, ClusterUnreachable } from "../connection/ClusterError.js";
import { furthest } from "../planning/Change.js";
import * as ControllerRevisions from "./ControllerRevisions.js";
import * as HelmReleases from "./HelmReleases.js";
import type { Found, PastDeploy, ReadOptions, Skipped } from "./PastDeploy.js";
import * as ReplicaSets from "./ReplicaSets.js";
import * as RolloutRevisions from "./RolloutRevisions.js";

export type { Found, PastDeploy, ReadOptions, Skipped } from "./PastDeploy.js";

const sources: ReadonlyArray<{
  readonly name: string;
  readonly read: (
    cluster: typeof Cluster.Service,
    namespace: string | undefined,
    options: ReadOptions,
  ) => Effect.Effect<Found, ClusterFailure>;
}> = [
  { name: "releases of Helm", read: HelmReleases.read },
  { name: "ReplicaSets of Deployments", read: ReplicaSets.read },
  { name: "revisions of StatefulSets and DaemonSets", read: ControllerRevisions.read },
  { name: "ReplicaSets of Argo Rollouts", read: RolloutRevisions.read },
];

/** Objects that were rolled out within so long of each other were rolled out by one deploy. */
const TOGETHER_MS = 60_000;

const kinds: ReadonlyArray<Plan.Change["kind"]> = ["config", "manifests", "image"];

const changeOf = (changes: ReadonlyArray<Plan.Change>): Plan.Change => ({
  kind: kinds[Math.max(...changes.map(({ kind }) => kinds.indexOf(kind)))] ?? "manifests",
  semver: furthest(changes.map(({ semver }) => semver)),
  objects: changes.reduce((sum, { objects }) => sum + objects, 0),
  lines: changes.reduce((sum, { lines }) => sum + lines, 0),
});

const isHelm = ({ subject }: PastDeploy): boolean => subject.startsWith("helm/");

/** That it took too long, or was given up: another part, or an earlier look, may know why. */
const VAGUE = new Set<Reason.Reason>(["timeout", "progress_deadline_exceeded", "rollout_aborted"]);

export const isVague = (reason: Reason.Reason): boolean => VAGUE.has(reason);

/** Helm's own record tells the change best; a failure of any part is one of the whole. */
const asOne = (parts: ReadonlyArray<PastDeploy>): PastDeploy => {
  const lead = parts.find(isHelm) ?? (parts[0] as PastDeploy);
  if (parts.length === 1) return lead;
  const failures = parts.filter(({ failed }) => failed);
  const reasons = failures.flatMap((part) => (part.reason === undefined ? [] : [part.reason]));
  const reason = reasons.find((each) => !isVague(each)) ?? reasons[0];
  const changes = (isHelm(lead) ? [lead] : parts).flatMap(({ change }) =>
    change === undefined ? [] : [change],
  );
  const { change: _, reason: __, isInferred: ___, ...rest } = lead;
  return {
    ...rest,
    parts: parts.flatMap((part) => part.parts),
    startedAt: Math.min(...parts.map(({ startedAt }) => startedAt)),
    revealedAt: Math.max(
      ...(failures.length > 0 ? failures : parts).map(({ revealedAt }) => revealedAt),
    ),
    strategy: parts.find(({ strategy }) => strategy !== "direct")?.strategy ?? "direct",
    isRevert: parts.some(({ isRevert }) => isRevert),
    failed: failures.length > 0,
    ...(failures.length === 0 && parts.some(({ isInferred }) => isInferred === true)
      ? { isInferred: true as const }
      : {}),
    ...(changes.length === 0 ? {} : { change: changeOf(changes) }),
    ...(reason === undefined ? {} : { reason }),
  };
};

/** Kubernetes keeps whole seconds, Helm does not; within one, Helm came first. */
const inOrder = (a: PastDeploy, b: PastDeploy): number =>
  Math.floor(a.startedAt / 1_000) - Math.floor(b.startedAt / 1_000) ||
  Number(isHelm(b)) - Number(isHelm(a)) ||
  a.startedAt - b.startedAt;

/** One for each deploy, oldest first: parts of a service that began together, each of another object. */
export const merged = (deploys: ReadonlyArray<PastDeploy>): ReadonlyArray<PastDeploy> => {
  const groups: Array<Array<PastDeploy>> = [];
  const open = new Map<string, Array<PastDeploy>>();
  for (const deploy of [...deploys].sort(inOrder)) {
    const key = `${deploy.namespace}/${deploy.service}`;
    const group = open.get(key);
    // Hooks run before what Helm rolls out.
    const until = Math.max(
      ...(group ?? []).map(
        (part) => (isHelm(part) ? part.revealedAt : part.startedAt) + TOGETHER_MS,
      ),
    );
    if (
      group !== undefined &&
      deploy.startedAt <= until &&
      !group.some(({ subject }) => subject === deploy.subject)
    ) {
      group.push(deploy);
    } else {
      const fresh = [deploy];
      groups.push(fresh);
      open.set(key, fresh);
    }
  }
  return groups.map(asOne).sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
};

/** `namespace`: absent for all. */
export const read = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
  options: ReadOptions,
): Effect.Effect<Found, ClusterUnreachable> =>
  Effect.gen(function* () {
    const deploys: Array<PastDeploy> = [];
    const skipped: Array<Skipped> = [];
    for (const source of sources) {
      const found = yield* source.read(cluster, namespace, options).pipe(
        Effect.catchTag("ApiFailure", ({ message }) =>
          Effect.succeed<Found>({
            deploys: [],
            skipped: [{ object: source.name, why: message }],
          }),
        ),
      );
      deploys.push(...found.deploys);
      skipped.push(...found.skipped);
    }
    return { deploys: merged(deploys), skipped };
  }).pipe(Effect.withSpan("History.read"));
