/**
 * A deploy that nopea had no part in, as far as the cluster still shows it, and how the readers of
 * this folder name what they find. A reader tells what the objects prove; where they don't show
 * how a deploy ended or when it began, there is no `PastDeploy` of it.
 */
import { type KubeObject, type Plan, type Reason, Service, type Strategy } from "@nopea/domain";
import { Schema } from "effect";
import { MEMBER_LABEL } from "../documents/Marks.js";

export interface PastDeploy {
  /** The same whenever the same cluster is read: the uid of what was deployed, and its revision. */
  readonly id: string;
  /** The ids of all that it was put together from, its own among them. */
  readonly parts: ReadonlyArray<string>;
  /** What was rolled out, as refKey has it: two revisions of one object are two deploys, however close. */
  readonly subject: string;
  readonly namespace: Service.Namespace;
  readonly service: Service.ServiceName;
  /** When it began, and when its outcome was known (its beginning where no time of that is kept); milliseconds since the epoch. */
  readonly startedAt: number;
  readonly revealedAt: number;
  /** Absent where the revision before it is gone, so that nobody can compare. */
  readonly change?: Plan.Change | undefined;
  readonly strategy: Strategy.Strategy;
  /** Absent where it isn't known. */
  readonly bot?: boolean | undefined;
  /** It went back to what ran before. */
  readonly isRevert: boolean;
  readonly failed: boolean;
  /** That it worked is only inferred from what came later: it is no word against a controller's. */
  readonly isInferred?: true;
  readonly reason?: Reason.Reason | undefined;
}

/** What was looked at and not understood, named so that a person finds it. */
export interface Skipped {
  readonly object: string;
  readonly why: string;
}

export interface Found {
  readonly deploys: ReadonlyArray<PastDeploy>;
  readonly skipped: ReadonlyArray<Skipped>;
}

export const together = (found: ReadonlyArray<Found>): Found => ({
  deploys: found.flatMap(({ deploys }) => deploys),
  skipped: found.flatMap(({ skipped }) => skipped),
});

export interface ReadOptions {
  /** The cluster's clock, milliseconds since the epoch. */
  readonly now: number;
  /** The service of each ApplySet id (`Marks.applySetId` of its ledger) that the caller knows. */
  readonly marks: ReadonlyMap<string, string>;
}

/** Going back to an older template this soon says that the newer one did not work. */
export const REVERTED_WITHIN_MS = 30 * 60_000;
/** What stood for this long, and was followed by something newer, is taken to have worked. */
export const STOOD_MS = 60 * 60_000;

export const HELM_RELEASE_ANNOTATION = "meta.helm.sh/release-name";
const INSTANCE_LABEL = "app.kubernetes.io/instance";

const isServiceName = Schema.is(Service.ServiceName);

/**
 * The service that an object belongs to: by nopea's own mark, by the Helm release, by its
 * instance label, else by its own name. Undefined where none of these is a service's name
 * (an RFC 1123 label).
 */
export const serviceOf = (
  object: KubeObject.KubeObject,
  marks: ReadOptions["marks"],
): Service.ServiceName | undefined => {
  const { labels = {}, annotations = {}, name } = object.metadata;
  return [
    marks.get(labels[MEMBER_LABEL] ?? ""),
    annotations[HELM_RELEASE_ANNOTATION],
    labels[INSTANCE_LABEL],
    name,
  ].find((each): each is Service.ServiceName => isServiceName(each));
};

export const noServiceName = (object: string): Skipped => ({
  object,
  why: "its name is no DNS label (RFC 1123), so that no service can be called so",
});
