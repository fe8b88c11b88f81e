/** Sending one planned object: adoption first where the plan says so, then server-side apply, tried again as far as repeating is safe. */
import type { KubeObject } from "@nopea/domain";

export interface Applied {
  /** The API server's answer. */
  readonly response: KubeObject.KubeObject;
  readonly action: "created" | "configured" | "unchanged" | "recreated" | "adopted";
}
