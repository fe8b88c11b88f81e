/**
 * Flags, once for all commands: what each is called, takes and means. One that takes a single
 * value is refused when it is given twice, for nobody can know which was meant.
 */
import { Duration, Strategy } from "@nopea/domain";
import { Option as Maybe } from "effect";
import { InvalidArgumentError, Option } from "commander";

/** As commander names them; what was not given is absent. */
export interface Flags {
  readonly file?: ReadonlyArray<string>;
  readonly kustomize?: string;
  readonly service?: string;
  readonly dryRun?: true;
  readonly strategy?: Strategy.Strategy;
  readonly overrideFreeze?: true;
  readonly forceConflicts?: true;
  readonly takeOver?: true;
  readonly createNamespace?: true;
  readonly alsoNamespace?: ReadonlyArray<string>;
  readonly rollOnConfig?: true;
  readonly timeout?: number;
  readonly deadline?: number;
  readonly lockTimeout?: number;
  readonly wait?: boolean;
  readonly watch?: true;
  readonly offline?: true;
  readonly limit?: number;
  readonly allNamespaces?: true;
  readonly fromStdin?: true;
  readonly write?: string;
  readonly port?: number;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly state?: string;
  readonly output?: Format | DrawnFormat;
  readonly yes?: true;
  readonly json?: true;
  readonly stream?: true;
  readonly quiet?: true;
}

export const formats = ["table", "json", "yaml", "name"] as const;
/** Forms that only a graph has. */
export const drawnFormats = ["dot", "mermaid"] as const;
export type DrawnFormat = (typeof drawnFormats)[number];
export type Format = (typeof formats)[number];

const FROM = "What to read:";
const SET = "What to deploy:";
const HOW = "How to deploy it:";
const CLUSTER = "Which cluster:";
const OUTPUT = "What to print:";

const flag = (group: string, flags: string, description: string): Option =>
  new Option(flags, description).helpGroup(group);

const parsed = <A>(option: Option, parse: (text: string) => A | undefined, want: string): Option =>
  option.argParser((text: string) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`Write ${want}.`);
    return value;
  });

const duration = (option: Option): Option =>
  parsed(
    option,
    (text) => {
      const millis = Maybe.getOrUndefined(Duration.parse(text));
      return millis === undefined || millis <= 0 ? undefined : millis;
    },
    "a duration such as 90s, 5m or 1h30m",
  );

