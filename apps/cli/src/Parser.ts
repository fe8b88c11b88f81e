/**
 * From what was typed to what is meant. Nothing is printed and no process ended here: help and
 * mistakes are answers like any other.
 */
import { Command, CommanderError, type Option } from "commander";
import { all, type CommandName, type Group, groups, wordsOf } from "./Commands.js";
import * as Completion from "./Completion.js";
import * as Flag from "./Flags.js";
import { helpFor } from "./Help.js";
import type { Invocation } from "./Run.js";

export type Parsed =
  | ({ readonly type: "command"; readonly name: CommandName } & Invocation)
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "mistake";
      readonly message: string;
      readonly advice: string;
      /** What was asked for as far as it can be told, to answer the mistake in the same form. */
      readonly flags: Flag.Flags;
    };

const names = Object.keys(all) as ReadonlyArray<CommandName>;

/** Flags that every command takes, before or after its name. */
export const sharedOptions = (): ReadonlyArray<Option> => [...Flag.cluster(), ...Flag.output()];

class Twice extends Error {}

/** A flag that was given before is refused, unless it may be repeated; `--wait --no-wait` too. */
const refuseTwice = (command: Command, option: Option): void => {
  if (Flag.isRepeatable(option)) return;
  command.on(`option:${option.name()}`, () => {
    const seen = command.getOptionValueSource(`${option.attributeName()} seen`);
    if (seen === undefined) {
      command.setOptionValueWithSource(`${option.attributeName()} seen`, option.flags, "cli");
      return;
    }
    const before = command.getOptionValue(`${option.attributeName()} seen`) as string;
    throw new Twice(
      before === option.flags
        ? `option '${option.flags}' is given twice`
        : `options '${before}' and '${option.flags}' can't both be given`,
    );
  });
};

const withOptions = (command: Command, options: ReadonlyArray<Option>): Command => {
  for (const option of options) {
    command.addOption(option);
    refuseTwice(command, option);
  }
  return command;
};

/** The whole tree, or what is in it of some commands; `found` is called with what is meant. */
export const program = (
  version: string,
  found: (name: CommandName, invocation: Invocation) => void,
  only: ReadonlyArray<CommandName> = names,
): Command => {
  const root = withOptions(new Command("nopea"), sharedOptions())
    .description("Deploys to Kubernetes, waits for the truth, names the reason, and remembers.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpCommand(
      new Command("help")
        .argument("[command]")
        .description("help for a command")
        .helpOption(false)
        .helpGroup("More:"),
    )
    .showSuggestionAfterError(true);
  const shared = sharedOptions();
  const groupOf = (word: Group): Command => {
    const known = root.commands.find((command) => command.name() === word);
    if (known !== undefined) return known;
    const { group, summary, description, examples } = groups[word];
    const made = root
      .command(word)
      .summary(summary)
      .description(description)
      .helpGroup(group)
      .helpOption("-h, --help", "print help")
      .helpCommand(false);
    helpFor(made, examples, shared);
    return made;
  };
  for (const name of only) {
    const spec = all[name];
    const command = (spec.words === undefined ? root : groupOf(spec.words[0]))
      .command(spec.words?.[1] ?? name, { isDefault: spec.isDefault === true })
      .summary(spec.summary)
      .description(spec.description)
      .helpGroup(spec.group)
      .helpOption("-h, --help", "print help");
    for (const [argument, description] of spec.arguments ?? []) {
      command.argument(argument, description);
    }
    withOptions(command, spec.options()).action(() => {
      const flags = Object.fromEntries(
        Object.entries(command.optsWithGlobals()).filter(([key]) => !key.endsWith(" seen")),
      ) as Flag.Flags;
      found(name, { args: command.args, flags });
    });
    helpFor(command, spec.examples, shared);
  }
  helpFor(
    root,
    [
      ["nopea deploy -f web/ -s web -n shop", "deploy, and wait for the truth"],
      ["nopea diff -f web/ -s web -n shop", "what would change"],
      ["nopea history web -n shop", "what became of earlier ones"],
    ],
    [],
  );
  return root;
};

