import { assert, describe, it } from "@effect/vitest";
import { Plan, Reason, type Service, Strategy } from "@nopea/domain";
import { FastCheck } from "effect";
import * as Jsonl from "../src/Jsonl.js";
import type { Lesson } from "../src/Lesson.js";

const cluster = "uid-1" as Service.ClusterId;
const now = Date.parse("2026-11-24T12:00:00Z");

const good = {
  service: "web",
  namespace: "shop",
  time: "2026-11-01T10:00:00Z",
  change_kind: "image",
  semver: "minor",
  files_changed: 2,
  lines_changed: 7,
  co_services: ["redis"],
  bot: true,
  is_revert: false,
  outcome: "failed",
  failed_after_min: 12,
  reason: "crash_loop",
};

const readAll = (...texts: ReadonlyArray<string>) => {
  const read = Jsonl.reader({ cluster, now });
  return texts.flatMap((text) => read(text) ?? []);
};
const read = (more: object = {}) => readAll(JSON.stringify({ ...good, ...more }))[0];
const without = (field: string) =>
  JSON.stringify(Object.fromEntries(Object.entries(good).filter(([key]) => key !== field)));

const lessonOf = (entry: Jsonl.Entry | undefined): Lesson => {
  assert.strictEqual(entry?.type, "lesson");
  return (entry as Extract<Jsonl.Entry, { type: "lesson" }>).lesson;
};
const whyOf = (entry: Jsonl.Entry | undefined): string => {
  assert.strictEqual(entry?.type, "skipped");
  return (entry as Extract<Jsonl.Entry, { type: "skipped" }>).why;
};

