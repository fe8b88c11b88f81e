/** The documents that `-f` and `-k` name; what is wrong with them is found before anything is sent. */
import { BadInput, type KubeObject } from "@nopea/domain";
import { Manifests } from "@nopea/surface";
import { Effect } from "effect";
import type { Flags } from "../Flags.js";
import { Terminal } from "../Terminal.js";

export const documents = (
  flags: Flags,
): Effect.Effect<ReadonlyArray<KubeObject.Manifest>, BadInput, Manifests.Manifests | Terminal> =>
  Effect.gen(function* () {
    const { file = [], kustomize } = flags;
    if (file.length === 0 && kustomize === undefined) {
      return yield* new BadInput({
        message: "nothing to deploy was named",
        advice:
          "Name documents with -f (a file, a folder, a URL or -) or a kustomize folder with -k.",
      });
    }
    const manifests = yield* Manifests.Manifests;
    const { stdin } = yield* Terminal;
    return yield* manifests.load({ paths: file, kustomize, stdin });
  });

/** What a deploy and its diff are asked alike. */
export const planFlags = (flags: Flags) => ({
  service: flags.service ?? "",
  ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
  ...(flags.strategy === undefined ? {} : { strategy: flags.strategy }),
  ...(flags.overrideFreeze === undefined ? {} : { overrideFreeze: true }),
  ...(flags.alsoNamespace === undefined ? {} : { alsoNamespaces: flags.alsoNamespace }),
  ...(flags.forceConflicts === undefined ? {} : { forceConflicts: true }),
  ...(flags.takeOver === undefined ? {} : { takeOver: true }),
  ...(flags.createNamespace === undefined ? {} : { createNamespace: true }),
  ...(flags.rollOnConfig === undefined ? {} : { rollOnConfig: true }),
});
