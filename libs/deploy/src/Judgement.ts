/**
 * What a deploy that nobody follows any more has come to, judged from what is live: pure rules
 * for a deploy that was killed, and for one that was left (`--no-wait`).
 */
import { KubeObject, Reason } from "@nopea/domain";
import type { Waiter } from "@nopea/k8s";
import type { Failed } from "./Results.js";

export interface Seen {
  /** What was sent is known: its record is there whole. */
  readonly complete: boolean;
  /** Objects of the set whose forced dry-run changes nothing, and the others. */
  readonly applied: ReadonlyArray<KubeObject.ObjectRef>;
  readonly notApplied: ReadonlyArray<KubeObject.ObjectRef>;
  /** Of the applied objects. */
  readonly snapshot: Waiter.Snapshot;
  readonly pastDeadline: boolean;
  /** Why the set could not be looked at, where `complete` is false. */
  readonly message?: string | undefined;
}

export type Judgement =
  | { readonly type: "completed" }
  | { readonly type: "failed"; readonly finding: Waiter.Finding | Failed }
  /** All is applied, and nothing says yet that it will not become ready. */
  | { readonly type: "moving"; readonly message: string };

const count = (objects: number): string => (objects === 1 ? "1 object" : `${objects} objects`);

const names = (refs: ReadonlyArray<KubeObject.ObjectRef>): string => {
  const shown = refs.slice(0, 5).map((ref) => KubeObject.refText(ref));
  return refs.length > shown.length
    ? `${shown.join(", ")} and ${refs.length - shown.length} more`
    : shown.join(", ");
};

/** What an interrupted deploy had applied and what not, in a sentence. */
export const interruptedMessage = (
  why: string,
  applied: ReadonlyArray<KubeObject.ObjectRef>,
  notApplied: ReadonlyArray<KubeObject.ObjectRef>,
): string => {
  if (applied.length === 0 && notApplied.length === 0) return `${why} before anything was applied`;
  if (notApplied.length === 0)
    return `${why}: everything was applied (${count(applied.length)}), but nothing says that it is ready`;
  return applied.length === 0
    ? `${why}: nothing was applied (${names(notApplied)})`
    : `${why}: applied ${names(applied)}; not applied ${names(notApplied)}`;
};

export const interrupted = (message: string): Failed => ({
  reason: "interrupted",
  message,
  advice: "Deploy again: what is already applied will be found unchanged.",
});

export const superseded: Failed = {
  reason: "superseded",
  message: "a newer deploy took its place before it was ready",
};

export const judge = (seen: Seen): Judgement => {
  if (!seen.complete) {
    const why = seen.message ?? "its record is not whole";
    return {
      type: "failed",
      finding: interrupted(
        `the process that deployed is gone, and what it had applied is not known: ${why}`,
      ),
    };
  }
  const allApplied = seen.notApplied.length === 0;
  if (allApplied && seen.snapshot.ready) return { type: "completed" };
  const [terminal] = seen.snapshot.terminal;
  if (terminal !== undefined) return { type: "failed", finding: terminal };
  if (!allApplied) {
    return {
      type: "failed",
      finding: interrupted(
        interruptedMessage("the process that deployed is gone", seen.applied, seen.notApplied),
      ),
    };
  }
  const unready = seen.snapshot.objects.find((object) => !object.ready);
  const message =
    unready === undefined
      ? "not all of it is ready"
      : `${KubeObject.refText(unready.object)}: ${unready.message}`;
  if (!seen.pastDeadline) return { type: "moving", message };
  const [standing] = seen.snapshot.standing;
  return {
    type: "failed",
    finding: standing ?? {
      reason: "timeout",
      message: `the deploy's time was over, and ${Reason.ruleOf("timeout").meaning}: ${message}`,
      object: unready?.object,
    },
  };
};

/** What becomes of a deploy that is still moving where nobody will wait for it. */
export const withoutWaiting = (
  judgement: Judgement,
): Exclude<Judgement, { readonly type: "moving" }> =>
  judgement.type === "moving" ? { type: "failed", finding: superseded } : judgement;
