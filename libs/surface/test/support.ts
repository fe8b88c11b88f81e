/** What tests of this room share. */
import { FileSystem, Path } from "@effect/platform";
import { Effect, Layer } from "effect";

/** A disk of a few files, and the working folder /home/me/shop/deep on it. */
export const disk = (
  files: Readonly<Record<string, string>>,
): Layer.Layer<FileSystem.FileSystem | Path.Path> => {
  const paths = Effect.map(Path.Path, (path) => ({
    ...path,
    resolve: (...parts: ReadonlyArray<string>) => path.resolve("/home/me/shop/deep", ...parts),
  }));
  return Layer.merge(
    FileSystem.layerNoop({
      exists: (path) =>
        Effect.succeed(
          Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
        ),
      readFileString: (path) => Effect.succeed(files[path] ?? ""),
    }),
    Layer.effect(Path.Path, paths).pipe(Layer.provide(Path.layer)),
  );
};