describe("reading lines", () => {
  it("makes a lesson of a line, and ignores fields that it does not know", () => {
    const { id, ...lesson } = lessonOf(read({ colour: "red", __proto__: 1 }));
    assert.match(id, /^import-[\w-]{22}$/);
    assert.deepStrictEqual(lesson, {
      ref: { cluster, namespace: "shop", service: "web" } as Service.ServiceRef,
      startedAt: Date.parse(good.time),
      revealedAt: Date.parse(good.time) + 12 * 60_000,
      change: { kind: "image", semver: "minor", objects: 2, lines: 7 },
      strategy: "direct",
      bot: true,
      isRevert: false,
      failed: true,
      reason: "crash_loop",
      source: "import",
    });
  });

  it("reads times with an offset and fractions, and knows a success after an hour", () => {
    const lesson = lessonOf(
      read({ time: "2026-11-01T12:00:00.123456+02:00", outcome: "ok", failed_after_min: null }),
    );
    assert.strictEqual(lesson.startedAt, Date.parse("2026-11-01T10:00:00.123Z"));
    assert.strictEqual(lesson.revealedAt, lesson.startedAt + 3_600_000);
    const recent = lessonOf(read({ time: "2026-11-24T11:50:00Z", outcome: "ok" }));
    assert.strictEqual(recent.revealedAt, now);
  });

  it.each<readonly [string, string, RegExp]>([
    ["no JSON", "{", /no JSON/],
    ["a cut line", JSON.stringify(good).slice(0, 60), /no JSON/],
    ["a list", "[]", /no JSON object/],
    ["null", "null", /no JSON object/],
    ["a text", '"web"', /no JSON object/],
    ["a very long line", JSON.stringify({ ...good, x: "a".repeat(70_000) }), /65536 characters/],
    [
      "a service that can be none",
      JSON.stringify({ ...good, service: "a_b" }),
      /^service: .*DNS label/,
    ],
    ["a namespace that can be none", JSON.stringify({ ...good, namespace: "" }), /^namespace: /],
    ["a day without a time", JSON.stringify({ ...good, time: "2026-11-01" }), /^time: .*RFC 3339/],
    ["a time without a zone", JSON.stringify({ ...good, time: "2026-11-01T10:00:00" }), /RFC 3339/],
    ["a day that isn't", JSON.stringify({ ...good, time: "2026-02-30T10:00:00Z" }), /RFC 3339/],
    ["an hour that isn't", JSON.stringify({ ...good, time: "2026-02-20T25:00:00Z" }), /RFC 3339/],
    ["a time that is a number", JSON.stringify({ ...good, time: 17 }), /^time: /],
    [
      "a future time",
      JSON.stringify({ ...good, time: "2026-11-24T12:00:01Z" }),
      /^its time is in the future$/,
    ],
    [
      "a future failure",
      JSON.stringify({ ...good, time: "2026-11-24T11:55:00Z" }),
      /^its outcome is in the future$/,
    ],
    ["an unknown kind", JSON.stringify({ ...good, change_kind: "other" }), /^change_kind: /],
    ["an unknown step", JSON.stringify({ ...good, semver: "huge" }), /^semver: /],
    ["half a file", JSON.stringify({ ...good, files_changed: 1.5 }), /^files_changed: /],
    ["fewer than no lines", JSON.stringify({ ...good, lines_changed: -1 }), /^lines_changed: /],
    ["a bot that is a text", JSON.stringify({ ...good, bot: "yes" }), /^bot: /],
    ["an unknown outcome", JSON.stringify({ ...good, outcome: "maybe" }), /^outcome: /],
    ["a half-known change", JSON.stringify({ ...good, semver: null }), /some are null/],
  ])("skips %s and says why", (_, text, why) => {
    const [first, second] = readAll(text, JSON.stringify(good));
    assert.match(whyOf(first), why);
    assert.strictEqual(first?.line, 1);
    assert.strictEqual(lessonOf(second).failed, true);
    assert.strictEqual(second?.line, 2);
  });

  const needed = Object.keys(good).filter(
    (field) => !["co_services", "failed_after_min", "reason"].includes(field),
  );
  it.each(needed)("says that a line lacks %s", (field) => {
    assert.strictEqual(whyOf(readAll(without(field))[0]), `it lacks "${field}"`);
  });
  it.each(["co_services", "failed_after_min", "reason"])("does without %s", (field) => {
    assert.strictEqual(lessonOf(readAll(without(field))[0]).failed, true);
  });

  it("prints nothing of a line that could harm a terminal", () => {
    const why = whyOf(read({ outcome: `\u001b[31m${"x".repeat(2_000)}` }));
    assert.isFalse(why.includes("\u001b"));
    assert.isBelow(why.length, 400);
  });

  it("counts blank lines, and takes a byte order mark and CR LF", () => {
    const entries = readAll(`\ufeff${JSON.stringify(good)}\r`, "", "  \r", "{");
    assert.deepStrictEqual(
      entries.map(({ type, line }) => [type, line]),
      [
        ["lesson", 1],
        ["skipped", 4],
      ],
    );
  });

  it("names the line that came before with the same content, whatever the order of its fields", () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(good).reverse()));
    const [, , third] = readAll(JSON.stringify(good), "{", reversed);
    assert.strictEqual(whyOf(third), "it is the same as line 1");
  });

  it("takes a line that is out of order, and notes it", () => {
    const [, second, third] = readAll(
      JSON.stringify(good),
      JSON.stringify({ ...good, time: "2026-10-01T10:00:00Z" }),
      JSON.stringify({ ...good, time: "2026-11-02T10:00:00Z" }),
    );
    assert.deepStrictEqual(
      [second, third].map((entry) => entry?.type === "lesson" && entry.notes),
      [["it is older than a line before it"], []],
    );
  });

  it("takes a line whose reason it does not know without the reason, and notes it", () => {
    const entry = read({ reason: "bad luck" });
    assert.isUndefined(lessonOf(entry).reason);
    assert.deepStrictEqual(entry?.type === "lesson" && entry.notes, [
      'no reason is called "bad luck"',
    ]);
  });

  it("gives the same content the same id at any time, and another content another", () => {
    const later = Jsonl.reader({ cluster, now: now + 1e9 })(JSON.stringify(good));
    const { id } = lessonOf(read());
    assert.strictEqual(lessonOf(later).id, id);
    const others = [
      { service: "api" },
      { namespace: "x" },
      { time: "2026-11-01T10:00:01Z" },
      { lines_changed: 8 },
      { bot: false },
    ].map((more) => lessonOf(read(more)).id);
    assert.strictEqual(new Set([id, ...others]).size, 6);
  });

  it("knows a deploy again that ended otherwise, and lets the later line stand", () => {
    const entries = readAll(
      ...[
        good,
        { ...good, outcome: "ok" },
        { ...good, reason: "timeout" },
        { ...good, reason: null },
      ].map((each) => JSON.stringify(each)),
    );
    assert.deepStrictEqual(
      entries.map((entry) => (entry.type === "skipped" ? entry.why : entry.notes)),
      [
        [],
        ["it says otherwise of the deploy of line 1, which stands no more"],
        ["it says otherwise of the deploy of line 2, which stands no more"],
        "it is the same as line 3",
      ],
    );
    assert.strictEqual(new Set(entries.slice(0, 3).map((each) => lessonOf(each).id)).size, 1);
  });

  it("skips a line that has the id of another service's deploy", () => {
    const [, second] = readAll(
      JSON.stringify({ ...good, id: "42" }),
      JSON.stringify({ ...good, id: "42", service: "api" }),
    );
    assert.strictEqual(whyOf(second), "it has the id of line 1, of another service");
  });
});

