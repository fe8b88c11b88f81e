/** The words of a Lease: who may hold it, how it is asked for, what holding it means, how it is lost. */
import { type Effect, Schema } from "effect";

/** Who holds a Lease; two equal `host`, `boot` and `pidNamespace` mean that `pid` can be looked up. */
export interface LeaseHolder {
  readonly host: string;
  readonly boot: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** The process's start, so that a reused pid is another holder. */
  readonly start: string;
}

/** Another holder kept it for longer than was to be waited. */
export class LeaseTaken extends Schema.TaggedError<LeaseTaken>()("LeaseTaken", {
  message: Schema.String,
  holder: Schema.String,
}) {}

/** Not renewed for 10 s, by the monotonic or the wall clock, or taken over by another. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  message: Schema.String,
}) {}

export interface LeaseRequest {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fieldManager: string;
  readonly waitMs: number;
  /** Called each time the holder that is waited for changes. */
  readonly onWait: (holder: string) => Effect.Effect<void>;
}

export interface HeldLease {
  /** Fails once the Lease may be another's; cheap, to be asked before each request. */
  readonly ensureHeld: Effect.Effect<void, LeaseLost>;
  /** Completes (never successfully) when the Lease is lost: to be raced with the work. */
  readonly lost: Effect.Effect<never, LeaseLost>;
}
