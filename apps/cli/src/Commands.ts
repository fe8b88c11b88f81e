/**
 * Every command: what it is for, examples, flags, and where its work is. There is one for each
 * operation of surface (a new operation does not build without one) and a few of the command
 * line's own. A command's work is loaded only when it is asked for.
 */
import type { Operations } from "@nopea/surface";
import type { Option } from "commander";
import * as Flag from "./Flags.js";
import type { LocalRun, Run } from "./Run.js";

interface Spec {
  readonly group: string;
  /** What is typed, where it is more than the name: a command of a group. */
  readonly words?: readonly [group: Group, name: string];
  /** What its group does by itself. */
  readonly isDefault?: true;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A few sentences for its own help. */
  readonly description: string;
  /** What is typed, and what it is for. */
  readonly examples: ReadonlyArray<readonly [command: string, purpose: string]>;
  readonly arguments?: ReadonlyArray<readonly [name: string, description: string]>;
  readonly options: () => ReadonlyArray<Option>;
  /** Flags of which it makes no sense without. */
  readonly mandatory?: ReadonlyArray<string>;
  /** Forms of output that it alone knows. */
  readonly formats?: ReadonlyArray<Flag.DrawnFormat>;
  /** True where it ends in its own way when interrupted. */
  readonly endsItself?: true;
}

export interface OperationSpec extends Spec {
  readonly load: () => Promise<{ readonly run: Run }>;
}

export interface LocalSpec extends Spec {
  readonly load: () => Promise<{ readonly run: LocalRun }>;
}

const DEPLOYING = "Deploy:";
const LOOKING = "Look:";
const MEMORY = "Remember:";
const MORE = "More:";

/** Commands that are nothing but the first word of others. */
export const groups = {
  memory: {
    group: MEMORY,
    summary: "what nopea has learnt: look at it, take in, give out, forget",
    description:
      "Memory is what nopea has learnt from deploys. It fills by itself; these commands say what it holds, take in what was deployed before, give all of it out, and forget.",
    examples: [
      ["nopea memory", "what it holds"],
      ["nopea memory import -A", "learn from what the cluster knows already"],
      ["nopea memory export > deploys.jsonl", "all that was learnt, a line a deploy"],
    ],
  },
} as const;
export type Group = keyof typeof groups;

