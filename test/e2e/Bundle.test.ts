/** What the built command line is made of: a command that only reads loads no client, no engine. */
import { readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";

const dist = (path: string) => new URL(`../../apps/cli/dist/${path}`, import.meta.url);

interface Part {
  readonly file: string;
  readonly inputs: ReadonlyArray<string>;
}

const parts = JSON.parse(readFileSync(dist("contents.json"), "utf8")) as ReadonlyArray<Part>;
const main = parts.find(({ file }) => file === "main.cjs");

it.each([
  "@kubernetes/client-node",
  "undici",
  "zod",
  "node_modules/yaml/",
  "js-yaml",
  "libs/sandbox/",
  "libs/deploy/src/Deployer.ts",
  "libs/deploy/src/Policy.ts",
  "libs/deploy/src/FreezeWindow.ts",
  "libs/k8s/src/waiting/",
  "log-update",
  "fast-check",
])("keeps %s out of what every command loads", (what) => {
  expect(main?.inputs.filter((input) => input.includes(what))).toEqual([]);
});

it("has what a command that only reads needs in the file that V8 has compiled", () => {
  for (const what of [
    "libs/store/src/internal/sqlite.ts",
    "libs/surface/src/operations/Status.ts",
  ]) {
    expect(main?.inputs).toContain(what);
  }
  expect(statSync(dist("main.cjs.cache")).size).toBeGreaterThan(100_000);
});
