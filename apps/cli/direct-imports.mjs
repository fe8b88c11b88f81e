/**
 * An esbuild plugin: imports go to the module that has what is asked for, past the index that
 * only passes it on.
 *
 * - `import { Effect } from "effect"` becomes `import * as Effect from "effect/Effect"`: the same
 *   module, but in this form esbuild knows which of its functions are used. So with
 *   `@effect/platform`, whose index would bring HTTP and commands along with a path.
 * - `import { Refusal } from "@nopea/deploy"` becomes an import of that room's `Refusal.ts`: an
 *   index is one file, and one part of it that is used at the start would bring all of them.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const libs = fileURLToPath(new URL("../../libs", import.meta.url));
const indexes = new Map();

const names = (list) =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => {
      const [there, here = there] = name.split(" as ");
      return { there, here };
    });

/** What a room's index passes on: name → the module, and the name there (none: all of it). */
function indexOf(room) {
  if (indexes.has(room)) return indexes.get(room);
  const path = `${libs}/${room}/src/index.ts`;
  const source = readFileSync(path, "utf8");
  const found = new Map();
  for (const [, name, from] of source.matchAll(/^export \* as (\w+) from "([^"]+)";$/gm)) {
    found.set(name, { from: resolve(dirname(path), from) });
  }
  for (const [, list, from] of source.matchAll(/^export \{([^}]*)\} from "([^"]+)";$/gm)) {
    for (const { there, here } of names(list)) {
      const other = /^@nopea\/(\w+)$/.exec(from)?.[1];
      found.set(
        here,
        other === undefined
          ? { from: resolve(dirname(path), from), name: there }
          : indexOf(other).get(there),
      );
    }
  }
  indexes.set(room, found);
  return found;
}

function direct(from, { there, here }) {
  if (from === "effect") {
    return /^[A-Z]/.test(there)
      ? `import * as ${here} from "effect/${there}";`
      : `import { ${there} as ${here} } from "effect/Function";`;
  }
  if (from === "@effect/platform") return `import * as ${here} from "@effect/platform/${there}";`;
  const target = indexOf(from.slice("@nopea/".length)).get(there);
  if (target === undefined) throw new Error(`${from} has no ${there}`);
  return target.name === undefined
    ? `import * as ${here} from ${JSON.stringify(target.from)};`
    : `import { ${target.name} as ${here} } from ${JSON.stringify(target.from)};`;
}

const IMPORTS = /^import (type )?\{([^}]*)\} from "(effect|@effect\/platform|@nopea\/\w+)";$/gm;

export const directImports = {
  name: "direct-imports",
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/](?:libs|apps)[\\/].*[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source.replace(IMPORTS, (_, isType, list, from) =>
        isType
          ? ""
          : names(list)
              .map((name) => direct(from, name))
              .join(" "),
      );
      return { contents, loader: "ts" };
    });
  },
};