export const operations: { readonly [Name in Operations.Name]: OperationSpec } = {
  deploy: {
    group: DEPLOYING,
    summary: "deploy a service and wait for the truth",
    description:
      "Applies the documents of a service and waits until all of it is ready, or until the reason why it will not be is known. Every deploy is remembered.",
    examples: [
      ["nopea deploy -f web/ -s web -n shop", "all documents of a folder"],
      ["nopea deploy -k overlays/prod -s web -n shop", "a kustomize folder"],
      ["helm template web ./chart | nopea deploy -f - -s web -n shop", "from standard input"],
      ["nopea deploy -f web/ -s web -n shop --dry-run", "only say what would change"],
      ["nopea deploy -f web/ -s web -n shop --override-freeze", "in a freeze window, on record"],
    ],
    options: () => [...Flag.set(), ...Flag.planning(), ...Flag.running(), Flag.stream()],
    mandatory: ["service"],
    endsItself: true,
    load: () => import("./commands/deploy.js"),
  },
  diff: {
    group: DEPLOYING,
    summary: "show what a deploy would change",
    description:
      "Asks the cluster what a deploy would change, field by field, and changes nothing. Exit code 0: nothing, 1: something, more than 1: an error. Values of Secrets are never shown.",
    examples: [
      ["nopea diff -f web/ -s web -n shop", "field by field"],
      ["nopea diff -f web/ -s web -n shop -o name", "only the objects that would change"],
    ],
    options: () => [...Flag.set(), ...Flag.planning()],
    mandatory: ["service"],
    load: () => import("./commands/diff.js"),
  },
  status: {
    group: LOOKING,
    summary: "what is deployed, is it ready, has it drifted",
    description:
      "Shows the deploy in force, one that is under way, what is not ready, and what was changed by others since. Without a service: all of the namespace.",
    examples: [
      ["nopea status web -n shop", "one service"],
      ["nopea status -n shop", "every service of the namespace"],
      ["nopea status web -n shop --watch", "and each change, until Ctrl-C"],
      ["nopea status web -n shop --offline -j", "what memory has, as JSON"],
    ],
    arguments: [["[service]", "the service; all of the namespace where it is left out"]],
    options: () => [Flag.offline(), Flag.watch(), Flag.stream()],
    load: () => import("./commands/status.js"),
  },
  context: {
    group: LOOKING,
    summary: "what memory says before a deploy",
    description:
      "Says how likely the next deploy of a service is to fail and why, what breaks it, what it is deployed with, and what to do: learnt from every deploy that the cluster and this machine remember.",
    examples: [
      ["nopea context web -n shop", "risk, patterns, advice"],
      ["nopea context web -n shop -j", "the same, as JSON"],
    ],
    arguments: [["<service>", "the service"]],
    options: () => [Flag.offline()],
    load: () => import("./commands/context.js"),
  },
  explain: {
    group: LOOKING,
    summary: "how the next deploy would be carried out, and why",
    description:
      "Says which strategy a deploy of the service would take now, by which rule (asked for, policy, learnt, default) and from which figures; and whether it would be refused by a freeze window. With documents the change that they make is judged, without them one like the last.",
    examples: [
      ["nopea explain web -n shop", "what would be chosen"],
      ["nopea explain web -n shop -f web/", "for these documents"],
      ["nopea explain web -n shop --strategy canary", "what would come of asking for it"],
    ],
    arguments: [["<service>", "the service"]],
    options: () => [...Flag.documents(), ...Flag.choosing(), Flag.offline()],
    load: () => import("./commands/explain.js"),
  },
  history: {
    group: LOOKING,
    summary: "every deploy of a service, newest first",
    description:
      "Lists what the cluster and this machine remember of a service's deploys: when, by whom, what kind of change, and how it ended.",
    examples: [
      ["nopea history web -n shop", "newest first"],
      ["nopea history web -n shop --limit 1 -j", "the last one, with its evidence, as JSON"],
    ],
    arguments: [["<service>", "the service"]],
    options: () => [Flag.offline(), Flag.limit()],
    load: () => import("./commands/history.js"),
  },
  services: {
    group: LOOKING,
    summary: "the services that nopea knows",
    description:
      "Lists the services of a namespace, or of all that are known of, each with its newest deploy.",
    examples: [
      ["nopea services", "of all namespaces that are known of"],
      ["nopea services -n shop", "of one"],
    ],
    options: () => [Flag.offline()],
    load: () => import("./commands/services.js"),
  },
  health: {
    group: LOOKING,
    summary: "can nopea work here, and what may it do",
    description:
      "Says whether the cluster answers, which permissions this account lacks in the namespace, and whether nopea's own memory can be used.",
    examples: [["nopea health -n shop", "before a first deploy"]],
    options: () => [Flag.offline()],
    load: () => import("./commands/health.js"),
  },
  memoryStats: {
    group: MEMORY,
    words: ["memory", "stats"],
    isDefault: true,
    summary: "what memory holds, and whether it can be used",
    description:
      "Counts what was learnt from deploys: lessons, edges, patterns; and says where it is kept, how large it is and whether outcomes wait to be learnt.",
    examples: [
      ["nopea memory", "of all namespaces that are known of"],
      ["nopea memory -n shop -j", "of one, as JSON"],
    ],
    options: () => [Flag.offline()],
    load: () => import("./commands/memory.js").then(({ stats }) => ({ run: stats })),
  },
  memoryGraph: {
    group: MEMORY,
    words: ["memory", "graph"],
    summary: "which services break, how, and after which others",
    description:
      "Lists the edges between services, namespaces and reasons, the heaviest first, or draws them for Graphviz or Mermaid. The weight of an edge is how often it was seen, each time counting half as much every two months.",
    examples: [
      ["nopea memory graph -n shop", "the heaviest edges"],
      ["nopea memory graph -s web -n shop -o mermaid", "around one service, for Mermaid"],
      ["nopea memory graph -o dot | dot -Tsvg > memory.svg", "as a picture, by Graphviz"],
    ],
    options: () => [Flag.ofService(), Flag.heaviest(), Flag.offline()],
    formats: ["dot", "mermaid"],
    load: () => import("./commands/memory.js").then(({ graph }) => ({ run: graph })),
  },
  memoryForget: {
    group: MEMORY,
    words: ["memory", "forget"],
    summary: "forget what a service's deploys taught; its history stays",
    description:
      "What the deploys of a service up to now taught is taken back, here and, through the cluster's ledger, on every other machine. They stay in its history. It can't be undone: asks first in a terminal, and wants --yes elsewhere.",
    examples: [
      ["nopea memory forget web -n shop", "after the service was rewritten"],
      ["nopea memory forget web -n shop --yes", "without being asked"],
    ],
    arguments: [["<service>", "the service"]],
    options: () => [Flag.yes()],
    load: () => import("./commands/memory.js").then(({ forgetting }) => ({ run: forgetting })),
  },
  memoryImport: {
    group: MEMORY,
    words: ["memory", "import"],
    summary: "learn from what was deployed before",
    description:
      "Learns from deploys that nopea had no part in: revisions of Deployments, StatefulSets and DaemonSets, releases of Helm 3 and 4, Argo Rollouts; or from lines of JSON, a deploy each. What can't be read is named, the rest is taken; twice is once, and what turned out to have ended otherwise is learnt anew. Nothing in the cluster changes.",
    examples: [
      ["nopea memory import -n shop", "what the cluster knows of a namespace"],
      ["nopea memory import -A", "of all namespaces"],
      ["nopea memory import -f deploys.jsonl", "lines of a file"],
      ["git-history | nopea memory import --from-stdin", "lines of another program"],
    ],
    options: () => [Flag.allNamespaces(), Flag.lines(), Flag.fromStdin()],
    load: () => import("./commands/memory.js").then(({ importing }) => ({ run: importing })),
  },
  memoryExport: {
    group: MEMORY,
    words: ["memory", "export"],
    summary: "all that was learnt, a line of JSON a deploy",
    description:
      "Prints every deploy that memory has learnt from, oldest first, in the form that `nopea memory import` reads.",
    examples: [
      ["nopea memory export > deploys.jsonl", "everything"],
      ["nopea memory export -s web -n shop --write web.jsonl", "of one service, into a file"],
    ],
    options: () => [Flag.ofService(), Flag.offline(), Flag.writeLines()],
    load: () => import("./commands/memory.js").then(({ exporting }) => ({ run: exporting })),
  },
};

