/** Whether nopea can work here. */
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { indent, oneLine, paintFor, paragraph, wrap } from "../Text.js";

/** `get pods`, `list pods` → `pods: get, list`. */
const byResource = (lacking: ReadonlyArray<string>): ReadonlyArray<string> => {
  const verbs = new Map<string, ReadonlyArray<string>>();
  for (const text of lacking) {
    const [verb = "", resource = ""] = text.split(" ");
    verbs.set(resource, [...(verbs.get(resource) ?? []), verb]);
  }
  return [...verbs].map(([resource, found]) => `${resource}: ${found.join(", ")}`);
};

export const healthLines = (
  health: Operations.Output<"health">,
  look: Look,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const yes = paint.green("✓");
  const no = paint.red("✗");
  const { cluster, store } = health;
  const version = cluster.version === undefined ? undefined : `Kubernetes ${cluster.version}`;
  const where = [cluster.context, cluster.server, version]
    .filter((part) => part !== undefined)
    .join(", ");
  const more = (text: string | undefined) =>
    text === undefined ? [] : paragraph(oneLine(text), 2, look);
  return [
    `nopea ${health.version}: ${health.status === "ok" ? paint.green("ok") : paint.yellow("degraded")}`,
    cluster.reachable
      ? `${yes} cluster ${where}`
      : `${no} cluster ${where === "" ? "not found" : `${where} can't be reached`}`,
    ...more(cluster.message),
    ...(cluster.lacking.length === 0
      ? []
      : [
          `${paint.yellow("!")} this account lacks, in ${health.namespace}:`,
          ...indent(
            byResource(cluster.lacking).flatMap((text) => wrap(text, look.width - 4)),
            4,
          ),
        ]),
    store.available ? `${yes} memory ${store.path}` : `${no} memory ${store.path}`,
    ...more(store.message),
  ];
};
