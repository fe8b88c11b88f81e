/**
 * A running deploy as plain lines, for a pipe or a log: one for each step, one for each reason a
 * pod shows, and now and then one for an object that still is not ready.
 */
import { Duration, KubeObject, type Progress, Timestamp } from "@nopea/domain";
import { oneLine, plural } from "../Text.js";
import { countsText } from "../render/Plan.js";
import { riskLine } from "../render/Risk.js";
import type { Picture } from "./Picture.js";

/** No object says why it is not ready more often than this. */
const QUIET_MS = 5_000;

/** When each object last said something, in milliseconds since the epoch; changed by `lines`. */
export type Said = Map<string, number>;

const textOf = (event: Progress.Progress, picture: Picture, said: Said): string | undefined => {
  const name = (ref: KubeObject.ObjectRef) => KubeObject.refText(ref, picture.namespace);
  switch (event.type) {
    case "accepted":
      return `deploying ${event.service} to ${event.namespace}: ${plural(event.manifestCount, "object")} (${event.deployId})`;
    case "queued":
      return `waiting for ${oneLine(event.holder)} to finish with this service`;
    case "planned": {
      const counts = countsText(event.plan.objects.map(({ action }) => action));
      const how = event.strategy === "direct" ? "" : `, ${event.strategy}`;
      const risk = event.risk === undefined ? "" : `; ${riskLine(event.risk)}`;
      return `planned: ${counts}${how}${risk}`;
    }
    case "applied":
      return `applied ${plural(event.objects, "object")}, waiting until all is ready`;
    case "waiting": {
      const key = KubeObject.refKey(event.object);
      const at = Timestamp.toMillis(event.at);
      if (event.ready) {
        // What was ready at once is not worth a line.
        return said.delete(key) ? `${name(event.object)} is ready` : undefined;
      }
      if (at - (said.get(key) ?? -QUIET_MS) < QUIET_MS) return undefined;
      said.set(key, at);
      return `${name(event.object)}: ${oneLine(event.message)}`;
    }
    case "pod_reason": {
      const where = event.container === undefined ? event.pod : `${event.pod}/${event.container}`;
      return `${name(event.object)}: ${event.reason} in ${where}: ${oneLine(event.message)}`;
    }
    case "warning":
      return `warning: ${oneLine(event.message)}`;
    case "locked":
    case "applying":
    case "verified":
    case "outcome":
      return undefined;
  }
};

/** The line that an event is worth, if any; `picture` is from before it. */
export const line = (
  event: Progress.Progress,
  picture: Picture,
  said: Said,
): string | undefined => {
  const text = textOf(event, picture, said);
  if (text === undefined) return undefined;
  const elapsed =
    Timestamp.toMillis(event.at) - (picture.startedAt ?? Timestamp.toMillis(event.at));
  return `${Duration.format(Math.max(0, elapsed)).padStart(6)}  ${text}`;
};
