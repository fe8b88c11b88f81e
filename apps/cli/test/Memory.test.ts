import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { parse } from "../src/Parser.js";
import { run } from "./support.js";

const imported = { cluster: "reachable", degraded: [], warnings: [], skipped: [] } as const;
const lines = {
  cluster: "reachable",
  degraded: [],
  warnings: ["odd"],
  lines: ["{}", "[]"],
} as const;

describe("nopea memory import", () => {
  it.effect("asks for the cluster's own history, of a namespace or of all", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = [];
      const surface = {
        memoryImport: (ask: unknown) =>
          Effect.sync(() => {
            asked.push(ask);
            return { ...imported, taken: 2, known: 1 };
          }),
      };
      const { code, out } = yield* run(["memory", "import", "-n", "shop"], { surface });
      yield* run(["memory", "import", "-A", "-n", "shop"], { surface });
      expect([code, out]).toEqual([0, "2 deploys learnt, 1 known already\n"]);
      expect(asked).toEqual([
        { source: "cluster", namespace: "shop" },
        { source: "cluster", allNamespaces: true },
      ]);
    }),
  );

  it.effect("tells what was skipped, safely", () =>
    Effect.gen(function* () {
      const surface = {
        memoryImport: () =>
          Effect.succeed({
            ...imported,
            taken: 0,
            known: 0,
            skipped: [
              { line: 7, why: "it is no JSON" },
              { object: "Secret/\u001b[31mx", why: "no\nrelease" },
            ],
            warnings: ["line 8 was taken, but it is odd"],
          }),
      };
      const { code, out } = yield* run(["memory", "import"], { surface });
      expect(code).toBe(0);
      expect(out.split("\n")).toEqual([
        "0 deploys learnt, 2 skipped",
        "  line 7: it is no JSON",
        "  Secret/x: no release",
        "! line 8 was taken, but it is odd",
        "",
      ]);
    }),
  );
});

describe("nopea memory export", () => {
  it.effect("prints the lines and nothing else on stdout", () =>
    Effect.gen(function* () {
      const surface = { memoryExport: () => Effect.succeed(lines) };
      expect(yield* run(["memory", "export", "-s", "web"], { surface })).toEqual({
        code: 0,
        out: "{}\n[]\n",
        err: "! odd\n",
      });
      const { out } = yield* run(["memory", "export", "-j"], { surface });
      expect(JSON.parse(out)).toEqual(lines);
    }),
  );
});

describe("commands of two words", () => {
  it("are found, helped with, and completed by both", () => {
    expect(parse(["memory", "import", "-f", "a"], "1")).toMatchObject({
      type: "command",
      name: "memoryImport",
      flags: { file: ["a"] },
    });
    const help = parse(["memory", "import", "--help"], "1");
    expect(help.type === "text" && help.text).toContain("Usage: nopea memory import [options]");
    expect(parse(["memory", "import", "--colour"], "1")).toMatchObject({
      type: "mistake",
      advice: "See nopea memory import --help for what can be given.",
    });
    const completed = (...words: ReadonlyArray<string>) => {
      const answer = parse(["__complete", ...words], "1");
      return answer.type === "text" ? answer.text : "";
    };
    expect(completed("memory", "im")).toMatch(/^import\t/);
    expect(completed("memory", "import", "--all")).toMatch(/^--all-namespaces\t/);
  });
});
