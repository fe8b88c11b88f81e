/** The plan of one object: a dry-run of its apply against what is live, and what a refusal of that means. */
import { KubeObject, type Plan } from "@nopea/domain";
import { Effect, Either, Option } from "effect";
import * as Adoption from "./Adoption.js";
import type { Admission } from "./admission.js";
import type { Cluster } from "../connection/Cluster.js";
import type { ApiFailure, ClusterUnreachable } from "../connection/ClusterError.js";
import * as Conflicts from "./Conflicts.js";
import * as ApiUnavailable from "../diagnosis/ApiUnavailable.js";
import * as FieldDiff from "../fields/FieldDiff.js";
import type { ManifestEntry } from "../documents/ManifestSet.js";
import type { PlannedEntry, PlanOptions } from "./Planner.js";
import * as Replicas from "../fields/Replicas.js";
import { appliedBy } from "../fields/fieldTree.js";
import { isFinishedJob, verdictOn } from "./immutable.js";
import { same } from "../fields/jsonPath.js";
import type { Live } from "./liveObjects.js";
import { standsSince } from "./standing.js";

/** What one entry needs to know of the others. */
export interface Surroundings {
  /** Roles are among what is new: a permission that is lacking now may be there at its turn. */
  readonly newRoles: boolean;
  /** `refKey` of workloads that an autoscaler targets. */
  readonly autoscaled: ReadonlySet<string>;
  /** Known where the set is so large that those which stand are worth telling without a dry-run each. */
  readonly admission: Admission | undefined;
  /** New, and known to be created as they are sent. */
  readonly creatable: ReadonlySet<ManifestEntry>;
}

export interface PlannedOne {
  readonly entry: PlannedEntry;
  /** Why it is `unknown`, where the API server said it. */
  readonly cause?: ApiFailure;
  readonly warnings: ReadonlyArray<string>;
}

export type Refusal = ApiFailure | Adoption.TakeOverNeeded;

const isApi = (failure: ApiFailure | ClusterUnreachable): failure is ApiFailure =>
  failure._tag === "ApiFailure";

const saysOf = (failure: ApiFailure): string =>
  [failure.message, ...(failure.evidence ?? []).map(({ text }) => text)].join("\n");

/** A webhook that the API server could not reach or that did not answer. */
export const isWebhookFailure = (failure: ApiFailure): boolean =>
  ApiUnavailable.isWebhook(saysOf(failure));

const refusesDryRun = (failure: ApiFailure): boolean =>
  failure.status === 400 &&
  /does not support dry ?run|dry ?run is not supported/i.test(saysOf(failure));

/** Why a refused dry-run says nothing about the apply; undefined where it does say something. */
const whyUnknown = (failure: ApiFailure, around: Surroundings): string | undefined => {
  const namespace = failure.object?.namespace ?? "";
  if (failure.missing === "namespace") return `the namespace ${namespace} does not exist yet`;
  if (refusesDryRun(failure)) return "a webhook that it passes does not support dry-run";
  if (isWebhookFailure(failure)) return "a webhook that it passes can't be called yet";
  if (failure.missing === "object" && around.newRoles)
    return "a role that it names does not exist yet";
  if (failure.reason === "forbidden") return failure.message.replace(/\.$/, "");
  return undefined;
};

/** As it is sent: with our mark. */
export const marked = (
  object: KubeObject.KubeObject,
  labels: Readonly<Record<string, string>>,
): KubeObject.KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } },
});

const VOLATILE = ["managedFields", "resourceVersion", "generation"] as const;

/** As far as an apply has a say in it. */
const state = (object: KubeObject.KubeObject): unknown => {
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of VOLATILE) delete metadata[field];
  return { ...object, metadata, status: undefined };
};

const noteWords = (parts: ReadonlyArray<string | undefined>): { readonly note?: string } => {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? {} : { note: said.join("; ") };
};

type Answer = Either.Either<PlannedOne, Refusal>;
type Unwarned = Either.Either<Omit<PlannedOne, "warnings">, Refusal>;

