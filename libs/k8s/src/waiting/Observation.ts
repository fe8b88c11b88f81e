/** What a wait is told, what it tells meanwhile, and how it ends. */
import type { Evidence, KubeObject, Reason } from "@nopea/domain";

export interface WaitTarget {
  /** The apply's answer (its uid and generation matter). */
  readonly object: KubeObject.KubeObject;
  /**
   * When it was applied, in milliseconds by the API server's clock: what an old pod or object
   * showed before that is no finding of this deploy. Absent: a little before the wait began.
   */
  readonly appliedAt?: number | undefined;
}

export interface WaitSettings {
  /** The longest time without progress, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest time in all, from the start of this wait, in milliseconds. */
  readonly deadlineMs: number;
  /** Windows that differ from the reasons' defaults, in milliseconds. */
  readonly windows: Readonly<Partial<Record<Reason.Reason, number>>>;
  /** restartCount at which a crash loop is terminal; 2 = the third run that failed. */
  readonly crashLoopRestarts: number;
}

/** A reason seen on one object or pod, with what it rests on. */
export interface Finding {
  readonly reason: Reason.Reason;
  /** A whole clause in Kubernetes' own words where it has some. */
  readonly message: string;
  /** The object of the set that it belongs to. */
  readonly object: KubeObject.ObjectRef;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  readonly evidence: ReadonlyArray<Evidence.Evidence>;
}

export type Observation =
  | {
      readonly type: "object";
      readonly object: KubeObject.ObjectRef;
      readonly ready: boolean;
      readonly message: string;
    }
  | { readonly type: "finding"; readonly finding: Finding }
  | {
      readonly type: "degraded";
      readonly what: "watch" | "pods" | "events" | "logs";
      readonly message: string;
    }
  | {
      readonly type: "verdict";
      readonly verdict: Verdict;
    };

export type Verdict =
  | { readonly ready: true; readonly objects: ReadonlyArray<KubeObject.KubeObject> }
  | {
      readonly ready: false;
      /** The cause that stood; `timeout` only where there is none. */
      readonly cause: Finding;
      /** True where the time was over, false where a terminal or windowed reason ended it. */
      readonly timedOut: boolean;
      readonly others: ReadonlyArray<Finding>;
      readonly objects: ReadonlyArray<KubeObject.KubeObject>;
    };

/** Where the objects stand at one moment, for `status` and for judging a deploy after a kill. */
export interface Snapshot {
  readonly objects: ReadonlyArray<{
    readonly object: KubeObject.ObjectRef;
    /** None of it is there. */
    readonly missing: boolean;
    readonly ready: boolean;
    readonly message: string;
  }>;
  /** Findings whose class is terminal (or whose window is over) now. */
  readonly terminal: ReadonlyArray<Finding>;
  /** All the others. */
  readonly standing: ReadonlyArray<Finding>;
  readonly ready: boolean;
}