const count = (option: Option): Option =>
  parsed(
    option,
    (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
    "a whole number above 0",
  );

/** May be given several times, each time with one value. */
const repeatable = new WeakSet<Option>();
const repeated = (option: Option): Option => {
  repeatable.add(option);
  return option.argParser((text: string, before: ReadonlyArray<string> | undefined) => [
    ...(before ?? []),
    text,
  ]);
};
export const isRepeatable = (option: Option): boolean => repeatable.has(option);

/** Which documents. */
export const documents = (): ReadonlyArray<Option> => [
  repeated(
    flag(SET, "-f, --file <path>", "file, folder, URL, or - for standard input; repeatable"),
  ),
  flag(SET, "-k, --kustomize <dir>", "kustomize folder to build"),
  repeated(
    flag(SET, "--also-namespace <name>", "another namespace that documents may name; repeatable"),
  ),
];

export const set = (): ReadonlyArray<Option> => [
  ...documents(),
  flag(SET, "-s, --service <name>", "the service that the set belongs to"),
];

const strategy = (): Option =>
  parsed(
    flag(HOW, "--strategy <name>", "direct, canary or blue_green; else policy and risk choose"),
    Strategy.fromText,
    "direct, canary or blue_green",
  );

const overrideFreeze = (): Option =>
  flag(HOW, "--override-freeze", "deploy in a freeze window of the policy too; it is recorded");

/** What the choice of a strategy goes by. */
export const choosing = (): ReadonlyArray<Option> => [strategy(), overrideFreeze()];

/** What changes the plan. */
export const planning = (): ReadonlyArray<Option> => [
  strategy(),
  flag(HOW, "--force-conflicts", "take fields that another manager owns"),
  flag(HOW, "--take-over", "take objects that Helm, Argo CD, Flux or another service tracks"),
  flag(HOW, "--create-namespace", "create the service's namespace where it doesn't exist"),
  flag(HOW, "--roll-on-config", "roll workloads whose ConfigMaps or Secrets change"),
];

/** What changes how a deploy is carried out. */
export const running = (): ReadonlyArray<Option> => [
  flag(HOW, "--dry-run", "show what would change, and change nothing"),
  overrideFreeze(),
  duration(flag(HOW, "--timeout <duration>", "longest time without progress (default 120s)")),
  duration(flag(HOW, "--deadline <duration>", "longest time in all (default 1h)")),
  duration(
    flag(HOW, "--lock-timeout <duration>", "longest wait for another deploy of it (default 10m)"),
  ),
  flag(HOW, "--wait", "wait for the outcome (the default)"),
  flag(HOW, "--no-wait", "leave once all is applied; the next command that looks settles it"),
];

export const cluster = (): ReadonlyArray<Option> => [
  flag(CLUSTER, "-n, --namespace <name>", "namespace of the service"),
  flag(CLUSTER, "--context <name>", "context of the kubeconfig"),
  flag(CLUSTER, "--kubeconfig <file>", "kubeconfig to use"),
  flag(CLUSTER, "--state <dir>", "folder of nopea's own memory"),
];

export const offline = (): Option =>
  flag(CLUSTER, "--offline", "answer from memory alone; ask no cluster");

export const yes = (): Option => flag(HOW, "-y, --yes", "do it without asking");

export const limit = (): Option =>
  count(flag(OUTPUT, "--limit <n>", "the newest so many (default 200)"));

export const heaviest = (): Option =>
  count(flag(OUTPUT, "--limit <n>", "the heaviest so many edges (default 40; drawings 500)"));

export const watch = (): Option =>
  flag(OUTPUT, "-w, --watch", "show each change as it happens, until Ctrl-C");

export const stream = (): Option =>
  flag(OUTPUT, "--stream", "JSON lines as things happen; the result is the last one");

export const output = (): ReadonlyArray<Option> => [
  parsed(
    flag(OUTPUT, "-o, --output <format>", "table (the default), json, yaml or name"),
    (text) => [...formats, ...drawnFormats].find((format) => format === text),
    "table, json, yaml or name",
  ),
  flag(OUTPUT, "-j, --json", "the same as -o json"),
  flag(OUTPUT, "-q, --quiet", "print nothing but errors; the exit code tells"),
];

export const allNamespaces = (): Option =>
  flag(FROM, "-A, --all-namespaces", "objects of every namespace");

/** One file, under the name that documents have too. */
export const lines = (): Option =>
  parsed(
    flag(FROM, "-f, --file <path>", "lines of JSON instead of the cluster; - for standard input"),
    (text) => [text],
    "a file",
  );

export const fromStdin = (): Option =>
  flag(FROM, "--from-stdin", "lines of JSON from standard input; the same as -f -");

export const ofService = (): Option =>
  flag(OUTPUT, "-s, --service <name>", "only this service (default: all)");

export const writeLines = (): Option =>
  flag(OUTPUT, "--write <file>", "where to put the lines (default: standard output)");

export const write = (): Option =>
  flag(OUTPUT, "--write <file>", "where to put the kubeconfig (default: a new temporary file)");

export const port = (): Option =>
  parsed(
    flag(OUTPUT, "--port <n>", "port on 127.0.0.1 (default: any that is free)"),
    (text) => (/^\d{1,5}$/.test(text) && Number(text) < 65_536 ? Number(text) : undefined),
    "a port from 0 to 65535",
  );
