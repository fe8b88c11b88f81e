import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import * as PolicyFile from "../src/PolicyFile.js";
import { disk } from "./support.js";

const load = (files: Readonly<Record<string, string>>) =>
  PolicyFile.load.pipe(Effect.provide(disk(files)));

const near = "/home/me/shop/nopea.yaml";
const far = "/home/me/nopea.yaml";

describe("the policy", () => {
  it.effect("is that of the nearest nopea.yaml, beside its settings", () =>
    Effect.gen(function* () {
      const policy = "policy: {strategy: canary, threshold: 0.3}\n";
      expect(yield* load({ [near]: `namespace: shop\n${policy}` })).toEqual({
        strategy: "canary",
        threshold: 0.3,
      });
      expect(yield* load({ [near]: "namespace: shop\n", [far]: policy })).toEqual({});
      expect(yield* load({ [far]: policy })).toMatchObject({ threshold: 0.3 });
    }),
  );

  it.effect.each([{}, { [near]: "" }, { [near]: "policy:\n" }])("is empty with %j", (files) =>
    Effect.gen(function* () {
      expect(yield* load(files)).toEqual({});
    }),
  );

  it.effect.each<readonly [string, string, RegExp]>([
    ["policy: {thresold: 0.3}", "policy.thresold", /no key/],
    ["policy: {namespaces: {prod: {threshold: 3}}}", "policy.namespaces.prod.threshold", /0 to 1/],
    [
      'policy: {freeze: [{schedule: "0 0 * * *", duration: 1h, time_zone: Europa/Berlin}]}',
      "policy.freeze[0].time_zone",
      /Europa\/Berlin/,
    ],
    ["policy: strict", "policy", /strict/],
  ])("is refused by file and key: %s", ([text, field, why]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({ [near]: text }));
      expect(failure).toMatchObject({ _tag: "BadInput", source: near, field });
      expect(failure.message).toContain(`${near}: ${field}: `);
      expect(failure.message).toMatch(why);
    }),
  );

  it.effect("is refused where the file is not YAML, as a schedule without quotes makes it", () =>
    Effect.gen(function* () {
      const text = "policy: {freeze: [{schedule: * * * * *, duration: 1h, time_zone: UTC}]}";
      const failure = yield* Effect.flip(load({ [near]: text }));
      expect(failure.message).toContain(`${near} is not YAML`);
    }),
  );
});