const arbitrary: FastCheck.Arbitrary<Lesson> = FastCheck.record({
  id: FastCheck.stringMatching(/^[\w.:-]{1,40}$/),
  ref: FastCheck.record({
    cluster: FastCheck.constant(cluster),
    namespace: FastCheck.constantFrom("shop", "other"),
    service: FastCheck.constantFrom("web", "api", "redis"),
  }) as FastCheck.Arbitrary<Service.ServiceRef>,
  startedAt: FastCheck.integer({ min: now - 5 * 3_600_000, max: now }),
  took: FastCheck.integer({ min: 0, max: 3_600_000 }),
  change: FastCheck.option(
    FastCheck.record({
      kind: FastCheck.constantFrom(...Plan.Change.fields.kind.literals),
      semver: FastCheck.constantFrom(...Plan.Change.fields.semver.literals),
      objects: FastCheck.nat(),
      lines: FastCheck.nat(),
    }),
    { nil: undefined },
  ),
  strategy: FastCheck.constantFrom(...Strategy.Strategy.literals),
  bot: FastCheck.option(FastCheck.boolean(), { nil: undefined }),
  isRevert: FastCheck.boolean(),
  failed: FastCheck.boolean(),
  reason: FastCheck.option(FastCheck.constantFrom(...Reason.all), { nil: undefined }),
}).map(({ took, change, bot, reason, ...rest }) => ({
  ...rest,
  revealedAt: Math.min(now, rest.startedAt + took),
  ...(change === undefined ? {} : { change }),
  ...(bot === undefined ? {} : { bot }),
  ...(reason === undefined ? {} : { reason }),
  source: "import" as const,
}));

describe("writing lines", () => {
  it("writes what reads as the same lessons, and then as the same lines", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.uniqueArray(arbitrary, { selector: ({ id }) => id, maxLength: 30 }),
        (some) => {
          const lessons = [...some].sort((a, b) => a.startedAt - b.startedAt);
          const lines = lessons.map(Jsonl.writer());
          const entries = readAll(...lines);
          assert.deepStrictEqual(entries.map(lessonOf), lessons);
          assert.isTrue(
            entries.every((entry) => entry.type === "lesson" && entry.notes.length === 0),
          );
          assert.deepStrictEqual(entries.map(lessonOf).map(Jsonl.writer()), lines);
        },
      ),
    );
  });

  it("names the other services of the namespace that began within the hour before", () => {
    const at = (service: string, minute: number, namespace = "shop"): Lesson => ({
      ...lessonOf(read({ service, namespace })),
      startedAt: now - 10 * 3_600_000 + minute * 60_000,
    });
    const lines = [
      at("redis", 0),
      at("web", 1),
      at("api", 2, "other"),
      at("web", 59),
      at("web", 61),
    ].map(Jsonl.writer());
    assert.deepStrictEqual(
      lines.map((line) => (JSON.parse(line) as { readonly co_services: unknown }).co_services),
      [[], ["redis"], [], ["redis"], []],
    );
  });

  it("gives the fields of a line that was read back as they were", () => {
    const line = JSON.parse(Jsonl.writer()(lessonOf(read()))) as Record<string, unknown>;
    assert.deepInclude(line, { ...good, co_services: [], time: "2026-11-01T10:00:00.000Z" });
  });
});
