/** What a watch says. Reconcile from state: `resynced` is the whole truth, the others move it on. */
import type { KubeObject } from "@nopea/domain";

export type WatchEvent =
  | {
      readonly type: "resynced";
      readonly objects: ReadonlyArray<KubeObject.KubeObject>;
    }
  | { readonly type: "changed"; readonly object: KubeObject.KubeObject }
  | { readonly type: "deleted"; readonly object: KubeObject.KubeObject }
  /** Watching is denied: the list is read every 2 s instead. */
  | { readonly type: "degraded"; readonly message: string }
  /** The connection is lost and being made anew; said again only after a `resynced`. */
  | { readonly type: "disconnected"; readonly message: string };
