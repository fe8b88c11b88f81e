/** The store can't be used: no native module, no folder, corrupt, read-only, of a newer version, full disk. */
import { Schema } from "effect";
import { Wire } from "@nopea/domain";

export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  /** What happened to which file, why, and what to do. */
  message: Schema.String,
  path: Schema.String,
  cause: Schema.Literal(
    "native_module_missing",
    "no_folder",
    "permission",
    "read_only",
    "corrupt",
    "newer_version",
    "disk_full",
    "busy",
    "other",
  ),
  advice: Wire.optional(Schema.String),
}) {}
