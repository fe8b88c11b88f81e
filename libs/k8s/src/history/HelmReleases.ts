/**
 * Past deploys in the Secrets that Helm keeps of each release's revisions. Helm's own word decides:
 * `deployed` and `superseded` worked (without `--wait` that says only that the API server took it),
 * `failed` failed, and so did one that was soon rolled back. What is `pending-…` was broken off or is
 * under way, and `uninstalled` has forgotten how it ended: neither is known.
 */
import { type KubeObject, type Reason, Service } from "@nopea/domain";
import { Effect, Either, Option, Schema } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import type { ClusterFailure } from "../connection/ClusterError.js";
import * as ApiRefusal from "../diagnosis/ApiRefusal.js";
import * as Forbidden from "../diagnosis/Forbidden.js";
import type { Found, PastDeploy, Skipped } from "./PastDeploy.js";
import { noServiceName, REVERTED_WITHIN_MS, together } from "./PastDeploy.js";
import * as HelmChange from "./helmChange.js";
import { decode, type HelmRecord } from "./helmRecord.js";

const SECRETS = {
  apiVersion: "v1",
  kind: "Secret",
  fieldSelector: "type=helm.sh/release.v1",
  labelSelector: "owner=helm",
};

/** One revision without its text. */
type Entry = Omit<HelmRecord, "manifest" | "chartVersion"> & {
  readonly id: string;
  readonly change: PastDeploy["change"];
  /** When Helm last wrote it. */
  readonly writtenAt: number | undefined;
};

/** One release, read revision by revision: only the newest one's text is kept, to compare the next with. */
interface Reading {
  readonly entries: ReadonlyArray<Entry>;
  readonly before: HelmRecord | undefined;
  readonly skipped: ReadonlyArray<Skipped>;
}

const nothing: Reading = { entries: [], before: undefined, skipped: [] };

const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : undefined;

const changeOf = (record: HelmRecord, before: HelmRecord | undefined): PastDeploy["change"] =>
  before?.version === record.version - 1
    ? HelmChange.between(before, record)
    : record.version === 1
      ? HelmChange.created(record)
      : undefined;

const nameOf = ({ metadata }: KubeObject.KubeObject): string =>
  `Secret/${metadata.name ?? ""} in ${metadata.namespace ?? ""}`;

const add = (reading: Reading, secret: KubeObject.KubeObject): Reading =>
  Either.match(decode(secret), {
    onLeft: (why) => ({
      ...reading,
      skipped: [
        ...reading.skipped,
        { object: nameOf(secret), why: `no release of Helm can be read from it: ${why}` },
      ],
    }),
    onRight: (record) => {
      const { manifest: _, chartVersion: __, ...rest } = record;
      const { uid, labels, name = "" } = secret.metadata;
      const entry: Entry = {
        ...rest,
        id: `${uid ?? name}.${record.version}`,
        change: changeOf(record, reading.before),
        writtenAt: seconds(labels?.["modifiedAt"]),
      };
      return { ...reading, entries: [...reading.entries, entry], before: record };
    },
  });