/** The plan of one entry, made against what was live when the API server answered. */
export const planEntry = (
  cluster: typeof Cluster.Service,
  entry: ManifestEntry,
  live: Live,
  options: PlanOptions,
  around: Surroundings,
): Effect.Effect<Answer, ClusterUnreachable> => {
  const ref = KubeObject.refOf(entry.object);
  const warnings = new Set<string>();
  const warn = (text: string) => void warnings.add(`${KubeObject.refText(ref)}: ${text}`);
  const attempt = (seen: Live, left: number): Effect.Effect<Answer, ClusterUnreachable> =>
    planAgainst(cluster, entry, seen, options, around, warn).pipe(
      Effect.flatMap((answer) =>
        left > 0 && Either.isRight(answer) && hasMoved(answer.right.entry)
          ? cluster.get(ref).pipe(
              Effect.map((object): Live => ({ type: "known", object })),
              Effect.catchIf(isApi, () => Effect.succeed(seen)),
              Effect.flatMap((now) => attempt(now, left - 1)),
            )
          : Effect.succeed(Either.map(answer, (one) => ({ ...one, warnings: [...warnings] }))),
      ),
    );
  return attempt(live, REREADS);
};

/** A controller that never rests must not keep a plan from ending. */
const REREADS = 2;

/** Somebody wrote between the read and the dry-run: what they changed would look like ours. */
const hasMoved = ({ live, predicted }: PlannedEntry): boolean =>
  Option.isSome(live) &&
  Option.isSome(predicted) &&
  live.value.metadata.resourceVersion !== predicted.value.metadata.resourceVersion;

