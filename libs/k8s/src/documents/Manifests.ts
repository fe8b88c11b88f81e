/**
 * Loading documents: files, folders (recursively), `-` for standard input, URLs, kustomize
 * folders; several documents a file, `List` kinds. Each document keeps its source. Nothing is
 * sent anywhere.
 */
import { type CommandExecutor, FileSystem, type HttpClient, Path } from "@effect/platform";
import type { PlatformError } from "@effect/platform/Error";
import { BadInput, type KubeObject } from "@nopea/domain";
import { Context, Effect, Either, Layer, type Stream } from "effect";
import { MAX_BYTES, readDocuments, tooLarge, unreadable } from "./documentText.js";
import { buildKustomization } from "./kustomize.js";
import { collectBytes, fetchDocuments } from "./remoteText.js";

export interface ManifestSource {
  /** Files, folders, `-`, http(s) URLs; in the order given. */
  readonly paths: ReadonlyArray<string>;
  /** A kustomize folder, built by `kustomize` or `kubectl kustomize`, whichever is there. */
  readonly kustomize?: string | undefined;
  /** What `-` reads. */
  readonly stdin?: Stream.Stream<Uint8Array, PlatformError> | undefined;
}

export class Manifests extends Context.Tag("@nopea/k8s/Manifests")<
  Manifests,
  {
    readonly load: (
      source: ManifestSource,
    ) => Effect.Effect<ReadonlyArray<KubeObject.Manifest>, BadInput>;
  }
>() {}

type Loaded = Effect.Effect<ReadonlyArray<KubeObject.Manifest>, BadInput>;

const READ_AT_ONCE = 8;
const EXTENSION = /\.(?:ya?ml|json)$/i;
const isUrl = (path: string): boolean => /^https?:\/\//i.test(path);

const someOf = (path: string, manifests: ReadonlyArray<KubeObject.Manifest>): Loaded =>
  manifests.length === 0
    ? Effect.fail(
        new BadInput({
          message: `${path}: there is no document in it`,
          source: path,
          advice: "Name a file that holds at least one Kubernetes object.",
        }),
      )
    : Effect.succeed(manifests);

export const make: Effect.Effect<
  typeof Manifests.Service,
  never,
  FileSystem.FileSystem | Path.Path | CommandExecutor.CommandExecutor | HttpClient.HttpClient
> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem;
  const paths = yield* Path.Path;
  const context = yield* Effect.context<CommandExecutor.CommandExecutor | HttpClient.HttpClient>();

  const readFile = (path: string): Loaded =>
    fs.stat(path).pipe(
      Effect.filterOrFail(
        ({ size }) => size <= MAX_BYTES,
        ({ size }) => tooLarge(path, Number(size)),
      ),
      Effect.andThen(fs.readFile(path)),
      Effect.catchTags({
        BadArgument: (error) => Effect.fail(unreadable(path, error)),
        SystemError: (error) => Effect.fail(unreadable(path, error)),
      }),
      Effect.flatMap((bytes) => readDocuments(path, bytes)),
    );

  /**
   * The files beneath a folder, by name. `above`: the real paths of the folders that lead here,
   * so that a symbolic link back to one of them ends instead of going round.
   */
  const filesBeneath = (
    folder: string,
    above: ReadonlyArray<string>,
  ): Effect.Effect<ReadonlyArray<string>, BadInput> =>
    Effect.gen(function* () {
      const real = yield* fs.realPath(folder);
      if (above.includes(real)) {
        return yield* new BadInput({
          message: `${folder}: a symbolic link leads back to ${real}, a folder that it is in`,
          source: folder,
          advice: "Remove the link, or name the files themselves.",
        });
      }
      const found: Array<string> = [];
      for (const name of [...(yield* fs.readDirectory(folder))].sort()) {
        // `..data` and the like are how a mounted ConfigMap is swapped: the same files again.
        if (name.startsWith("..")) continue;
        const path = paths.join(folder, name);
        const info = yield* fs.stat(path).pipe(
          Effect.catchIf(
            // A link to nothing that would not have been read either.
            (error) =>
              error._tag === "SystemError" && error.reason === "NotFound" && !EXTENSION.test(name),
            () => Effect.succeed(undefined),
          ),
          Effect.mapError((error) => unreadable(path, error)),
        );
        if (info?.type === "Directory") {
          found.push(...(yield* filesBeneath(path, [...above, real])));
        } else if (info?.type === "File" && EXTENSION.test(name)) {
          found.push(path);
        }
      }
      return found;
    }).pipe(
      Effect.catchTags({
        BadArgument: (error) => Effect.fail(unreadable(folder, error)),
        SystemError: (error) => Effect.fail(unreadable(folder, error)),
      }),
    );

  const readFolder = (folder: string): Loaded =>
    Effect.gen(function* () {
      const files = yield* filesBeneath(folder, []);
      // All are read before the first failure is told, so that it is always the same one.
      const answers = yield* Effect.forEach(files, (file) => Effect.either(readFile(file)), {
        concurrency: READ_AT_ONCE,
      });
      const manifests = (yield* Either.all(answers)).flat();
      if (manifests.length > 0) return manifests;
      return yield* new BadInput({
        message: `${folder}: there is no document in this folder`,
        source: folder,
        advice: "Files that end with .yaml, .yml or .json are read, in subfolders too.",
      });
    });

  const readPath = (path: string): Loaded =>
    fs.stat(path).pipe(
      Effect.mapError((error) => unreadable(path, error)),
      Effect.flatMap(({ type }) =>
        type === "Directory"
          ? readFolder(path)
          : readFile(path).pipe(Effect.flatMap((manifests) => someOf(path, manifests))),
      ),
    );

  const readStdin = (stdin: ManifestSource["stdin"]): Loaded =>
    stdin === undefined
      ? Effect.fail(new BadInput({ message: "-: there is no standard input here", source: "-" }))
      : collectBytes("-", stdin).pipe(
          Effect.catchTags({
            BadArgument: (error) => Effect.fail(unreadable("-", error)),
            SystemError: (error) => Effect.fail(unreadable("-", error)),
          }),
          Effect.flatMap((bytes) => readDocuments("-", bytes)),
          Effect.flatMap((manifests) => someOf("-", manifests)),
        );

  const load = Effect.fn("Manifests.load")(function* (source: ManifestSource) {
    const loaded: Array<ReadonlyArray<KubeObject.Manifest>> = [];
    for (const path of source.paths) {
      loaded.push(
        yield* path === "-"
          ? readStdin(source.stdin)
          : isUrl(path)
            ? fetchDocuments(path).pipe(
                Effect.flatMap((manifests) => someOf(path, manifests)),
                Effect.provide(context),
              )
            : readPath(path),
      );
    }
    const folder = source.kustomize;
    if (folder !== undefined) {
      loaded.push(
        yield* buildKustomization(folder).pipe(
          Effect.flatMap((bytes) => readDocuments(folder, bytes)),
          Effect.flatMap((manifests) => someOf(folder, manifests)),
          Effect.provide(context),
        ),
      );
    }
    return loaded.flat();
  });

  return { load };
});

export const layer: Layer.Layer<
  Manifests,
  never,
  FileSystem.FileSystem | Path.Path | CommandExecutor.CommandExecutor | HttpClient.HttpClient
> = Layer.effect(Manifests, make);
