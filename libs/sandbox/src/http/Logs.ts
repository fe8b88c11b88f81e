/** `pods/log`: three lines of every container that runs or has run, in the test-bed's words. */
import type { Api } from "../Api.js";
import { badRequest } from "../ApiError.js";
import { at } from "../Json.js";
import { items, text } from "../kinds/fields.js";

const NOW = ["starting", "listening on :8080", "connecting to database db:5432"];
const PREVIOUS = [
  "starting",
  "connecting to database db:5432",
  "fatal: cannot connect to database db:5432: connection refused",
];

export const podLog = (
  api: Api,
  namespace: string,
  name: string,
  query: URLSearchParams,
): string => {
  const pod = api.get(api.resources.must("v1", "pods"), namespace, name);
  const names = items(pod.spec, "containers").map((c) => text(c, "name"));
  const init = items(pod.spec, "initContainers").map((c) => text(c, "name"));
  const asked = query.get("container");
  if (!asked && names.length > 1)
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${[...init, ...names].join(" ")}]`,
    );
  const container = asked || names[0] || "";
  if (![...names, ...init].includes(container))
    throw badRequest(`container ${container} is not valid for pod ${name}`);
  const status = [
    ...items(pod.status, "containerStatuses"),
    ...items(pod.status, "initContainerStatuses"),
  ].find((s) => text(s, "name") === container);
  const previous = /^(1|true)$/.test(query.get("previous") ?? "");
  if (previous && at(status, "lastState", "terminated") === undefined)
    throw badRequest(
      `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`,
    );
  const reason = at(status, "state", "waiting", "reason");
  if (!previous && status === undefined)
    throw badRequest(
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is not available`,
    );
  if (
    !previous &&
    typeof reason === "string" &&
    at(status, "lastState", "terminated") === undefined
  ) {
    const why = /Image|Name/.test(reason)
      ? "trying and failing to pull image"
      : `waiting to start: ${reason}`;
    throw badRequest(
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is ${why}`,
    );
  }
  const lines = previous ? PREVIOUS : NOW;
  const tail = query.get("tailLines");
  const stamped = /^(1|true)$/.test(query.get("timestamps") ?? "");
  const numbered = lines.map((line, i) =>
    stamped ? `2026-01-01T00:00:0${i + 1}.000000000Z ${line}\n` : `${line}\n`,
  );
  const kept =
    tail === null || tail === "" ? numbered : Number(tail) > 0 ? numbered.slice(-Number(tail)) : [];
  const body = kept.join("");
  const limit = Number(query.get("limitBytes") ?? "");
  return limit > 0 ? body.slice(0, limit) : body;
};
