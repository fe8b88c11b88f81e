/** `nopea.yaml`: the nearest one upward from the working folder. What stands in it is for others to read. */
import { FileSystem, Path } from "@effect/platform";
import { BadInput } from "@nopea/domain";
import { Effect } from "effect";

const NAME = "nopea.yaml";

export interface NopeaFile {
  /** Absolute. */
  readonly path: string;
  /** The document; `{}` where the file is empty. */
  readonly value: unknown;
}

/** The nearest file or folder of that name, from the working folder upward. */
export const nearest = (
  name: string,
): Effect.Effect<string | undefined, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem;
    const paths = yield* Path.Path;
    for (let folder = paths.resolve("."); ; folder = paths.dirname(folder)) {
      const candidate = paths.join(folder, name);
      // A folder that can't be looked into is as good as one without it.
      if (yield* Effect.orElseSucceed(fs.exists(candidate), () => false)) return candidate;
      if (folder === paths.dirname(folder)) return undefined;
    }
  });

/** Undefined where there is none. */
export const read: Effect.Effect<
  NopeaFile | undefined,
  BadInput,
  FileSystem.FileSystem | Path.Path
> = Effect.gen(function* () {
  const path = yield* nearest(NAME);
  if (path === undefined) return undefined;
  const fs = yield* FileSystem.FileSystem;
  const content = yield* Effect.mapError(
    fs.readFileString(path),
    (error) => new BadInput({ message: `${path} can't be read: ${error.message}`, source: path }),
  );
  const yaml = yield* Effect.promise(() => import("yaml"));
  const value = yield* Effect.try({
    try: () => yaml.parse(content, { maxAliasCount: 0 }) as unknown,
    catch: (cause) =>
      new BadInput({
        message: `${path} is not YAML: ${(cause as Error).message.split("\n")[0] ?? ""}`,
        source: path,
      }),
  });
  return { path, value: value ?? {} };
});