export const locals = {
  sandbox: {
    group: MORE,
    summary: "a small Kubernetes in memory, to try things",
    description:
      "Runs a small Kubernetes API on this machine, in memory, until Ctrl-C, and prints the path of a kubeconfig for it. Image tags say how its pods behave: `:crashes`, `:pull-fails`, `:slow` and others.",
    examples: [
      ["nopea sandbox", "start it, in a terminal of its own"],
      [
        "nopea deploy -f examples/web -s web --kubeconfig <the printed path>",
        "deploy to it from another",
      ],
    ],
    options: () => [Flag.write(), Flag.port()],
    endsItself: true,
    load: () => import("./commands/sandbox.js"),
  },
  completion: {
    group: MORE,
    summary: "completion for bash, zsh or fish",
    description: "Prints a script that completes commands, flags and their values.",
    examples: [
      ['eval "$(nopea completion bash)"', "bash, in ~/.bashrc"],
      ['eval "$(nopea completion zsh)"', "zsh, in ~/.zshrc"],
      ["nopea completion fish | source", "fish, in ~/.config/fish/config.fish"],
    ],
    arguments: [["<shell>", "bash, zsh or fish"]],
    options: () => [],
    load: () => import("./commands/completion.js"),
  },
} as const satisfies Readonly<Record<string, LocalSpec>>;

export type OperationCommand = Operations.Name;
export type LocalCommand = keyof typeof locals;
export type CommandName = OperationCommand | LocalCommand;

export const all: Readonly<Record<CommandName, OperationSpec | LocalSpec>> = {
  ...operations,
  ...locals,
};

/** What is typed to get it. */
export const wordsOf = (name: CommandName): ReadonlyArray<string> => all[name].words ?? [name];

export const isLocal = (name: CommandName): name is LocalCommand => Object.hasOwn(locals, name);
