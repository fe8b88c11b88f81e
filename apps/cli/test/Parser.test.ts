import { describe, expect, it } from "@effect/vitest";
import { parse } from "../src/Parser.js";

const parsed = (line: string) => parse(line === "" ? [] : line.split(" "), "1.2.3");

describe("Parser", () => {
  it.each([
    ["deploy -f a.yaml -f b -s web -n shop", { file: ["a.yaml", "b"], service: "web" }],
    ["-n shop deploy -s web", { namespace: "shop", service: "web" }],
    ["deploy -s web --no-wait", { wait: false }],
    ["deploy -s web --wait", { wait: true }],
    ["deploy -s web --timeout 1m30s --deadline 2h", { timeout: 90_000, deadline: 7_200_000 }],
    ["deploy -s web --strategy blue-green", { strategy: "blue_green" }],
    ["deploy -s web --override-freeze", { overrideFreeze: true }],
    ["deploy -s web --also-namespace a --also-namespace b", { alsoNamespace: ["a", "b"] }],
    ["deploy -s web -f -", { file: ["-"] }],
    ["status web -o json", { output: "json" }],
    ["status web -ojson", { output: "json" }],
    ["status web -o=json", { output: "json" }],
    ["status web --output=yaml", { output: "yaml" }],
    ["status -j web", { json: true }],
    ["status web -n=shop -q", { namespace: "shop", quiet: true }],
  ])("reads %s", (line, flags) => {
    expect(parsed(line)).toMatchObject({ type: "command", flags });
  });

  it("takes flags after arguments", () => {
    expect(parsed("history web -n shop --limit 5")).toMatchObject({
      name: "history",
      args: ["web"],
      flags: { namespace: "shop", limit: 5 },
    });
  });

  it("leaves out what was not given, so that the settings decide", () => {
    expect(parsed("status")).toEqual({ type: "command", name: "status", args: [], flags: {} });
  });

  it.each([
    ["deploy -s web --force-conflict", /--force-conflict'.*Did you mean --force-conflicts/],
    ["deploi", /unknown command 'deploi'.*Did you mean deploy/],
    ["deploy -f a.yaml", /deploy needs '-s, --service <name>'/],
    ["deploy --nope", /unknown option '--nope'/],
    ["deploy -s", /'-s, --service <name>' argument missing/],
    ["deploy -s web -n", /'-n, --namespace <name>' argument missing/],
    ["deploy -s a -s b", /'-s, --service <name>' is given twice/],
    ["status -n a web -n b", /'-n, --namespace <name>' is given twice/],
    ["status -o json -o yaml", /'-o, --output <format>' is given twice/],
    ["deploy -s a --wait --no-wait", /'--wait' and '--no-wait' can't both be given/],
    ["deploy -s a --dry-run --dry-run", /'--dry-run' is given twice/],
    ["status -j -o yaml", /'-o yaml' and '--json' can't both be given/],
    ["deploy -s a -o name --stream", /'-o name' and '--stream' can't both be given/],
    ["status a b", /too many arguments/],
    ["history", /missing required argument 'service'/],
    ["status -o xml", /xml.*table, json, yaml or name/],
    ["deploy -s web --timeout soon", /soon.*90s, 5m or 1h30m/],
    ["deploy -s web --timeout 0s", /0s.*90s, 5m or 1h30m/],
    ["deploy -s web --strategy sideways", /sideways.*direct, canary or blue_green/],
    ["history web --limit 0", /0.*above 0/],
    ["-j", /no command was given/],
  ])("calls %s a mistake", (line, message) => {
    const answer = parsed(line);
    expect(answer.type).toBe("mistake");
    expect(answer.type === "mistake" && answer.message).toMatch(message);
  });

  it.each([
    ["deploy -s -o json --nope x", { output: "json" }],
    ["deploy --nope -ojson", { output: "json" }],
    ["deploy --nope -j", { json: true }],
    ["deploy --nope -qj", { json: true }],
    ["deploy --nope --output=json", { output: "json" }],
    ["deploy --nope", {}],
  ])("knows the form that %s asks its mistake to have", (line, flags) => {
    expect(parsed(line)).toMatchObject({ type: "mistake", flags });
  });

  it.each(["", "--help", "help", "deploy --help", "help deploy"])(
    "prints help for '%s'",
    (line) => {
      const answer = parsed(line);
      expect(answer.type).toBe("text");
      const text = answer.type === "text" ? answer.text : "";
      expect(text.indexOf("Examples:")).toBeLessThan(text.indexOf("Usage:"));
      expect(text.indexOf("Examples:")).toBeGreaterThan(0);
    },
  );

  it("groups a command's flags, its own before those of all", () => {
    const answer = parsed("deploy --help");
    const text = answer.type === "text" ? answer.text : "";
    const heads = [...text.matchAll(/^(\S.*):$/gm)].map(([, head]) => head);
    expect(heads).toEqual([
      "Examples",
      "What to deploy",
      "How to deploy it",
      "What to print",
      "Which cluster",
      "Options",
    ]);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("prints the version", () => {
    expect(parsed("--version")).toEqual({ type: "text", text: "1.2.3\n" });
  });

  it.each([
    ["dep", ["deploy\t"]],
    ["deploy --force", ["--force-conflicts\t"]],
    ["status -o ", ["table", "json", "yaml", "name"]],
    ["status --output=j", ["--output=json"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["deploy -f ", []],
  ])("completes '%s'", (line, starts) => {
    const answer = parse(["__complete", ...line.split(" ")], "1.2.3");
    const lines =
      answer.type === "text" ? answer.text.split("\n").filter((each) => each !== "") : [];
    expect(lines).toHaveLength(starts.length);
    starts.forEach((start, index) => expect(lines[index]).toContain(start));
  });
});
