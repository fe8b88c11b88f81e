/** Deploys, newest first, one a line; and why the newest failed. */
import { Duration, Timestamp } from "@nopea/domain";
import type { Deployment } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { age, type Paint, paintFor, table } from "../Text.js";

export const statusText = (status: string, paint: Paint, text = status): string => {
  switch (status) {
    case "completed":
      return paint.green(text);
    case "failed":
    case "rolledback":
      return paint.red(text);
    default:
      return paint.cyan(text);
  }
};

const changeText = ({ change, unchanged }: Deployment.Deployment): string => {
  if (unchanged) return "nothing";
  if (change === undefined) return "";
  const step = change.semver === "none" || change.semver === "other" ? "" : ` ${change.semver}`;
  return `${change.kind}${step}`;
};

export interface History {
  readonly service: string;
  readonly namespace: string;
  readonly deployments: ReadonlyArray<Deployment.Deployment>;
}

/** `now` in milliseconds since the epoch, for the ages. */
export const historyLines = (
  { service, namespace, deployments }: History,
  look: Look,
  now: number,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  if (deployments.length === 0) return [`${service} in ${namespace} has not been deployed yet`];
  return table<Deployment.Deployment>(
    [
      {
        title: "AGE",
        cell: ({ timestamp }) => age(now - Timestamp.toMillis(timestamp)),
      },
      {
        title: "STATUS",
        cell: ({ status }) => status,
        paint: (text, { status }) => statusText(status, paint, text),
      },
      { title: "REASON", cell: ({ reason }) => reason ?? "" },
      {
        title: "TOOK",
        cell: ({ durationMs }) => (durationMs === undefined ? "" : Duration.format(durationMs)),
      },
      { title: "CHANGE", cell: changeText },
      {
        title: "WHEN",
        cell: ({ timestamp }) => `${timestamp.slice(0, 10)} ${timestamp.slice(11, 16)}Z`,
      },
      { title: "DEPLOY", cell: ({ deployId }) => deployId },
      { title: "BY", cell: ({ who }) => who?.name ?? "", shrinks: true },
      {
        title: "STRATEGY",
        cell: ({ strategy }) => (strategy === "direct" ? "" : strategy),
        shrinks: true,
      },
    ],
    deployments,
    paint,
    look.width,
  );
};
