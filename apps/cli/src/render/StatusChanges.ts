/** What has become different between two looks at services, a line each: for a pipe or a log. */
import type { Drift } from "@nopea/domain";
import { KubeObject } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import { oneLine } from "../Text.js";
import { readyWord, type ServiceStatus } from "./Status.js";

type Status = Operations.Output<"status">;

/** What was said before; `known` is the newest that the cluster itself answered, if it ever did. */
export interface Said {
  readonly known: Status;
  readonly last: Status;
}

const servicesOf = (status: Status): ReadonlyArray<ServiceStatus> =>
  "service" in status ? [status] : status.services;

const newestOf = ({ current, latest }: ServiceStatus) => latest ?? current;

const driftText = ({ state, fields }: Drift.Drift): string =>
  fields.length === 0 ? state : `${state}: ${fields.join(", ")}`;

const deployLines = (
  before: ServiceStatus | undefined,
  after: ServiceStatus,
): ReadonlyArray<string> => {
  const { inFlight } = after;
  const newest = newestOf(after);
  const known = before === undefined ? undefined : newestOf(before)?.deployId;
  const ended =
    newest === undefined || newest.deployId === known
      ? []
      : [
          `deploy ${newest.deployId} ${newest.status}${
            newest.reason === undefined
              ? ""
              : `: ${newest.reason}${newest.error === undefined ? "" : `: ${oneLine(newest.error.message)}`}`
          }`,
        ];
  const flying =
    inFlight === undefined ||
    (inFlight.deployId === before?.inFlight?.deployId &&
      inFlight.message === before.inFlight.message)
      ? []
      : [`deploy ${inFlight.deployId} is under way: ${oneLine(inFlight.message)}`];
  return [...ended, ...flying];
};

const objectLines = (
  before: ServiceStatus | undefined,
  after: ServiceStatus,
): ReadonlyArray<string> => {
  const was = new Map(before?.objects.map((each) => [KubeObject.refKey(each.object), each]));
  return after.objects.flatMap(({ object, ready, message }) => {
    const earlier = was.get(KubeObject.refKey(object));
    const name = KubeObject.refText(object, after.namespace);
    if (ready) return earlier?.ready === false ? [`${name} is ready: ${oneLine(message)}`] : [];
    return earlier?.ready === false && earlier.message === message
      ? []
      : [`${name}: ${oneLine(message)}`];
  });
};

const driftLines = (
  before: ServiceStatus | undefined,
  after: ServiceStatus,
): ReadonlyArray<string> => {
  const byKey = (drift: ReadonlyArray<Drift.Drift> = []) =>
    new Map(drift.map((each) => [KubeObject.refKey(each.object), each]));
  const was = byKey(before?.drift);
  const is = byKey(after.drift);
  const name = ({ object }: Drift.Drift) => KubeObject.refText(object, after.namespace);
  return [
    ...[...is].flatMap(([key, drift]) => {
      const earlier = was.get(key);
      return earlier !== undefined && driftText(earlier) === driftText(drift)
        ? []
        : [`${name(drift)}: ${driftText(drift)}`];
    }),
    ...[...was].flatMap(([key, drift]) =>
      is.has(key) ? [] : [`${name(drift)}: no drift any more`],
    ),
  ];
};

const serviceChanges = (
  before: ServiceStatus | undefined,
  after: ServiceStatus,
): ReadonlyArray<string> => {
  const word = readyWord(after);
  return [
    ...[
      ...deployLines(before, after),
      ...objectLines(before, after),
      ...driftLines(before, after),
    ].map((line) => `${after.service}: ${line}`),
    ...(before !== undefined && readyWord(before) === word ? [] : [`${after.service} is ${word}`]),
  ];
};

/** The lines for `after`, and what is to be compared with next. */
export const changeLines = (
  { known, last }: Said,
  after: Status,
): { readonly lines: ReadonlyArray<string>; readonly said: Said } => {
  const warnings = after.warnings
    .filter((warning) => !last.warnings.includes(warning))
    .map((warning) => `warning: ${oneLine(warning)}`);
  // Of what can't be seen there is nothing new.
  if (after.cluster !== "reachable") return { lines: warnings, said: { known, last: after } };
  const was = new Map(servicesOf(known).map((each) => [each.service, each]));
  const is = servicesOf(after);
  const named = new Set(is.map(({ service }) => service));
  return {
    lines: [
      ...warnings,
      ...(last.cluster === "reachable" ? [] : ["the cluster answers"]),
      ...is.flatMap((each) => serviceChanges(was.get(each.service), each)),
      ...[...was.keys()].flatMap((service) =>
        named.has(service) ? [] : [`${service} is not known any more`],
      ),
    ],
    said: { known: after, last: after },
  };
};