const planAgainst = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  entry: ManifestEntry,
  live: Live,
  options: PlanOptions,
  around: Surroundings,
  warn: (text: string) => void,
): Effect.fn.Return<Unwarned, ClusterUnreachable> {
  const ref = KubeObject.refOf(entry.object);
  const key = KubeObject.refKey(ref);
  const before = live.type === "known" ? Option.getOrUndefined(live.object) : undefined;
  const owner = before === undefined ? undefined : Adoption.ownerOf(before, options.labels);
  if (owner !== undefined && !options.takeOver) {
    return Either.left(Adoption.takeOverNeeded(ref, entry.source, owner));
  }
  const fold = before === undefined ? undefined : Adoption.foldOf(before, options.fieldManager);
  const send = Replicas.settle(
    marked(entry.object, options.labels),
    fold?.folded ?? before,
    options.fieldManager,
    around.autoscaled.has(key),
  );

  const planned = (
    action: Plan.PlanAction,
    fields: ReadonlyArray<Plan.FieldChange>,
    more: Partial<PlannedEntry> & { readonly note?: string } = {},
  ): PlannedEntry => {
    const { note, ...rest } = more;
    return {
      entry,
      planned: {
        object: before?.metadata.uid === undefined ? ref : { ...ref, uid: before.metadata.uid },
        source: entry.source,
        action,
        ...(note === undefined ? {} : { note }),
        fields,
      },
      send,
      live: Option.fromNullable(before),
      predicted: Option.none(),
      force: options.force,
      adopt: Option.fromNullable(fold?.patch),
      recreate: false,
      late: false,
      ...rest,
    };
  };
  const unknown = (note: string, more: Partial<PlannedEntry> = {}): PlannedEntry =>
    planned("unknown", FieldDiff.diffLocal(before, send), { ...more, note });

  if (Option.isNone(entry.resource)) {
    return Either.right({ entry: unknown("its CustomResourceDefinition is new in this set") });
  }

  const { admission } = around;
  if (
    admission !== undefined &&
    before !== undefined &&
    fold === undefined &&
    owner === undefined
  ) {
    const since = standsSince(before, send, options.fieldManager);
    if (since !== undefined && !admission.mayDiffer(entry.resource.value, since)) {
      return Either.right({ entry: planned("unchanged", [], { predicted: Option.some(before) }) });
    }
  }

  if (around.creatable.has(entry)) return Either.right({ entry: planned("created", []) });

  const dryRun = (force: boolean) =>
    cluster.apply(send, {
      fieldManager: options.fieldManager,
      force,
      dryRun: true,
      onWarning: warn,
    });

  /** Once more with force, where the conflicts are ours to settle. */
  const settled = (failure: ApiFailure) =>
    Effect.gen(function* () {
      const open = Conflicts.of(failure).filter(
        ({ manager, subresource }) =>
          subresource !== undefined || fold?.managers.includes(manager) !== true,
      );
      const takesBack = Conflicts.mayTakeBack(open, options.lastApplied.get(key));
      if (open.length > 0 && !takesBack) {
        return Either.left(Conflicts.refusal(failure, ref, before));
      }
      return yield* dryRun(true).pipe(
        Effect.map((predicted) => Either.right({ predicted, takenBack: open })),
        Effect.catchIf(isApi, (again) => Effect.succeed(Either.left(again))),
      );
    });

  const answer = yield* dryRun(options.force).pipe(
    Effect.map((predicted) =>
      Either.right({ predicted, takenBack: [] as ReadonlyArray<Conflicts.Conflict> }),
    ),
    Effect.catchIf(isApi, (failure) =>
      failure.reason === "field_conflict" ? settled(failure) : Effect.succeed(Either.left(failure)),
    ),
  );

  if (Either.isLeft(answer)) {
    const failure = answer.left;
    if (failure.reason === "immutable_field" && before !== undefined) {
      const verdict = verdictOn(failure, send, before);
      return verdict.type === "refuse"
        ? Either.left(verdict.failure)
        : Either.right({
            entry: planned("recreated", FieldDiff.diffLocal(before, send), {
              recreate: true,
              adopt: Option.none(),
              note: verdict.note,
            }),
          });
    }
    const why = whyUnknown(failure, around);
    return why === undefined
      ? Either.left(failure)
      : Either.right({
          entry: unknown(why, { late: isWebhookFailure(failure) }),
          cause: failure,
        });
  }

  const { takenBack } = answer.right;
  const taken = takenBack.length > 0;
  if (taken) {
    warn(
      takenBack
        .map(({ field, manager }) => `${field.replace(/^\./, "")} is taken back from "${manager}"`)
        .join(", "),
    );
  }
  const predicted =
    before === undefined || fold === undefined
      ? answer.right.predicted
      : Adoption.predictFolded(before, answer.right.predicted, options.fieldManager);
  const result = { predicted: Option.some(predicted), force: options.force || taken };

  if (before === undefined) {
    // A dry-run of a new object has no resourceVersion.
    if (live.type === "hidden" && predicted.metadata.resourceVersion !== undefined) {
      const stranger = Adoption.ownerOf(predicted, options.labels);
      return stranger !== undefined && !options.takeOver
        ? Either.left(Adoption.takeOverNeeded(ref, entry.source, stranger))
        : Either.right({
            entry: unknown(`it exists, but can't be read: ${live.failure.message}`),
          });
    }
    return Either.right({ entry: planned("created", [], result) });
  }
  if (fold !== undefined || owner !== undefined) {
    const from = owner ?? fold?.managers.join(", ") ?? "";
    return Either.right({
      entry: planned("adopted", FieldDiff.diff(before, predicted), {
        ...result,
        note: `from ${from}`,
      }),
    });
  }
  const sameOwner = same(
    appliedBy(before, options.fieldManager),
    appliedBy(predicted, options.fieldManager),
  );
  if (sameOwner && same(state(before), state(predicted))) {
    return Either.right({
      entry: planned("unchanged", [], {
        ...result,
        // They say the same: one of the two is enough to keep.
        predicted: Option.some(before),
        ...noteWords([isFinishedJob(before) ? "it has finished, and is not run again" : undefined]),
      }),
    });
  }
  const fields = FieldDiff.diff(before, predicted);
  return Either.right({
    entry: planned("configured", fields, {
      ...result,
      ...noteWords([fields.length === 0 ? "its values stay, their owner changes" : undefined]),
    }),
  });
});