/** Helm quotes the API server, or says what it waited for. */
const reasons: ReadonlyArray<readonly [Reason.Reason, RegExp]> = [
  ["field_conflict", /conflict(?:s)? with "|Apply failed with \d+ conflict/i],
  ["immutable_field", /field is immutable|updates to statefulset spec/i],
  ["unknown_kind", /no matches for kind/i],
  ["invalid_object", /is invalid:|Invalid value|Required value/i],
  ["job_failed", /BackoffLimitExceeded|job .*failed|hooks? failed/i],
  ["interrupted", /context canceled|interrupt|has been cancelled/i],
  ["timeout", /timed out|deadline exceeded|not ready/i],
];

const reasonOf = (text: string): Reason.Reason | undefined =>
  ApiRefusal.reasonOf(text) ??
  reasons.find(([, pattern]) => pattern.test(text))?.[0] ??
  (Forbidden.says(text) ? "forbidden" : undefined);

interface Ending {
  readonly failed: boolean;
  readonly reason?: Reason.Reason | undefined;
  readonly at: number;
}

const ending = (entry: Entry, next: Entry | undefined): Ending | undefined => {
  const { status, startedAt, writtenAt = startedAt } = entry;
  if (status === "failed") {
    return { failed: true, reason: reasonOf(entry.description), at: writtenAt };
  }
  if (status !== "deployed" && status !== "superseded") return undefined;
  return next?.isRollback === true && next.startedAt - startedAt <= REVERTED_WITHIN_MS
    ? { failed: true, at: next.startedAt }
    : // A superseded one was last written when the next began.
      { failed: false, at: status === "deployed" ? writtenAt : startedAt };
};

const isServiceName = Schema.is(Service.ServiceName);

const foundOf = (
  { entries, skipped }: Reading,
  place: { readonly namespace: string; readonly release: string },
): Found => {
  const { namespace, release } = place;
  if (!isServiceName(release)) {
    return { deploys: [], skipped: [...skipped, noServiceName(`Helm release ${release}`)] };
  }
  const deploys = entries.flatMap((entry, index): ReadonlyArray<PastDeploy> => {
    const ended = ending(entry, entries[index + 1]);
    if (ended === undefined) return [];
    const { id, change, startedAt, isRollback } = entry;
    return [
      {
        id,
        parts: [id],
        subject: `helm/${namespace}/${release}`,
        namespace: namespace as Service.Namespace,
        service: release,
        startedAt,
        revealedAt: Math.max(startedAt, ended.at),
        ...(change === undefined ? {} : { change }),
        strategy: "direct",
        isRevert: isRollback,
        failed: ended.failed,
        ...(ended.reason === undefined ? {} : { reason: ended.reason }),
      },
    ];
  });
  return { deploys, skipped };
};

const NAME = /^sh\.helm\.release\.v1\.(.+)\.v([1-9]\d{0,8})$/;

interface Release {
  readonly namespace: string;
  readonly release: string;
  /** Oldest revision first. */
  readonly secrets: ReadonlyArray<KubeObject.KubeObject>;
}

/** By release, from the Secrets' names alone. */
const releasesOf = (secrets: ReadonlyArray<KubeObject.KubeObject>): ReadonlyArray<Release> => {
  const releases = new Map<string, Release & { readonly secrets: Array<KubeObject.KubeObject> }>();
  for (const secret of secrets) {
    const { namespace = "", name = "" } = secret.metadata;
    const release = NAME.exec(name)?.[1];
    if (release === undefined) continue;
    const key = `${namespace}/${release}`;
    const known = releases.get(key) ?? { namespace, release, secrets: [] };
    known.secrets.push(secret);
    releases.set(key, known);
  }
  const version = ({ metadata }: KubeObject.KubeObject) =>
    Number(NAME.exec(metadata.name ?? "")?.[2] ?? 0);
  return [...releases.values()].map(({ secrets: some, ...place }) => ({
    ...place,
    secrets: some.sort((a, b) => version(a) - version(b)),
  }));
};

export const fromObjects = (secrets: ReadonlyArray<KubeObject.KubeObject>): Found =>
  together(
    releasesOf(secrets).map((release) => foundOf(release.secrets.reduce(add, nothing), release)),
  );

/**
 * `namespace`: absent for all. The list holds names alone, and Secrets are fetched one by one, for
 * one may be a megabyte.
 */
export const read = (
  cluster: typeof Cluster.Service,
  namespace: string | undefined,
): Effect.Effect<Found, ClusterFailure> =>
  Effect.gen(function* () {
    const { items } = yield* cluster.listMetadata({ ...SECRETS, namespace });
    const found = yield* Effect.forEach(
      releasesOf(items),
      (release) =>
        Effect.reduce(release.secrets, nothing, (reading, { metadata }) =>
          Effect.map(
            cluster.get({
              apiVersion: "v1",
              kind: "Secret",
              namespace: release.namespace,
              name: metadata.name ?? "",
            }),
            // Helm drops the oldest ones when it keeps too many: gone since the list.
            Option.match({ onNone: () => reading, onSome: (secret) => add(reading, secret) }),
          ),
        ).pipe(Effect.map((reading) => foundOf(reading, release))),
      { concurrency: 4 },
    );
    return together(found);
  });
