/**
 * What a use-case is before anyone carries it out: its name, what it takes and answers, how it can
 * fail, and what it does to the world. The command line, HTTP and agents are tables over these;
 * nothing here knows how an operation is asked for or shown.
 */
import type { Brand, Effect, Schema, Stream } from "effect";
import type { Progress } from "@nopea/domain";

/** `read` changes nothing anywhere; `write` may change the cluster; `destructive` may take away what runs. */
export type Impact = "read" | "write" | "destructive";

/** What a caller must be allowed to touch: one service, a namespace's services, or nopea itself. */
export type Scope = "service" | "namespace" | "instance";

/** A schema known by what it stands for; what it looks like on the wire is its own business. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema is invariant in its encoded side
export type Of<Value> = Schema.Schema<Value, any>;

export interface Operation<
  Name extends string,
  Input,
  Output,
  Failure,
  Answer extends "once" | "stream" | "watched",
> {
  readonly name: Name;
  /** One line, in the imperative, for help texts and tool lists. */
  readonly summary: string;
  readonly impact: Impact;
  readonly scope: Scope;
  /** Its encoded side is the wire's; unknown keys are refused by name. */
  readonly input: Of<Input>;
  readonly output: Of<Output>;
  readonly failure: Of<Failure>;
  /** `stream`: events of `Progress`, the last of which holds the result; `watched`: once, or whenever it changes. */
  readonly answer: Answer;
}

export type Input<Op> = Op extends { readonly input: Of<infer Value> } ? Value : never;
export type Output<Op> = Op extends { readonly output: Of<infer Value> } ? Value : never;
export type Failure<Op> = Op extends { readonly failure: Of<infer Value> } ? Value : never;

/** Names are plain text to whoever asks: that they are well formed is found out, not proven beforehand. */
type Plain<Value> =
  Value extends Brand.Brand<string | symbol>
    ? Brand.Brand.Unbranded<Value>
    : Value extends ReadonlyArray<infer Item>
      ? ReadonlyArray<Plain<Item>>
      : Value;

/** What a caller passes where `Value` is wanted. */
export type Asked<Value> = { readonly [Field in keyof Value]: Plain<Value[Field]> };
export type Ask<Op> = Asked<Input<Op>>;

export interface StreamOptions {
  /** Ends the work as `interrupted` when it completes, and lets the stream say so to its end. */
  readonly cancel?: Effect.Effect<void> | undefined;
}

type Once<Op> = (ask: Ask<Op>) => Effect.Effect<Output<Op>, Failure<Op>>;

/** How a program calls an operation. */
export type Method<Op> = Op extends { readonly answer: "stream" }
  ? (ask: Ask<Op>, options?: StreamOptions) => Stream.Stream<Progress.Progress, Failure<Op>>
  : Op extends { readonly answer: "watched" }
    ? Once<Op> & {
        /** What it answers now, and each answer that differs from the one before; it never ends by itself. */
        readonly watch: (ask: Ask<Op>) => Stream.Stream<Output<Op>, Failure<Op>>;
      }
    : Once<Op>;

/** What carries an operation out, once its input was found valid. `R`: what it needs. */
export type Handler<Op, R> = Op extends { readonly answer: "stream" }
  ? (input: Input<Op>, options: StreamOptions) => Stream.Stream<Progress.Progress, Failure<Op>, R>
  : (input: Input<Op>) => Effect.Effect<Output<Op>, Failure<Op>, R>;

/** What carries out watching: `look` is the operation answered once. */
export type Watcher<Op, R> = (
  input: Input<Op>,
  look: Effect.Effect<Output<Op>, Failure<Op>, R>,
) => Stream.Stream<Output<Op>, Failure<Op>, R>;
