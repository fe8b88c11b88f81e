/** A kustomize folder through the binary that is there: `kustomize`, else `kubectl`. */
import { Command, type CommandExecutor } from "@effect/platform";
import { BadInput, Evidence } from "@nopea/domain";
import { Effect, Stream } from "effect";
import { collectBytes } from "./remoteText.js";

/** Remote bases are fetched meanwhile. */
const BUILD_TIMEOUT = "5 minutes";

const builders = [
  ["kustomize", "build"],
  ["kubectl", "kustomize"],
] as const;

/** The built documents. */
export const buildKustomization = (
  folder: string,
): Effect.Effect<Uint8Array, BadInput, CommandExecutor.CommandExecutor> => {
  const refuse = (message: string, advice?: string): BadInput =>
    new BadInput({
      message: `${folder}: ${message}`,
      source: folder,
      ...(advice === undefined ? {} : { advice }),
    });
  const run = ([program, verb]: (typeof builders)[number]) =>
    Effect.gen(function* () {
      const process = yield* Command.start(Command.make(program, verb, folder));
      const [output, errors, code] = yield* Effect.all(
        [
          collectBytes(folder, process.stdout),
          process.stderr.pipe(Stream.decodeText(), Stream.mkString),
          process.exitCode,
        ],
        { concurrency: "unbounded" },
      );
      return code === 0
        ? output
        : yield* refuse(`${program} ${verb} failed: ${Evidence.clean(errors.trim(), 2_000)}`);
    }).pipe(
      Effect.scoped,
      Effect.timeoutFail({
        duration: BUILD_TIMEOUT,
        onTimeout: () => refuse(`${program} ${verb} did not end within ${BUILD_TIMEOUT}`),
      }),
    );
  const isAbsent = (error: { readonly _tag: string; readonly reason?: unknown }): boolean =>
    error._tag === "SystemError" && error.reason === "NotFound";
  return run(builders[0]).pipe(
    Effect.catchIf(isAbsent, () => run(builders[1])),
    Effect.catchTags({
      BadArgument: (error) => Effect.fail(refuse(error.message)),
      SystemError: (error) =>
        Effect.fail(
          isAbsent(error)
            ? refuse(
                "building a kustomization needs kustomize or kubectl, and neither was found",
                "Install kustomize (https://kubectl.docs.kubernetes.io/installation/kustomize) or kubectl, or deploy what it builds with -f -.",
              )
            : refuse(error.message),
        ),
    }),
  );
};
