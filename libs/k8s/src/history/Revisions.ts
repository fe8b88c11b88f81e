/**
 * The revisions that a controller keeps of one workload, read as deploys. What a revision's object
 * proves is when its template was first used, and what it was; how it ended is only said of the
 * current one, by its controller. Of the others:
 *
 * - soon left by a step back to an older template: it failed, when the step back began;
 * - in force for an hour or more, then followed by something newer: it worked. That is inferred,
 *   for no object keeps the outcome; without it, only the failures of the past would be learnt;
 * - anything else (replaced soon by something newer, a step back after a long time): not known.
 *
 * A step back to the very same template reuses the object, whose age then says nothing: when it
 * began is known of the current one alone, from its controller's word.
 */
import type { Reason, Service, Strategy } from "@nopea/domain";
import * as PastDeploy from "./PastDeploy.js";
import * as TemplateChange from "./TemplateChange.js";

/** One template, and the numbers under which it was in force. */
export interface Kept {
  /** Ascending, at least one. */
  readonly numbers: ReadonlyArray<number>;
  readonly template: unknown;
  /** When the template was first used, milliseconds since the epoch; absent where the first of its numbers isn't known. */
  readonly createdAt?: number | undefined;
}

/** How the current revision stands, where that is decided; `at`: since when, where its controller says so. */
export type Verdict =
  | { readonly type: "ok"; readonly at: number | undefined }
  | {
      readonly type: "failed";
      readonly reason: Reason.Reason;
      readonly at: number | undefined;
    };

export interface Workload {
  readonly uid: string;
  readonly subject: string;
  readonly namespace: Service.Namespace;
  readonly service: Service.ServiceName;
  /** A first revision is always rolled out directly. */
  readonly strategy: Strategy.Strategy;
  readonly kept: ReadonlyArray<Kept>;
  readonly verdict: Verdict | undefined;
}

interface Revision {
  readonly number: number;
  readonly template: unknown;
  readonly images: string;
  readonly startedAt: number | undefined;
  /** The template had been in force before. */
  readonly again: boolean;
}

const revisionsOf = ({ kept, verdict }: Workload): ReadonlyArray<Revision> => {
  const all = kept
    .flatMap(({ numbers, template, createdAt }) =>
      numbers.map((number, index) => ({
        number,
        template,
        images: TemplateChange.imagesOf(template),
        startedAt: index === 0 ? createdAt : undefined,
        again: index > 0,
      })),
    )
    .sort((a, b) => a.number - b.number);
  return all.map((revision, index) =>
    revision.again && index === all.length - 1 ? { ...revision, startedAt: verdict?.at } : revision,
  );
};

interface Ending {
  readonly failed: boolean;
  readonly isInferred?: true;
  readonly reason?: Reason.Reason;
  readonly at: number;
}

export const deploys = (workload: Workload): ReadonlyArray<PastDeploy.PastDeploy> => {
  const revisions = revisionsOf(workload);
  /** The one right before, unless it is gone. */
  const before = (index: number): Revision | undefined => {
    const previous = revisions[index - 1];
    return previous?.number === (revisions[index]?.number ?? 0) - 1 ? previous : undefined;
  };
  const isRevert = (index: number): boolean => {
    const { again, images } = revisions[index] as Revision;
    const previous = before(index);
    if (again || previous === undefined) return again;
    return (
      previous.images !== images &&
      revisions.slice(0, index - 1).some((older) => older.images === images)
    );
  };
  const ending = (index: number, startedAt: number): Ending | undefined => {
    const { verdict } = workload;
    const next = revisions[index + 1];
    if (next === undefined) {
      if (verdict === undefined) return undefined;
      const at = Math.max(startedAt, verdict.at ?? startedAt);
      return verdict.type === "ok"
        ? { failed: false, at }
        : { failed: true, reason: verdict.reason, at };
    }
    const leftAt = next.startedAt;
    if (leftAt === undefined || leftAt < startedAt) return undefined;
    const stood = leftAt - startedAt;
    if (isRevert(index + 1)) {
      return stood <= PastDeploy.REVERTED_WITHIN_MS ? { failed: true, at: leftAt } : undefined;
    }
    return stood >= PastDeploy.STOOD_MS
      ? { failed: false, isInferred: true, at: startedAt }
      : undefined;
  };
  return revisions.flatMap((revision, index) => {
    const { number, template, startedAt } = revision;
    const ended = startedAt === undefined ? undefined : ending(index, startedAt);
    if (startedAt === undefined || ended === undefined) return [];
    const previous = before(index);
    const change =
      previous !== undefined
        ? TemplateChange.between(previous.template, template)
        : number === 1
          ? TemplateChange.created(template)
          : undefined;
    const id = `${workload.uid}.${number}`;
    return [
      {
        id,
        parts: [id],
        subject: workload.subject,
        namespace: workload.namespace,
        service: workload.service,
        startedAt,
        revealedAt: ended.at,
        ...(change === undefined ? {} : { change }),
        strategy: number === 1 ? ("direct" as const) : workload.strategy,
        isRevert: isRevert(index),
        failed: ended.failed,
        ...(ended.isInferred === true ? { isInferred: true } : {}),
        ...(ended.reason === undefined ? {} : { reason: ended.reason }),
      },
    ];
  });
};
