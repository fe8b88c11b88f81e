/**
 * The policy, from `nopea.yaml` where the engine runs. It is no setting: nobody who asks for a
 * deploy can say another one, and it is read anew for each.
 */
import type { FileSystem, Path } from "@effect/platform";
import { Policy } from "@nopea/deploy";
import { BadInput } from "@nopea/domain";
import { Clock, Effect } from "effect";
import * as NopeaFile from "./NopeaFile.js";

/** Empty where there is none. */
export const load: Effect.Effect<Policy.Policy, BadInput, FileSystem.FileSystem | Path.Path> =
  Effect.gen(function* () {
    const file = yield* NopeaFile.read;
    if (file === undefined) return Policy.empty;
    const { policy } = file.value as { readonly policy?: unknown };
    const now = yield* Clock.currentTimeMillis;
    return yield* Effect.mapError(
      Policy.decode(policy, now),
      ({ path, message }) =>
        new BadInput({
          message: `${file.path}: ${path}: ${message}`,
          source: file.path,
          field: path,
          advice:
            "Nothing is deployed by a policy that can't be read; docs/policy.md describes it.",
        }),
    );
  });
