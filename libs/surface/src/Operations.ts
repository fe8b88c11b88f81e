/**
 * Every use-case, by name. Whoever offers them (a command line, HTTP, agents) is a table over
 * these names, so that a new operation, or a new way to fail, does not build until it is handled
 * everywhere. Wire forms are read and written here and nowhere else.
 */
import { type BadInput, Progress, WireError } from "@nopea/domain";
import { type Effect, Schema } from "effect";
import type * as Operation from "./Operation.js";
import { operation as context } from "./operations/Context.js";
import { operation as deploy } from "./operations/Deploy.js";
import { operation as diff } from "./operations/Diff.js";
import { operation as explain } from "./operations/Explain.js";
import { operation as health } from "./operations/Health.js";
import { operation as history } from "./operations/History.js";
import { operation as memoryExport } from "./operations/MemoryExport.js";
import { operation as memoryForget } from "./operations/MemoryForget.js";
import { operation as memoryGraph } from "./operations/MemoryGraph.js";
import { operation as memoryImport } from "./operations/MemoryImport.js";
import { operation as memoryStats } from "./operations/MemoryStats.js";
import { operation as services } from "./operations/Services.js";
import { operation as status } from "./operations/Status.js";
import * as Validation from "./Validation.js";

export interface All {
  readonly deploy: typeof deploy;
  readonly diff: typeof diff;
  readonly status: typeof status;
  readonly context: typeof context;
  readonly explain: typeof explain;
  readonly history: typeof history;
  readonly health: typeof health;
  readonly services: typeof services;
  readonly memoryStats: typeof memoryStats;
  readonly memoryGraph: typeof memoryGraph;
  readonly memoryForget: typeof memoryForget;
  readonly memoryImport: typeof memoryImport;
  readonly memoryExport: typeof memoryExport;
}

export const all: All = {
  deploy,
  diff,
  status,
  context,
  explain,
  history,
  health,
  services,
  memoryStats,
  memoryGraph,
  memoryForget,
  memoryImport,
  memoryExport,
};

export type Name = keyof All;
export type Failure = Operation.Failure<All[Name]>;
export type Output<N extends Name> = Operation.Output<All[N]>;

export const names = Object.keys(all) as ReadonlyArray<Name>;

/** The table once more, so that TypeScript follows a name to its schemas. */
const schemas: {
  readonly [N in Name]: {
    readonly input: Operation.Of<Operation.Input<All[N]>>;
    readonly output: Operation.Of<Output<N>>;
  };
} = all;

/** An input from the wire; keys it does not know are refused by name. */
export const decode = <N extends Name>(
  name: N,
  wire: unknown,
): Effect.Effect<Operation.Input<All[N]>, BadInput> =>
  Validation.decode({ name, input: schemas[name].input }, wire);

/** A result as every surface sends it. */
export const encode = <N extends Name>(name: N, value: Output<N>): unknown =>
  Schema.encodeSync(schemas[name].output)(value);

export const encodeProgress = (event: Progress.Progress): unknown =>
  Schema.encodeSync(Progress.Progress)(event);

/** Any operation's failure as every surface sends it. */
export const encodeFailure = (failure: Failure): WireError.WireError => WireError.encode(failure);
