/**
 * Loading documents: files, folders (recursively), `-` for standard input, URLs, kustomize
 * folders; several documents a file, `List` kinds. Each document keeps its source. Nothing is
 * sent anywhere.
 */
import type { BadInput, KubeObject } from "@nopea/domain";
import { Context, type Effect } from "effect";

export interface ManifestSource {
  /** Files, folders, `-`, http(s) URLs; in the order given. */
  readonly paths: ReadonlyArray<string>;
  /** A kustomize folder, built by `kustomize` or `kubectl kustomize`, whichever is there. */
  readonly kustomize?: string | undefined;
}

export class Manifests extends Context.Tag("@nopea/k8s/Manifests")<
  Manifests,
  {
    readonly load: (
      source: ManifestSource,
    ) => Effect.Effect<ReadonlyArray<KubeObject.Manifest>, BadInput>;
  }
>() {}
