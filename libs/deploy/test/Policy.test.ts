import { assert, describe, it } from "@effect/vitest";
import type { Service } from "@nopea/domain";
import { Either } from "effect";
import * as Policy from "../src/Policy.js";

const place = (text: string) => {
  const [namespace, service] = text.split("/");
  return { namespace, service } as Pick<Service.ServiceRef, "namespace" | "service">;
};

const at = (instant: string): number => Date.parse(instant);
const now = at("2026-06-01T00:00:00Z");

const read = (value: unknown): Policy.Policy => {
  const decoded = Policy.decode(value, now);
  if (Either.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  return decoded.right;
};

const problem = (value: unknown): Policy.Problem => {
  const decoded = Policy.decode(value, now);
  if (Either.isRight(decoded)) throw new Error("it was taken");
  return decoded.left;
};

const until = (windows: ReadonlyArray<object>, instant: string): string | undefined => {
  const found = Policy.freeze(read({ freeze: windows }), place("shop/web"), at(instant));
  if (found === undefined) return undefined;
  return Number.isFinite(found.until) ? new Date(found.until).toISOString().slice(0, 16) : "never";
};

const weekend = { schedule: "0 18 * * 5", duration: "60h", time_zone: "Europe/Berlin" };
const nightly = { schedule: "30 2 * * *", duration: "1h", time_zone: "Europe/Berlin" };
const berlin = (from: string, to: string) => ({ from, to, time_zone: "Europe/Berlin" });

describe("a freeze window", () => {
  it.each<[string, object, string, string | undefined]>([
    ["before it opens", weekend, "2026-07-03T15:59:59Z", undefined],
    ["when it opens", weekend, "2026-07-03T16:00:00Z", "2026-07-06T04:00"],
    ["over midnight", weekend, "2026-07-03T23:30:00Z", "2026-07-06T04:00"],
    ["in its last second", weekend, "2026-07-06T03:59:59Z", "2026-07-06T04:00"],
    ["when it closes", weekend, "2026-07-06T04:00:00Z", undefined],
    ["in winter an hour later", weekend, "2026-01-09T16:30:00Z", undefined],
    ["in winter at its local time", weekend, "2026-01-09T17:00:00Z", "2026-01-12T05:00"],
    // 60 hours are 60 hours: Monday 07:00 where the clocks go forward, 05:00 where they go back.
    ["over the spring change", weekend, "2026-03-29T12:00:00Z", "2026-03-30T05:00"],
    ["over the autumn change", weekend, "2026-10-25T12:00:00Z", "2026-10-26T04:00"],
    // 02:30 does not exist on this day: it opens when the clocks have been changed.
    ["at a time that is skipped", nightly, "2026-03-29T01:29:59Z", undefined],
    ["after a time that is skipped", nightly, "2026-03-29T01:30:00Z", "2026-03-29T02:30"],
    // 02:30 comes twice on this day, one hour after the other.
    ["at a time that comes twice", nightly, "2026-10-25T00:30:00Z", "2026-10-25T02:30"],
    ["the second time", nightly, "2026-10-25T02:29:00Z", "2026-10-25T02:30"],
    [
      "in another zone",
      { ...weekend, time_zone: "Asia/Tokyo" },
      "2026-07-03T09:00:00Z",
      "2026-07-05T21:00",
    ],
    [
      "on the other side of the date line",
      { schedule: "0 0 1 1 *", duration: "24h", time_zone: "Pacific/Kiritimati" },
      "2026-12-31T10:00:00Z",
      "2027-01-01T10:00",
    ],
    [
      "with names of days",
      { schedule: "0 22 * * mon-thu", duration: "8h", time_zone: "UTC" },
      "2026-07-02T23:00:00Z",
      "2026-07-03T06:00",
    ],
    [
      "on a day that most months lack",
      { schedule: "0 0 31 * *", duration: "24h", time_zone: "UTC" },
      "2026-07-31T12:00:00Z",
      "2026-08-01T00:00",
    ],
    [
      "that opens again before it closes",
      { schedule: "0 9,10,11 * * *", duration: "90m", time_zone: "UTC" },
      "2026-07-31T09:01:00Z",
      "2026-07-31T12:30",
    ],
    [
      "that never closes",
      { schedule: "0 0 * * *", duration: "24h", time_zone: "UTC" },
      "2026-07-31T09:01:00Z",
      "never",
    ],
    [
      "once, by local times",
      berlin("2026-12-24T12:00", "2027-01-02T00:00"),
      "2026-12-24T11:00:00Z",
      "2027-01-01T23:00",
    ],
    [
      "once, before it",
      berlin("2026-12-24T12:00", "2027-01-02T00:00"),
      "2026-12-24T10:59:59Z",
      undefined,
    ],
    [
      "once, after it",
      berlin("2026-12-24T12:00", "2027-01-02T00:00"),
      "2027-01-01T23:00:00Z",
      undefined,
    ],
    [
      "up to the later of two times of the same name",
      berlin("2026-10-25T02:00", "2026-10-25T02:30"),
      "2026-10-25T01:29:00Z",
      "2026-10-25T01:30",
    ],
    [
      "from the earlier of two times of the same name",
      berlin("2026-10-25T02:00:00", "2026-10-25T02:30:00"),
      "2026-10-25T00:00:00Z",
      "2026-10-25T01:30",
    ],
  ])("%s", (_, window, instant, expected) => {
    assert.strictEqual(until([window], instant), expected);
  });
});

describe("a policy", () => {
  const policy = read({
    strategy: "direct",
    threshold: 0.3,
    namespaces: { prod: { strategy: "canary", threshold: 0.1 } },
    services: {
      "prod/web": { strategy: "blue-green" },
      web: { strategy: "direct", threshold: 0.2 },
    },
  });

  it.each([
    ["dev/api", "direct", "policy.strategy", 0.3, "policy.threshold"],
    [
      "prod/api",
      "canary",
      "policy.namespaces.prod.strategy",
      0.1,
      "policy.namespaces.prod.threshold",
    ],
    ["dev/web", "direct", "policy.services.web.strategy", 0.2, "policy.services.web.threshold"],
    [
      "prod/web",
      "blue_green",
      "policy.services.prod/web.strategy",
      0.2,
      "policy.services.web.threshold",
    ],
  ])("has the most specific rule win for %s", (of, strategy, from, threshold, thresholdFrom) => {
    assert.deepStrictEqual(Policy.strategy(policy, place(of)), { value: strategy, path: from });
    assert.deepStrictEqual(Policy.threshold(policy, place(of)), {
      value: threshold,
      path: thresholdFrom,
    });
  });

  it("holds the freeze windows of all levels, and names the one that is open longest", () => {
    const day = (hours: string) => ({ schedule: "0 0 * * *", duration: hours, time_zone: "UTC" });
    const frozen = read({
      freeze: [day("1h")],
      namespaces: {
        prod: { freeze: [{ ...day("3h"), name: "night" }] },
        dev: { freeze: [day("9h")] },
      },
      services: { web: { freeze: [day("2h")] } },
    });
    const open = (of: string, hour: string) =>
      Policy.freeze(frozen, place(of), at(`2026-06-01T${hour}:30:00Z`))?.path;
    assert.strictEqual(open("prod/web", "00"), "policy.namespaces.prod.freeze[0]");
    assert.strictEqual(open("test/web", "01"), "policy.services.web.freeze[0]");
    assert.strictEqual(open("test/api", "00"), "policy.freeze[0]");
    assert.strictEqual(open("test/api", "01"), undefined);
  });

  it("calls a zone what it was called, though the runtime knows it by an older name", () => {
    const zoned = read({ freeze: [{ ...nightly, time_zone: "Asia/Kolkata", duration: "24h" }] });
    assert.strictEqual(Policy.freeze(zoned, place("shop/web"), now)?.zone.name, "Asia/Kolkata");
  });

  it("is empty where nothing stands under its key", () => {
    assert.deepStrictEqual(read(null), {});
    assert.deepStrictEqual(read(undefined), {});
  });

  it("does not take a name of every object for a namespace or a service", () => {
    assert.isUndefined(Policy.strategy(read({ services: {} }), place("constructor/tostring")));
  });

  it.each<[unknown, string, RegExp]>([
    [{ stratgy: "direct" }, "policy.stratgy", /no key/],
    [{ strategy: "sideways" }, "policy.strategy", /sideways.*direct, canary/],
    [{ threshold: 1.01 }, "policy.threshold", /from 0 to 1/],
    [{ threshold: -0.01 }, "policy.threshold", /from 0 to 1/],
    [{ threshold: "high" }, "policy.threshold", /number/],
    [{ namespaces: { "a.b": {} } }, "policy.namespaces.a.b", /no name of a namespace/],
    [{ services: { "a/b/c": {} } }, "policy.services.a/b/c", /no service/],
    [{ namespaces: { prod: { frieze: [] } } }, "policy.namespaces.prod.frieze", /no key/],
    [{ freeze: [{ ...weekend, until: 1 }] }, "policy.freeze[0].until", /no key/],
    [{ freeze: [{ ...weekend, time_zone: "Mars/Base" }] }, "policy.freeze[0].time_zone", /Mars/],
    [{ freeze: [{ ...weekend, time_zone: "+02:00" }] }, "policy.freeze[0].time_zone", /IANA/],
    [
      { namespaces: { prod: { freeze: [weekend, { ...nightly, time_zone: "CEST" }] } } },
      "policy.namespaces.prod.freeze[1].time_zone",
      /CEST/,
    ],
    [
      { freeze: [{ schedule: "0 0 * * *", duration: "1h" }] },
      "policy.freeze[0].time_zone",
      /missing/,
    ],
    [
      { freeze: [{ ...weekend, schedule: "0 25 * * *" }] },
      "policy.freeze[0].schedule",
      /hour "25"/,
    ],
    [{ freeze: [{ ...weekend, schedule: "0 0 * *" }] }, "policy.freeze[0].schedule", /4 fields/],
    [
      { freeze: [{ ...weekend, schedule: "0 0 0 * * *" }] },
      "policy.freeze[0].schedule",
      /6 fields/,
    ],
    [{ freeze: [{ ...weekend, schedule: "0 0 30 2 *" }] }, "policy.freeze[0].schedule", /no month/],
    [{ freeze: [{ ...weekend, duration: "0s" }] }, "policy.freeze[0].duration", /above 0/],
    [{ freeze: [{ ...weekend, duration: "two days" }] }, "policy.freeze[0].duration", /two days/],
    [{ freeze: [{ ...weekend, from: "2026-01-01T00:00" }] }, "policy.freeze[0]", /either/],
    [{ freeze: [{ time_zone: "UTC" }] }, "policy.freeze[0]", /either/],
    [
      { freeze: [{ time_zone: "UTC", from: "2026-01-01T00:00" }] },
      "policy.freeze[0].to",
      /missing/,
    ],
    [
      { freeze: [{ schedule: "0 0 * * *", time_zone: "UTC" }] },
      "policy.freeze[0].duration",
      /missing/,
    ],
    [
      { freeze: [berlin("2026-01-02T00:00", "2026-01-01T00:00")] },
      "policy.freeze[0].to",
      /after from/,
    ],
    [
      { freeze: [berlin("2026-01-01T00:00", "2026-01-01T00:00")] },
      "policy.freeze[0].to",
      /after from/,
    ],
    [
      { freeze: [berlin("2026-02-30T00:00", "2026-03-01T00:00")] },
      "policy.freeze[0].from",
      /02-30/,
    ],
    [{ freeze: [berlin("2026-01-01", "2026-01-02T00:00")] }, "policy.freeze[0].from", /local time/],
    [
      { freeze: [berlin("2026-01-01T00:00Z", "2026-01-02T00:00")] },
      "policy.freeze[0].from",
      /local/,
    ],
    [[], "policy", /Policy/],
  ])("is refused by the key's path: %j", (value, path, message) => {
    const found = problem(value);
    assert.strictEqual(found.path, path);
    assert.match(found.message, message);
  });
});

describe("windows of one list", () => {
  const morning = { schedule: "0 6 * * 1", duration: "2h", time_zone: "Europe/Berlin" };

  it.each<[string, ReadonlyArray<object>, string | undefined]>([
    ["may touch, the change of the clocks or not", [weekend, morning], undefined],
    [
      "may not share an hour",
      [weekend, { ...morning, schedule: "0 5 * * 1" }],
      "2026-06-01 05:00 Europe/Berlin",
    ],
    ["may not be the same", [weekend, weekend], "2026-06-01 00:00"],
    [
      "may not share one day of the year",
      [weekend, { schedule: "0 0 25 12 *", duration: "24h", time_zone: "Europe/Berlin" }],
      // The 25th is a Friday.
      "2026-12-25 18:00",
    ],
    [
      "may not share an hour of different zones",
      [morning, { schedule: "0 1 * * 1", duration: "1h", time_zone: "America/New_York" }],
      "2026-06-01 01:00 America/New_York",
    ],
    [
      "may be at the same local time in different zones",
      [morning, { ...morning, time_zone: "America/New_York" }],
      undefined,
    ],
    [
      "may touch in different zones",
      [
        { schedule: "0 0 * * *", duration: "1h", time_zone: "Asia/Tokyo" },
        { schedule: "0 0 * * *", duration: "1h", time_zone: "Asia/Shanghai" },
      ],
      undefined,
    ],
    [
      "may not have one that comes once in one that recurs",
      [weekend, berlin("2030-01-04T12:00", "2030-01-04T18:30")],
      "2030-01-04 18:00",
    ],
    [
      "may have one that comes once beside one that recurs",
      [weekend, berlin("2030-01-04T12:00", "2030-01-04T18:00")],
      undefined,
    ],
    [
      "may come once, one after the other",
      [
        berlin("2026-12-24T00:00", "2026-12-27T00:00"),
        { from: "2026-12-26T23:00", to: "2026-12-28T00:00", time_zone: "UTC" },
      ],
      undefined,
    ],
    [
      "may not overlap for an hour because of their zones",
      [
        berlin("2026-12-24T00:00", "2026-12-27T00:00"),
        { from: "2026-12-26T22:00", to: "2026-12-28T00:00", time_zone: "UTC" },
      ],
      "2026-12-26 22:00",
    ],
    [
      "may be many",
      [
        { schedule: "0-29 * * * *", duration: "1m", time_zone: "Europe/Berlin" },
        { schedule: "30-59 * * * *", duration: "1m", time_zone: "Europe/Berlin" },
      ],
      undefined,
    ],
  ])("%s", (_, freeze, moment) => {
    const decoded = Policy.decode({ namespaces: { prod: { freeze } } }, now);
    if (moment === undefined) return assert.isTrue(Either.isRight(decoded));
    const { path, message } = problem({ namespaces: { prod: { freeze } } });
    assert.strictEqual(path, "policy.namespaces.prod.freeze[1]");
    assert.include(message, "policy.namespaces.prod.freeze[0]");
    assert.include(message, moment);
  });

  it("may overlap those of another list", () => {
    read({ freeze: [weekend], namespaces: { prod: { freeze: [weekend] } } });
  });
});
