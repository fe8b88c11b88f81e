import { assert, describe, it } from "@effect/vitest";
import * as jsYaml from "js-yaml";
import { isProblem, makeParser } from "../src/documents/yaml.js";

const parse = makeParser(jsYaml);

const problem = (text: string) => {
  const answer = parse(text);
  assert.isTrue(isProblem(answer), JSON.stringify(answer));
  return answer as Extract<typeof answer, { readonly message: string }>;
};

// What `kubectl patch --local -o json` of Kubernetes 1.37 made of each.
const scalars: ReadonlyArray<readonly [text: string, value: unknown]> = [
  ...["y", "Y", "yes", "On", "TRUE"].map((text) => [text, true] as const),
  ...["n", "no", "OFF", "False"].map((text) => [text, false] as const),
  ...["oFF", "tRUE", "nULL", "190:20:30", "2001-01-01", "=", "_1", "0b", "."].map(
    (text) => [text, text] as const,
  ),
  ...["~", "null", "Null", ""].map((text) => [text, null] as const),
  ...([
    ["0644", 420],
    ["0o644", 420],
    ["0_7", 7],
    ["00", 0],
    ["0b101", 5],
    ["-0b11", -3],
    ["0x1F", 31],
    ["0X1f", 31],
    ["-0x1F", -31],
    ["089", 89],
    ["1_000", 1000],
    ["+12", 12],
    ["1e3", 1000],
    ["12e45", 1.2e46],
    ["1e+3", 1000],
    ["1e3_0", 1e30],
    [".5", 0.5],
    ["-.5", -0.5],
    ["5.", 5],
    ["1.0", 1],
  ] as const),
  ['"yes"', "yes"],
  ["'0644'", "0644"],
  ["!!str 123", "123"],
  ['!!int "12"', 12],
  ['!!bool "yes"', true],
  ["!!binary aGVsbG8=", "hello"],
];

describe("YAML as Kubernetes reads it", () => {
  for (const [text, value] of scalars) {
    it(`reads ${text === "" ? "nothing" : text} as ${JSON.stringify(value)}`, () => {
      assert.deepStrictEqual(parse(`a: ${text}`), [{ a: value }]);
    });
  }

  it("makes texts of keys, and merges what << names", () => {
    assert.deepStrictEqual(parse("1: x\nyes: z\nbase: &b {c: 1, d: 2}\nall: {<<: *b, d: 3}\n"), [
      { "1": "x", true: "z", base: { c: 1, d: 2 }, all: { c: 1, d: 3 } },
    ]);
  });

  it("counts empty documents", () => {
    assert.deepStrictEqual(parse("a: 1\n---\n# nothing\n---\nb: 2\n"), [{ a: 1 }, null, { b: 2 }]);
  });

  it("refuses a key that is there twice, where it is", () => {
    assert.deepInclude(problem("a: 1\nb: 2\na: 3\n"), {
      line: 3,
      message: "duplicated mapping key",
    });
  });

  it("refuses aliases that make a bomb", () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array.from({ length: 10 }, () => of).join(", ")}]\n`;
    const bomb = ["b", "c", "d", "e", "f"].reduce(
      (text, name) => text + level(name, `*${String.fromCharCode(name.charCodeAt(0) - 1)}`),
      level("a", "x"),
    );
    assert.include(problem(bomb).message, "expand");
  });

  it("takes an anchor that is used often but stays small", () => {
    const text = `a: &a {x: 1}\nb: [${Array.from({ length: 500 }, () => "*a").join(", ")}]\n`;
    assert.isFalse(isProblem(parse(text)));
  });

  it("refuses an alias to what it is in, and numbers that JSON has no word for", () => {
    assert.include(problem("a: &a [*a]").message, "part of");
    assert.include(problem("a: .inf").message, "infinity");
  });
});
