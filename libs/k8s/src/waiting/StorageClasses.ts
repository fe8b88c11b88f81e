/** How claims' StorageClasses bind, asked once and only where there are claims; nothing where that is forbidden. */
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";

const DEFAULT = "storageclass.kubernetes.io/is-default-class";

/** `volumeBindingMode` by the class's name; `""` is the default class. */
export const bindingModesOf = (
  cluster: typeof Cluster.Service,
  refs: ReadonlyArray<KubeObject.ObjectRef>,
): Effect.Effect<ReadonlyMap<string, string>> =>
  refs.some((ref) => ref.apiVersion === "v1" && ref.kind === "PersistentVolumeClaim")
    ? cluster.list({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" }).pipe(
        Effect.map(
          ({ items }) =>
            new Map(
              items.flatMap((item) => {
                const mode = item["volumeBindingMode"];
                if (typeof mode !== "string") return [];
                const named = [[item.metadata.name ?? "", mode] as const];
                return item.metadata.annotations?.[DEFAULT] === "true"
                  ? [...named, ["", mode] as const]
                  : named;
              }),
            ),
        ),
        // A namespaced account may not read them; the claims' own events say it too, a little later.
        Effect.orElseSucceed(() => new Map<string, string>()),
      )
    : Effect.succeed(new Map<string, string>());
