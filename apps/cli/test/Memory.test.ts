import { describe, expect, it } from "@effect/vitest";
import { Timestamp } from "@nopea/domain";
import { Effect } from "effect";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "../src/Parser.js";
import { run } from "./support.js";

const imported = {
  cluster: "reachable",
  degraded: [],
  warnings: [],
  skipped: [],
  revised: 0,
} as const;
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

describe("nopea memory graph", () => {
  const edges = Array.from({ length: 60 }, (_, i) => ({
    relation: "deployed_to" as const,
    from: `service:shop/web-${i}`,
    to: "namespace:shop",
    weight: 60 - i,
    observations: 60 - i,
  }));
  const nodes = [
    { id: "namespace:shop", kind: "namespace" as const, name: "shop" },
    ...edges.map(({ from }, i) => ({
      id: from,
      kind: "service" as const,
      name: `web-${i}`,
      namespace: "shop",
    })),
  ];
  const surfaceOf = (truncated: boolean) => {
    const asked: Array<unknown> = [];
    const memoryGraph = (ask: { readonly limit?: number }) =>
      Effect.sync(() => {
        asked.push(ask);
        const { limit = 60 } = ask;
        return {
          cluster: "reachable" as const,
          degraded: [],
          warnings: [],
          nodes,
          edges: edges.slice(0, limit),
          truncated: truncated || limit < 60,
        };
      });
    return { asked, surface: { memoryGraph } };
  };

  it.effect("shows the heaviest, and says how many there are besides", () =>
    Effect.gen(function* () {
      const { surface } = surfaceOf(false);
      const { out } = yield* run(["memory", "graph"], { surface });
      expect(out.trimEnd().split("\n")).toHaveLength(42);
      expect(out).toContain("20 more edges, lighter than these: --limit 60 shows them");
      const { out: all } = yield* run(["memory", "graph", "--limit", "60"], { surface });
      expect(all.trimEnd().split("\n")).toHaveLength(61);
      const { surface: larger } = surfaceOf(true);
      const cut = yield* run(["memory", "graph"], { surface: larger });
      expect(cut.out).toContain("20 more edges and others, lighter than these: ");
    }),
  );

  it.effect.each([
    ["dot", "// "],
    ["mermaid", "%% "],
  ] as const)("draws no more with %s than can be drawn, and says so", ([format, comment]) =>
    Effect.gen(function* () {
      const { asked, surface } = surfaceOf(false);
      const whole = yield* run(["memory", "graph", "-o", format], { surface });
      expect(whole.out).not.toContain(comment);
      expect(whole.err).toBe("");
      const { out, err } = yield* run(["memory", "graph", "-o", format, "--limit", "7"], {
        surface,
      });
      const said = "the 7 heaviest edges alone, of more: -n, -s and --limit choose";
      expect(out).toContain(`${comment}${said}\n`);
      expect(err).toBe(`! ${said}\n`);
      expect(asked).toEqual([{ limit: 500 }, { limit: 7 }]);
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

describe("nopea memory export of many", () => {
  const next = Timestamp.fromMillis(Date.UTC(2026, 0, 1));
  const last = { ...lines, lines: ["1"], warnings: ["odd", "odder"] };
  const surfaceOf = () => {
    const asked: Array<unknown> = [];
    const memoryExport = (ask: { readonly after?: string }) =>
      Effect.sync(() => {
        asked.push(ask);
        return ask.after === undefined ? { ...lines, next } : last;
      });
    return { asked, surface: { memoryExport } };
  };

  it.effect("asks for part after part, and prints them as one", () =>
    Effect.gen(function* () {
      const { asked, surface } = surfaceOf();
      expect(yield* run(["memory", "export", "-n", "shop"], { surface })).toEqual({
        code: 0,
        out: "{}\n[]\n1\n",
        err: "! odd\n! odder\n",
      });
      expect(asked).toEqual([{ namespace: "shop" }, { namespace: "shop", after: next }]);
      const { out } = yield* run(["memory", "export", "-j"], { surface: surfaceOf().surface });
      expect(JSON.parse(out)).toEqual({ ...last, lines: ["{}", "[]", "1"] });
      const path = join(mkdtempSync(join(tmpdir(), "nopea-export-")), "a.jsonl");
      yield* run(["memory", "export", "--write", path], { surface: surfaceOf().surface });
      yield* run(["memory", "export", "--write", path], { surface: surfaceOf().surface });
      expect(readFileSync(path, "utf8")).toBe("{}\n[]\n1\n");
      rmSync(dirname(path), { recursive: true });
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
