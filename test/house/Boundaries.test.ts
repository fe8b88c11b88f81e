/**
 * The lint rules bite: each fixture is planted into a room, on paper only, and linted with the
 * repository's own configuration. The table is design's, written a second time on purpose.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ESLint } from "eslint";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const BOUNDARIES = "@nx/enforce-module-boundaries";
const IMPORTS = "@typescript-eslint/no-restricted-imports";

const rooms: Record<
  string,
  { readonly folder: string; readonly mayImport: ReadonlyArray<string> }
> = {
  domain: { folder: "libs/domain", mayImport: [] },
  k8s: { folder: "libs/k8s", mayImport: ["domain"] },
  store: { folder: "libs/store", mayImport: ["domain"] },
  memory: { folder: "libs/memory", mayImport: ["domain", "store"] },
  deploy: { folder: "libs/deploy", mayImport: ["domain", "k8s", "store", "memory"] },
  surface: { folder: "libs/surface", mayImport: ["domain", "k8s", "store", "memory", "deploy"] },
  sandbox: { folder: "libs/sandbox", mayImport: [] },
  cli: { folder: "apps/cli", mayImport: ["domain", "surface"] },
};
const libs = ["domain", "k8s", "store", "memory", "deploy", "surface", "sandbox"];

const eslint = new ESLint({
  cwd: root,
  // What is planted is in no tsconfig, so that rules which ask the compiler have nothing to go by.
  overrideConfig: {
    languageOptions: { parserOptions: { projectService: false } },
    rules: {
      "@typescript-eslint/no-floating-promises": "off",
      "@typescript-eslint/no-misused-promises": "off",
    },
  },
});

/** The rules that complain about `fixture` when it stands in `room`. */
async function complaints(
  fixture: string,
  room: string,
  file = "Planted.ts",
): Promise<ReadonlyArray<string>> {
  const code = readFileSync(
    new URL(`../fixtures/boundaries/${fixture}.ts`, import.meta.url),
    "utf8",
  );
  const folder = rooms[room]?.folder ?? room;
  const [result] = await eslint.lintText(code, { filePath: `${root}/${folder}/src/${file}` });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

beforeAll(async () => {
  // The rule reads the graph that Nx left behind, and is silent where there is none.
  await promisify(execFile)(
    process.execPath,
    ["node_modules/nx/dist/bin/nx.js", "show", "projects"],
    {
      cwd: root,
      env: { ...process.env, NX_DAEMON: "false", NX_NO_CLOUD: "true" },
    },
  );
}, 60_000);

describe("rooms", () => {
  for (const [room, { mayImport }] of Object.entries(rooms)) {
    for (const other of libs.filter((each) => each !== room)) {
      // The CLI may import the sandbox, but not at once: below.
      if (room === "cli" && other === "sandbox") continue;
      const allowed = mayImport.includes(other);
      it(`${room} ${allowed ? "may" : "must not"} import ${other}`, async () => {
        expect(await complaints(`imports-${other}`, room)).toEqual(allowed ? [] : [BOUNDARIES]);
      });
    }
  }

  it("a room is imported by its name, never by a path into it", async () => {
    expect(await complaints("imports-by-path", "k8s")).toEqual([BOUNDARIES]);
  });

  it("the CLI imports the sandbox only when it is asked for", async () => {
    expect(await complaints("imports-sandbox", "cli")).toEqual([IMPORTS]);
    expect(await complaints("imports-sandbox-lazily", "cli")).toEqual([]);
  });
});

describe("habits", () => {
  it("only apps choose the platform", async () => {
    expect(await complaints("imports-platform", "deploy")).toEqual([IMPORTS]);
    expect(await complaints("imports-platform", "cli")).toEqual([]);
  });

  it("what is slow to load is never loaded at once", async () => {
    expect(await complaints("imports-heavy", "k8s")).toEqual([IMPORTS]);
    expect(await complaints("imports-heavy", "cli")).toEqual([IMPORTS]);
  });

  it("libs take time, chance and settings from effect", async () => {
    expect(await complaints("reads-the-clock", "deploy")).toEqual(["no-restricted-globals"]);
    expect(await complaints("rolls-dice", "deploy")).toEqual(["no-restricted-properties"]);
    expect(await complaints("reads-the-environment", "store")).toEqual(["no-restricted-globals"]);
  });

  it("one file turns instants into text", async () => {
    expect(await complaints("reads-the-clock", "domain", "Timestamp.ts")).toEqual([]);
    expect(await complaints("reads-the-clock", "domain", "Planted.ts")).toEqual([
      "no-restricted-globals",
    ]);
  });

  it("no file is longer than 500 lines", async () => {
    expect(await complaints("too-long", "domain")).toEqual(["max-lines"]);
  });
});
