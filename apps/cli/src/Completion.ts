/**
 * What can stand at the cursor, read from the same tree that parses, and the few lines of shell
 * that ask for it. A shell shows what `nopea __complete <words>` prints: one candidate a line,
 * a tab, what it is. Nothing printed means: file names.
 */
import type { Command, Option } from "commander";
import { formats } from "./Flags.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What the script of each shell calls; hidden from help. */
export const entry = "__complete";

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# nopea completion for bash
_nopea() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  local found=$(nopea ${entry} "\${words[@]}" 2>/dev/null | cut -f1)
  if [ -z "$found" ]; then compopt -o default; COMPREPLY=(); else COMPREPLY=($found); fi
}
complete -F _nopea nopea
`,
  zsh: `#compdef nopea
# nopea completion for zsh
_nopea() {
  local -a found
  local value text
  while IFS=$'\\t' read -r value text; do
    found+=("\${value//:/\\\\:}:$text")
  done < <(nopea ${entry} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'nopea' found; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _nopea nopea
`,
  fish: `# nopea completion for fish
function __nopea_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (nopea ${entry} $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c nopea -f -a '(__nopea_complete)'
`,
};

export const script = (shell: Shell): string => scripts[shell];

type Candidate = readonly [value: string, description: string];

/** Values of the flags that take one of a few words. */
const VALUES: Readonly<Record<string, ReadonlyArray<string>>> = {
  output: formats,
  strategy: ["direct", "canary", "blue_green"],
};

const takesValue = (option: Option): boolean => option.required || option.optional;

/** Candidates for the last of `words`, which may be empty. */
export const candidates = (
  root: Command,
  words: ReadonlyArray<string>,
): ReadonlyArray<Candidate> => {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const command = before.reduce<Command | undefined>(
    (found, word) => (found ?? root).commands.find((each) => each.name() === word) ?? found,
    undefined,
  );
  const options = [...(command?.options ?? []), ...root.options];
  const named = (word: string | undefined) =>
    options.find(({ short, long }) => word !== undefined && (word === short || word === long));
  const starting = (list: ReadonlyArray<Candidate>) =>
    list.filter(([value]) => value.startsWith(current));

  const inline = /^(--[a-z-]+)=(.*)$/.exec(current);
  if (inline !== null) {
    const values = VALUES[named(inline[1])?.attributeName() ?? ""] ?? [];
    return starting(values.map((value) => [`${inline[1]}=${value}`, ""]));
  }
  const last = named(before.at(-1));
  if (last !== undefined && takesValue(last)) {
    return starting((VALUES[last.attributeName()] ?? []).map((value) => [value, ""]));
  }
  if (current.startsWith("-")) {
    return starting(
      options
        .filter(({ hidden }) => !hidden)
        .map(({ long, short, description }) => [long ?? short ?? "", description]),
    );
  }
  const within = (command ?? root).commands;
  if (within.length > 0) return starting(within.map((each) => [each.name(), each.summary()]));
  if (command === undefined) return [];
  if (command.name() === "completion") return starting(shells.map((shell) => [shell, ""]));
  return [];
};

export const reply = (found: ReadonlyArray<Candidate>): string =>
  found.map(([value, text]) => (text === "" ? `${value}\n` : `${value}\t${text}\n`)).join("");
