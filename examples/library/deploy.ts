/**
 * A deploy from a program of your own: `tsx examples/library/deploy.ts examples/web web`. It ends
 * with the deploy's outcome, and says why when it failed.
 */
import { FetchHttpClient } from "@effect/platform";
import { NodeContext } from "@effect/platform-node";
import { Manifests, Surface } from "@nopea/surface";
import { Effect, Layer, Option } from "effect";

export const deploy = (path: string, service: string) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const manifests = yield* (yield* Manifests.Manifests).load({ paths: [path] });
    const ended = yield* surface.deploy({ service, manifests }).pipe(Surface.outcome);
    const { deployments } = yield* surface.history({ service });
    return { status: Option.map(ended, ({ status }) => status), attempts: deployments.length };
  }).pipe(Effect.provide(Surface.layer()));

export const run = (path: string, service: string) =>
  Effect.runPromise(
    deploy(path, service).pipe(
      Effect.provide(Layer.merge(NodeContext.layer, FetchHttpClient.layer)),
    ),
  );