/** `-o=json` as kubectl reads it; commander would take the `=` for a part of the value. */
const spelled = (argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = argv.indexOf("--");
  const upTo = end === -1 ? argv.length : end;
  return argv.flatMap((arg, index) => {
    const short = index < upTo ? /^(-[A-Za-z])=(.*)$/s.exec(arg) : null;
    return short === null ? [arg] : [short[1] ?? "", short[2] ?? ""];
  });
};

/** The form asked for, also where the rest can't be understood. */
const formOf = (argv: ReadonlyArray<string>): Flag.Flags => {
  const value = argv
    .map((arg, index) => {
      if (arg === "-o" || arg === "--output") return argv[index + 1];
      return /^(?:--output=|-o)(.+)$/.exec(arg)?.[1];
    })
    .find((each) => each !== undefined);
  const format = Flag.formats.find((each) => each === value);
  return {
    ...(format === undefined ? {} : { output: format }),
    ...(argv.some((arg) => arg === "--json" || /^-[A-Za-z]*j[A-Za-z]*$/.test(arg))
      ? { json: true as const }
      : {}),
    ...(argv.includes("--stream") ? { stream: true as const } : {}),
  };
};

/** A flag without which the command makes no sense; told after what is wrong with those given. */
const missingOf = ({ name, flags }: { readonly name: CommandName; readonly flags: Flag.Flags }) => {
  const missing = all[name].options().find((option) => {
    const key = option.attributeName();
    return all[name].mandatory?.includes(key) === true && !Object.hasOwn(flags, key);
  });
  return missing === undefined ? undefined : `${wordsOf(name).join(" ")} needs '${missing.flags}'`;
};

/** Two forms of output at once: whichever won would be the wrong one. */
const clashOf = ({ output, json, stream }: Flag.Flags): string | undefined => {
  if (output === undefined || output === "json") return undefined;
  if (json === true) return `options '-o ${output}' and '--json' can't both be given`;
  if (stream === true) return `options '-o ${output}' and '--stream' can't both be given`;
  return undefined;
};

/** A form of output that the command does not have. */
const formatOf = ({
  name,
  flags: { output },
}: {
  readonly name: CommandName;
  readonly flags: Flag.Flags;
}) => {
  const drawn = Flag.drawnFormats.find((format) => format === output);
  if (drawn === undefined || all[name].formats?.includes(drawn) === true) return undefined;
  return `option '-o ${drawn}' is for nopea memory graph. Write ${Flag.formats.join(", ")}.`;
};

export const parse = (typed: ReadonlyArray<string>, version: string): Parsed => {
  if (typed[0] === Completion.entry) {
    const found = Completion.candidates(
      program(version, () => {}),
      typed.slice(1),
    );
    return { type: "text", text: Completion.reply(found) };
  }
  const argv = spelled(typed);
  let meant: Extract<Parsed, { type: "command" }> | undefined;
  let text = "";
  // To make every command takes as long as all the rest: where one is named first, it is enough.
  const named = names.filter((name) => wordsOf(name)[0] === argv[0]);
  const root = program(
    version,
    (name, invocation) => {
      meant = { type: "command", name, ...invocation };
    },
    named.length > 0 ? named : names,
  );
  const mistake = (message: string): Parsed => {
    const command = names.find((name) => wordsOf(name).every((word) => argv.includes(word)));
    const words = command === undefined ? [] : wordsOf(command);
    const help = ["nopea", ...words, "--help"].join(" ");
    return {
      type: "mistake",
      message,
      advice: `See ${help} for what can be given.`,
      flags: formOf(argv),
    };
  };
  for (const command of [
    root,
    ...root.commands,
    ...root.commands.flatMap((each) => each.commands),
  ]) {
    command.exitOverride().configureOutput({
      writeOut: (more) => (text += more),
      writeErr: (more) => (text += more),
      outputError: () => {},
    });
  }
  try {
    if (argv.length === 0) return { type: "text", text: root.helpInformation() };
    root.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof Twice) return mistake(error.message);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { type: "text", text };
    // `nopea --json` alone: commander shows help and calls it an error.
    if (error.code === "commander.help") return mistake("no command was given");
    return mistake(error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " "));
  }
  if (meant === undefined) return mistake("no command was given");
  const wrong = missingOf(meant) ?? formatOf(meant) ?? clashOf(meant.flags);
  return wrong === undefined ? meant : mistake(wrong);
};
