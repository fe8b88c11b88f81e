/** How help reads: what it is for, then examples, then everything else. */
import { type Command, Help, type Option } from "commander";
import { wrap } from "./Text.js";

const WIDTH = 100;

const exampleLines = (
  examples: ReadonlyArray<readonly [command: string, purpose: string]>,
): ReadonlyArray<string> => {
  const widest = Math.max(...examples.map(([command]) => command.length));
  // Side by side where there is room, else the purpose as a comment above.
  const beside = widest <= 56;
  return examples.flatMap(([command, purpose]) =>
    beside ? [`  ${command.padEnd(widest)}   # ${purpose}`] : [`  # ${purpose}`, `  ${command}`],
  );
};

/** commander's own layout, with some parts left out. */
const format = (command: Command, helper: Help, without: Partial<Help>): string => {
  const less = Object.assign(Object.create(helper) as Help, without);
  return Help.prototype.formatHelp.call(less, command, less);
};

/** `shared`: flags of the root that are shown with this command's own. */
export const helpFor = (
  command: Command,
  examples: ReadonlyArray<readonly [command: string, purpose: string]>,
  shared: ReadonlyArray<Option>,
): void => {
  command.configureHelp({
    helpWidth: WIDTH,
    sortOptions: false,
    visibleOptions: (each) => {
      const own = Help.prototype.visibleOptions.call(new Help(), each);
      const help = own.filter(({ long }) => long === "--help" || long === "--version");
      return [...own.filter((option) => !help.includes(option)), ...shared, ...help];
    },
    commandDescription: () => "",
    optionDescription: ({ description }) => description,
    formatHelp: (each, helper) =>
      [
        ...wrap(each.description(), WIDTH),
        "",
        "Examples:",
        ...exampleLines(examples),
        "",
        // Commands come before flags, which commander would print first.
        format(each, helper, { visibleOptions: () => [] }),
        format(each, helper, { visibleCommands: () => [], visibleArguments: () => [] }).replace(
          /^Usage:.*\n\n/,
          "",
        ),
      ].join("\n"),
  });
};
