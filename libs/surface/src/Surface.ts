/**
 * nopea for programs: one method per operation, derived from the table, so that it can't lag
 * behind. `surface.history({ service: "web" })` answers once; `surface.deploy({ … })` is a stream
 * of events of which the last holds the result (`result` keeps only that one).
 */
import type { DeployResult, Progress } from "@nopea/domain";
import { Context, type Effect, Option, Stream } from "effect";
import type * as Operation from "./Operation.js";
import type { All } from "./Operations.js";

export type Methods = { readonly [Name in keyof All]: Operation.Method<All[Name]> };

export class Surface extends Context.Tag("@nopea/surface/Surface")<Surface, Methods>() {}

/** Runs a deploy to its end and answers its result; none where the wait ended before an outcome. */
export const outcome = <E, R>(
  events: Stream.Stream<Progress.Progress, E, R>,
): Effect.Effect<Option.Option<DeployResult.DeployResult>, E, R> =>
  Stream.runFold(events, Option.none<DeployResult.DeployResult>(), (last, event) =>
    event.type === "outcome" ? Option.some(event.result) : last,
  );
import { Effect as E, Layer } from "effect";
import { Clusters, Manifests } from "@nopea/k8s";
import { Deploys, SecretDigest, Spool, Store } from "@nopea/store";
import * as Settings from "./Settings.js";
import * as Session from "./Session.js";
import * as Operations from "./Operations.js";
import * as Status from "./operations/Status.js";
export const layer = (options: Settings.Options & { readonly version?: string }) =>
  Layer.unwrapEffect(
    E.map(Settings.load((({ version: _v, ...o }) => o)(options)), (settings) => {
      const config = { folder: settings.state };
      const store = Store.layer(config);
      const memory = Layer.mergeAll(Spool.layer(config), SecretDigest.layer(config)).pipe(
        Layer.provideMerge(Deploys.layer),
        Layer.provideMerge(store),
      );
      const session = Layer.scoped(Session.Session, Session.make(settings, "0")).pipe(
        Layer.provide(memory),
        Layer.provide(Clusters.layer),
      );
      const surface = Layer.effect(
        Surface,
        E.map(
          E.context<Session.Session>(),
          (context) =>
            ({
              status: (ask) =>
                E.flatMap(Operations.validate("status", ask), (input) =>
                  E.provide(Status.handler(input), context),
                ),
            }) as Methods,
        ),
      );
      return Layer.merge(surface.pipe(Layer.provide(session)), Manifests.layer);
    }),
  );
