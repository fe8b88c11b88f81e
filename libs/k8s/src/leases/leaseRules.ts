/** What a Lease says and whether it may be taken: pure, with what was seen and when as arguments. */
import { Evidence, Timestamp, type KubeObject } from "@nopea/domain";
import { Either, Schema } from "effect";
import type { LeaseHolder } from "./Lease.js";

/** How long a Lease must have been seen unchanged before another may take it. */
export const LEASE_MS = 15_000;
export const RENEW_MS = 5_000;
/** Not renewed for this long: the holder stops, well before another may take over. */
export const LOST_MS = 10_000;
/** For readers, who have not watched it: this far behind the API server's clock looks expired. */
export const LOOKS_EXPIRED_MS = 30_000;

/** `holderIdentity` as we write it; `id` tells two acquisitions of one process apart. */
const Identity = Schema.parseJson(
  Schema.Struct({
    host: Schema.String,
    boot: Schema.String,
    pidns: Schema.String,
    pid: Schema.Int,
    start: Schema.String,
    id: Schema.String,
  }),
);

export const identityOf = (holder: LeaseHolder, id: string): string =>
  Schema.encodeSync(Identity)({
    host: holder.host,
    boot: holder.boot,
    pidns: holder.pidNamespace,
    pid: holder.pid,
    start: holder.start,
    id,
  });

export const holderOf = (identity: string): LeaseHolder | undefined => {
  const decoded = Schema.decodeEither(Identity)(identity);
  if (Either.isLeft(decoded)) return undefined;
  const { host, boot, pidns, pid, start } = decoded.right;
  return { host, boot, pidNamespace: pidns, pid, start };
};

/** For people: `ci-7, process 4711`. */
export const holderText = (identity: string): string => {
  const holder = holderOf(identity);
  return Evidence.clean(
    holder === undefined ? identity : `${holder.host}, process ${holder.pid}`,
    200,
  );
};

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export const specOf = (lease: KubeObject.KubeObject): LeaseSpec =>
  (lease["spec"] ?? {}) as LeaseSpec;

export const identityIn = (lease: KubeObject.KubeObject): string | undefined =>
  specOf(lease).holderIdentity || undefined;

/** Kubernetes' MicroTime demands six digits. */
export const microTime = (millis: number): string =>
  Timestamp.fromMillis(millis).replace("Z", "000Z");

export const hasLabels = (
  lease: KubeObject.KubeObject,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.entries(labels).every(([name, value]) => lease.metadata.labels?.[name] === value);

/** Whether two processes see the same pids: only then can one say that the other is gone. */
export const seesPidsOf = (self: LeaseHolder, other: LeaseHolder): boolean =>
  self.boot !== "" &&
  self.pidNamespace !== "" &&
  self.host === other.host &&
  self.boot === other.boot &&
  self.pidNamespace === other.pidNamespace;

export const looksExpired = (lease: KubeObject.KubeObject, serverNowMs: number): boolean => {
  const renewed = Timestamp.fromKubernetes(specOf(lease).renewTime);
  return renewed === undefined || serverNowMs - Timestamp.toMillis(renewed) > LOOKS_EXPIRED_MS;
};

export const taken = (before: LeaseSpec, identity: string, nowMs: number): Required<LeaseSpec> => ({
  holderIdentity: identity,
  leaseDurationSeconds: LEASE_MS / 1_000,
  acquireTime: microTime(nowMs),
  renewTime: microTime(nowMs),
  leaseTransitions: (before.leaseTransitions ?? 0) + (before.holderIdentity === undefined ? 0 : 1),
});
