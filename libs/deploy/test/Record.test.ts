import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Record } from "../src/index.js";
import * as Records from "../src/Records.js";
import { id, time } from "./support/Ledgers.js";

const secrets = (...ns: ReadonlyArray<number>) =>
  ns.map((n) => Record.partName(Record.nameOf("web", id(n)), 1));

const bytes = (length: number) => new Uint8Array(length);
const sizes = (placed: ReturnType<typeof Record.place>) =>
  placed.map((part) =>
    Object.fromEntries(Object.entries(part).map(([section, piece]) => [section, piece.length])),
  );

describe("a record", () => {
  it("puts a small set, what was applied and the result into one Secret", () => {
    assert.strictEqual(Record.roomFor(10_000), 1);
    assert.deepStrictEqual(
      sizes(
        Record.place(
          [10_000],
          [
            ["result", bytes(500)],
            ["applied", bytes(9_000)],
          ],
        ),
      ),
      [{ result: 500, applied: 9_000 }],
    );
  });

  it("has room for as much again where the set fills its Secrets", () => {
    const set = 2 * Record.partBytes;
    const room = Record.roomFor(set);
    assert.strictEqual(room, 5);
    const pieces = Record.cut(bytes(set), Record.partBytes);
    assert.deepStrictEqual(
      pieces.map(({ length }) => length),
      [Record.partBytes, Record.partBytes],
    );
    const used = Array.from({ length: room }, (_, part) => pieces[part]?.length ?? 0);
    const placed = sizes(
      Record.place(used, [
        ["result", bytes(1_000)],
        ["applied", bytes(set)],
      ]),
    );
    assert.deepStrictEqual(placed, [
      {},
      {},
      { result: 1_000, applied: Record.partBytes - 1_000 },
      { applied: Record.partBytes },
      { applied: 1_000 },
    ]);
  });

  it("leaves out what no longer fits, whole", () => {
    const placed = Record.place(
      [0],
      [
        ["result", bytes(1_000)],
        ["applied", bytes(Record.partBytes)],
      ],
    );
    assert.deepStrictEqual(sizes(placed), [{ result: 1_000 }]);
  });

  it.each<
    [string, ReadonlyArray<number>, { current?: number; inFlight?: number }, ReadonlyArray<number>]
  >([
    ["the newest are kept", [1, 2, 3, 4], {}, [1, 2]],
    ["the current set's is kept however old", [1, 2, 3, 4], { current: 1 }, [2]],
    ["the one in flight too", [1, 2, 3, 4], { current: 1, inFlight: 2 }, []],
    ["nothing to do", [1, 2], {}, []],
  ])("is deleted when it is old enough: %s", (_, there, { current, inFlight }, expected) => {
    assert.deepStrictEqual(
      Record.toPrune(secrets(...there), {
        service: "web",
        keep: 2,
        current: current === undefined ? undefined : id(current),
        inFlight: inFlight === undefined ? undefined : id(inFlight),
      }),
      secrets(...expected),
    );
  });

  it("counts records, not their parts", () => {
    const parts = [1, 2, 3].flatMap((n) => Record.partNames(Record.nameOf("web", id(n)), 3));
    const gone = Record.toPrune(parts, { service: "web", keep: 2 });
    assert.deepStrictEqual(gone, Record.partNames(Record.nameOf("web", id(1)), 3));
  });

  it("has names that Kubernetes takes for the longest service", () => {
    const name = Record.partName(Record.nameOf("w".repeat(63), id(1)), 12);
    assert.isAtMost(name.length, 253);
    assert.match(name, /^[a-z0-9-]+$/);
  });

  it.effect("has one digest for one set, and tells by it that a Secret's salt differs", () =>
    Effect.gen(function* () {
      const set = (salt?: string): Record.RecordSet => ({
        version: 1,
        id: id(1),
        accepted: time(1),
        strategy: "direct",
        ...(salt === undefined ? {} : { salt }),
        objects: [],
      });
      const digests = yield* Effect.forEach([set(), set(), set("a"), set("b")], (one) =>
        Effect.map(Records.prepare("web", one), ({ ref }) => ref.digest),
      );
      assert.strictEqual(digests[0], digests[1]);
      assert.strictEqual(new Set(digests).size, 3);
      assert.notStrictEqual(yield* Records.salt, yield* Records.salt);
    }),
  );
});
