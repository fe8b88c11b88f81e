/** What memory holds, in a few lines. */
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { paintFor, plural } from "../Text.js";

type Stats = Operations.Output<"memoryStats">;

const size = (bytes: number): string =>
  bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

const healthText: Readonly<Record<Stats["health"], string>> = {
  ok: "all is learnt",
  behind: "outcomes wait to be learnt",
  read_only: "it can only be read here",
};

export const statsLines = (stats: Stats, look: Look): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const row = (name: string, text: string) => `${paint.dim(name.padEnd(10))} ${text}`;
  const { edges, patterns, oldest, newest } = stats;
  const mark = stats.health === "ok" ? paint.green("✓") : paint.yellow("!");
  return [
    row(
      "memory",
      `${mark} ${healthText[stats.health]}${stats.waiting > 0 ? ` (${stats.waiting})` : ""}`,
    ),
    row("store", `${stats.path} (${size(stats.sizeBytes)})`),
    row(
      "lessons",
      `${stats.lessons} from ${plural(stats.services, "service")} in ${plural(stats.namespaces, "namespace")}, ${stats.failed} of them failures`,
    ),
    ...(oldest === undefined || newest === undefined
      ? []
      : [row("deployed", `${oldest.slice(0, 16)}Z to ${newest.slice(0, 16)}Z`)]),
    row(
      "edges",
      `${edges.deployedTo} deployed to, ${edges.breaks} broken by, ${edges.deployedTogether} deployed with, ${edges.breaksAfter} breaks after`,
    ),
    row(
      "patterns",
      `${plural(patterns.failure, "reason")} that still ${patterns.failure === 1 ? "breaks" : "break"} a service, ${plural(patterns.conditional, "pair")} of services of which one fails after the other`,
    ),
  ];
};
