/**
 * What Helm 3 and Helm 4 keep of one release's revision, out of its Secret: base64 (Kubernetes')
 * of base64 of gzip of JSON (helm.sh/helm, pkg/storage/driver/util.go and pkg/release/v1, the same
 * in both). Whoever may write a Secret may have written it: sizes are bounded, and nothing in it
 * is believed to have a shape.
 */
import type { KubeObject } from "@nopea/domain";
import { Either } from "effect";
import { gunzipSync } from "node:zlib";
import { millis } from "../diagnosis/Pod.js";
import { at, textAt } from "../fields/jsonPath.js";

export interface HelmRecord {
  readonly release: string;
  readonly version: number;
  /** `deployed`, `superseded`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  readonly description: string;
  readonly startedAt: number;
  readonly isRollback: boolean;
  readonly chartVersion: string;
  readonly manifest: string;
}

/** A Secret holds at most 1 MiB; a chart's text is packed to a tenth at best. */
const MOST_BYTES = 32 * 1024 * 1024;
const GZIP = [0x1f, 0x8b, 0x08];

const base64 = (text: string): Buffer | undefined =>
  /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) ? Buffer.from(text, "base64") : undefined;

const unpacked = (bytes: Buffer): Either.Either<unknown, string> =>
  Either.try({
    try: () => {
      // Releases from before Helm compressed them are plain JSON.
      const packed = GZIP.every((byte, index) => bytes[index] === byte);
      const text = packed ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
      return JSON.parse(text.toString("utf8")) as unknown;
    },
    catch: (cause) =>
      (cause as { readonly code?: string }).code === "ERR_BUFFER_TOO_LARGE"
        ? `it unpacks to more than ${MOST_BYTES / 1024 / 1024} MiB`
        : cause instanceof SyntaxError
          ? "it holds no JSON"
          : "it can't be unpacked",
  });

const ROLLBACK = /^Rollback (?:to \d+|")/;

/** The record, or why there is none in it. */
export const decode = (secret: KubeObject.KubeObject): Either.Either<HelmRecord, string> => {
  const outer = base64(textAt(secret, "data", "release") ?? "");
  const inner = outer === undefined ? undefined : base64(outer.toString("latin1"));
  if (inner === undefined || inner.length === 0) return Either.left("it holds no base64");
  return Either.flatMap(unpacked(inner), (value) => {
    const release = textAt(value, "name");
    const version = at(value, "version");
    const status = textAt(value, "info", "status");
    const startedAt = millis(textAt(value, "info", "last_deployed"));
    if (
      release === undefined ||
      typeof version !== "number" ||
      !Number.isSafeInteger(version) ||
      version < 1 ||
      status === undefined ||
      startedAt === undefined
    ) {
      return Either.left("it lacks a name, a version, a status or the time of the deploy");
    }
    const description = textAt(value, "info", "description") ?? "";
    const rolledBackTo = at(value, "info", "rollback_revision");
    return Either.right({
      release,
      version,
      status,
      description,
      startedAt,
      isRollback:
        ROLLBACK.test(description) ||
        status === "pending-rollback" ||
        (typeof rolledBackTo === "number" && rolledBackTo > 0),
      chartVersion: textAt(value, "chart", "metadata", "version") ?? "",
      manifest: textAt(value, "manifest") ?? "",
    });
  });
};
