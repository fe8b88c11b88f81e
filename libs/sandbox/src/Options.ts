/** What a caller may say of a write or a deletion. */
export interface WriteOptions {
  readonly manager: string;
  readonly dryRun?: boolean;
  readonly validation?: "Ignore" | "Warn" | "Strict";
  readonly subresource?: "status" | "scale";
  /** The write changes nobody's fields. */
  readonly untracked?: boolean;
  /** Warnings for the response's headers are added to it. */
  readonly warnings?: string[];
}
export interface DeleteOptions {
  readonly dryRun?: boolean;
  readonly uid?: string;
  readonly version?: string;
  readonly policy?: "Background" | "Foreground" | "Orphan";
  readonly grace?: number;
}
export type PatchType = "apply" | "merge" | "json" | "strategic";
