/**
 * nopea for programs: one method per operation, derived from the table, so that it can't lag
 * behind. `surface.history({ service: "web" })` answers once; `surface.deploy({ … })` is a stream
 * of events of which the last holds the result (`outcome` keeps only that one);
 * `surface.status.watch({ … })` is one of answers.
 */
import type { CommandExecutor, FileSystem, HttpClient, Path } from "@effect/platform";
import { Settings as Figures } from "@nopea/deploy";
import type { BadInput, DeployResult, Progress } from "@nopea/domain";
import { Clusters, Manifests } from "@nopea/k8s";
import { Deploys, Store } from "@nopea/store";
import { Context, Effect, Layer, Option, Stream } from "effect";
import type * as Operation from "./Operation.js";
import type * as Operations from "./Operations.js";
import * as Restorations from "./Restorations.js";
import * as Session from "./Session.js";
import * as Settings from "./Settings.js";
import * as Validation from "./Validation.js";

export type Methods = {
  readonly [Name in keyof Operations.All]: Operation.Method<Operations.All[Name]>;
};

export class Surface extends Context.Tag("@nopea/surface/Surface")<Surface, Methods>() {}

/** Runs a deploy to its end and answers its result; none where the wait ended before an outcome. */
export const outcome = <E, R>(
  events: Stream.Stream<Progress.Progress, E, R>,
): Effect.Effect<Option.Option<DeployResult.DeployResult>, E, R> =>
  Stream.runFold(events, Option.none<DeployResult.DeployResult>(), (last, event) =>
    event.type === "outcome" ? Option.some(event.result) : last,
  );

/** An operation that answers once, with what carries it out. */
interface Answering<Input, Output, Failure> {
  readonly operation: Operation.Operation<string, Input, Output, Failure, "once" | "watched">;
  readonly handler: (input: Input) => Effect.Effect<Output, Failure, Session.Session>;
}

/** A method that answers once; what carries it out is loaded when it is first asked. */
const once =
  <Input, Output extends Restorations.Marks, Failure>(
    load: () => Promise<Answering<Input, Output, Failure>>,
    context: Context.Context<Session.Session>,
  ) =>
  (ask: Operation.Asked<Input>): Effect.Effect<Output, Failure | BadInput> =>
    Effect.flatMap(Effect.promise(load), ({ operation, handler }) =>
      Validation.validate(operation, ask).pipe(
        Effect.flatMap((input) => Restorations.told(operation.impact, handler(input))),
        Effect.provide(context),
        Effect.withSpan(`Surface.${operation.name}`),
      ),
    );

/** A method that answers once, or with each change of the answer. */
const watched = <Input, Output extends Restorations.Marks, Failure>(
  load: () => Promise<Answering<Input, Output, Failure>>,
  loadWatch: () => Promise<{
    readonly watch: (
      input: Input,
      look: Effect.Effect<Output, Failure, Session.Session>,
    ) => Stream.Stream<Output, Failure, Session.Session>;
  }>,
  context: Context.Context<Session.Session>,
) =>
  Object.assign(once(load, context), {
    watch: (ask: Operation.Asked<Input>): Stream.Stream<Output, Failure | BadInput> =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { operation, handler } = yield* Effect.promise(load);
          const { watch } = yield* Effect.promise(loadWatch);
          const input = yield* Validation.validate(operation, ask);
          return watch(input, Restorations.told(operation.impact, handler(input))).pipe(
            Stream.withSpan(`Surface.${operation.name}.watch`),
          );
        }),
      ).pipe(Stream.provideContext(context)),
  });

/** A method that answers with events. */
const streaming =
  <Input, Output, Failure>(
    load: () => Promise<{
      readonly operation: Operation.Operation<string, Input, Output, Failure, "stream">;
      readonly handler: (
        input: Input,
        options: Operation.StreamOptions,
      ) => Stream.Stream<Progress.Progress, Failure, Session.Session>;
    }>,
    context: Context.Context<Session.Session>,
  ) =>
  (
    ask: Operation.Asked<Input>,
    options: Operation.StreamOptions = {},
  ): Stream.Stream<Progress.Progress, Failure | BadInput> =>
    Stream.unwrap(
      Effect.flatMap(Effect.promise(load), ({ operation, handler }) =>
        Effect.map(Validation.validate(operation, ask), (input) =>
          Restorations.toldInTheEnd(operation.impact, handler(input, options)).pipe(
            Stream.withSpan(`Surface.${operation.name}`),
          ),
        ),
      ),
    ).pipe(Stream.provideContext(context));

export const make: Effect.Effect<Methods, never, Session.Session> = Effect.map(
  Effect.context<Session.Session>(),
  (context) => ({
    deploy: streaming(() => import("./operations/Deploy.js"), context),
    diff: once(() => import("./operations/Diff.js"), context),
    status: watched(
      () => import("./operations/Status.js"),
      () => import("./operations/StatusWatch.js"),
      context,
    ),
    context: once(() => import("./operations/Context.js"), context),
    explain: once(() => import("./operations/Explain.js"), context),
    history: once(() => import("./operations/History.js"), context),
    health: once(() => import("./operations/Health.js"), context),
    services: once(() => import("./operations/Services.js"), context),
    memoryStats: once(() => import("./operations/MemoryStats.js"), context),
    memoryGraph: once(() => import("./operations/MemoryGraph.js"), context),
    memoryForget: once(() => import("./operations/MemoryForget.js"), context),
    memoryImport: once(() => import("./operations/MemoryImport.js"), context),
    memoryExport: once(() => import("./operations/MemoryExport.js"), context),
  }),
);

export interface Options extends Settings.Options {
  /** Of the program, for `health`. */
  readonly version?: string | undefined;
}

/** Everything but the surface itself, for the settings. */
const session = (settings: Settings.Settings, version: string) =>
  Layer.scoped(Session.Session, Session.make(settings, version)).pipe(
    Layer.provide(Deploys.layer.pipe(Layer.provideMerge(Store.layer({ folder: settings.state })))),
    Layer.provide(Clusters.layer),
    Layer.merge(
      Layer.succeed(Figures.Settings, { ...Figures.defaults, windows: settings.windows }),
    ),
  );

/**
 * The surface with all beneath it, and what loads documents. Nothing is opened or connected
 * before the first operation that needs it. `BadInput`: the settings can't be read.
 */
export const layer = (
  options: Options = {},
): Layer.Layer<
  Surface | Manifests.Manifests,
  BadInput,
  FileSystem.FileSystem | Path.Path | CommandExecutor.CommandExecutor | HttpClient.HttpClient
> =>
  Layer.unwrapEffect(
    Effect.map(Settings.load(options), (settings) =>
      Layer.effect(Surface, make).pipe(
        Layer.provide(session(settings, options.version ?? "unknown")),
        Layer.merge(Manifests.layer),
      ),
    ),
  );
