/** Where services stand. */
import { KubeObject, Timestamp } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { age, fit, indent, oneLine, paintFor, paragraph, table } from "../Text.js";
import { statusText } from "./History.js";
import { noteLines } from "./Result.js";

type Status = Operations.Output<"status">;
export type ServiceStatus = Extract<Status, { readonly service: string }>;
type NamespaceStatus = Exclude<Status, ServiceStatus>;

const SHOWN = 25;

const driftWord = (status: ServiceStatus): string => {
  const drifted = status.drift.filter(({ state }) => state !== "no_drift");
  return drifted.length === 0 ? "none" : [...new Set(drifted.map(({ state }) => state))].join(", ");
};

/** What a person would answer when asked "is it up?". */
export const readyWord = (status: ServiceStatus): string =>
  status.cluster !== "reachable"
    ? "unknown"
    : status.inFlight?.status === "progressing" && status.inFlight.wouldSettleAs === undefined
      ? "deploying"
      : status.ready
        ? "ready"
        : "not ready";

const sinceText = (timestamp: Timestamp.Timestamp, now: number) =>
  `${age(now - Timestamp.toMillis(timestamp))} ago`;

const serviceLines = (status: ServiceStatus, look: Look, now: number): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const { current, latest, inFlight } = status;
  const word = readyWord(status);
  const mark =
    {
      ready: paint.green("✓"),
      "not ready": paint.red("✗"),
      deploying: paint.cyan("…"),
      unknown: paint.yellow("?"),
    }[word] ?? "?";
  const asked =
    status.cluster === "offline" ? "from memory" : "the cluster is unreachable: from memory";
  const title = `${mark} ${paint.bold(status.service)} in ${status.namespace}: ${word}${status.cluster === "reachable" ? "" : ` (${asked})`}`;
  const fact = (name: string, text: string) =>
    paragraph(`${text}`, 12, look).map((line, index) =>
      index === 0 ? `  ${paint.dim(name.padEnd(9))} ${line.trimStart()}` : line,
    );
  const deployText = (deploy: NonNullable<ServiceStatus["current"]>) =>
    `${deploy.deployId}, ${deploy.status}${deploy.reason === undefined ? "" : ` (${deploy.reason})`} ${sinceText(deploy.timestamp, now)}`;
  const unready = status.objects.filter(({ ready }) => !ready);
  const drifted = status.drift.filter(({ state }) => state !== "no_drift");
  return [
    title,
    ...(current === undefined
      ? fact("current", "nothing has completed yet")
      : fact("current", deployText(current))),
    ...(latest === undefined ? [] : fact("latest", deployText(latest))),
    ...(latest?.error === undefined ? [] : fact("", oneLine(latest.error.message))),
    ...(inFlight === undefined
      ? []
      : fact(
          "in flight",
          `${inFlight.deployId}, begun ${sinceText(inFlight.since, now)}: ${oneLine(inFlight.message)}`,
        )),
    ...(unready.length === 0
      ? []
      : [
          "  not ready:",
          ...unready
            .slice(0, SHOWN)
            .map(
              ({ object, message }) =>
                `    ${fit(`${KubeObject.refText(object, status.namespace)}: ${oneLine(message)}`, look.width - 4)}`,
            ),
          ...(unready.length > SHOWN ? [`    and ${unready.length - SHOWN} more`] : []),
        ]),
    ...(drifted.length === 0
      ? status.cluster === "reachable" && current !== undefined && inFlight === undefined
        ? fact("drift", "none: nothing was changed since it was applied")
        : []
      : [
          "  drift:",
          ...drifted.slice(0, SHOWN).flatMap(({ object, state, fields }) => [
            `    ${paint.yellow(state)} ${KubeObject.refText(object, status.namespace)}`,
            ...indent(
              fields.slice(0, 10).map((field) => fit(field, look.width - 6)),
              6,
            ),
          ]),
        ]),
  ];
};

const namespaceLines = (
  status: NamespaceStatus,
  look: Look,
  now: number,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  if (status.services.length === 0) return [`no service is known in ${status.namespace}`];
  return table<ServiceStatus>(
    [
      { title: "SERVICE", cell: ({ service }) => service },
      { title: "STATE", cell: readyWord },
      {
        title: "LAST DEPLOY",
        cell: ({ current, latest }) => (latest ?? current)?.status ?? "",
        paint: (text) => statusText(text, paint),
      },
      { title: "REASON", cell: ({ current, latest }) => (latest ?? current)?.reason ?? "" },
      {
        title: "AGE",
        cell: ({ current, latest }) => {
          const deploy = latest ?? current;
          return deploy === undefined ? "" : age(now - Timestamp.toMillis(deploy.timestamp));
        },
      },
      { title: "DRIFT", cell: driftWord, shrinks: true },
    ],
    status.services,
    paint,
    look.width,
  );
};

export const statusLines = (status: Status, look: Look, now: number): ReadonlyArray<string> => [
  ...("service" in status ? serviceLines(status, look, now) : namespaceLines(status, look, now)),
  ...noteLines(status.warnings, look),
];
