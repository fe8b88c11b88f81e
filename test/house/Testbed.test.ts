/** The test-bed's table of tags is sound, and its README says what is in it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stages, TAGS } from "../../tools/testbed/stages.mjs";

const readme = readFileSync(new URL("../../tools/testbed/README.md", import.meta.url), "utf8");

describe("the test-bed's tags", () => {
  it("are those that its README describes", () => {
    const described = [...readme.matchAll(/^\| `:([a-z-]+)`/gm)].map(([, tag]) => tag);
    expect(described.sort()).toEqual(Object.keys(TAGS).sort());
  });

  it.each(Object.entries(TAGS))(
    "%s: no two neighbours look the same, or kwok would go round in circles",
    (_, steps) => {
      const keys = steps.map(({ state }) =>
        [state.restarts, state.kind, "reason" in state ? state.reason : state.ready].join("-"),
      );
      expect(keys.filter((key, index) => key === keys[index - 1])).toEqual([]);
    },
  );

  it("become stages with names of their own", () => {
    const names = stages().map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(names.length);
  });
});
