import { describe, expect, it } from "@effect/vitest";
import { ConfigProvider, Effect } from "effect";
import * as Settings from "../src/Settings.js";
import { disk } from "./support.js";

const load = (
  options: Settings.Options,
  world: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
) =>
  Settings.load(options).pipe(
    Effect.provide(disk(world.files ?? {})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ HOME: "/home/me", ...world.env }))),
    ),
  );

const yaml = "/home/me/shop/nopea.yaml";

describe("Settings", () => {
  it.effect("takes what was asked before the environment, and that before the file", () =>
    Effect.gen(function* () {
      const world = {
        files: { [yaml]: "namespace: file\ncontext: file\ntimeout: 7s\n" },
        env: { NOPEA_NAMESPACE: "environment", NOPEA_CONTEXT: "environment" },
      };
      const settings = yield* load({ namespace: "asked" }, world);
      expect(settings).toMatchObject({
        namespace: "asked",
        context: "environment",
        timeoutMs: 7_000,
        deadlineMs: 3_600_000,
        lockTimeoutMs: 600_000,
      });
    }),
  );

  it.effect(
    "keeps its memory where it is told, else in the nearest .nopea, else with the user's",
    () =>
      Effect.gen(function* () {
        const near = { files: { "/home/me/shop/.nopea/nopea.db": "" } };
        expect((yield* load({ state: "/x" }, near)).state).toBe("/x");
        expect((yield* load({}, { ...near, env: { NOPEA_STATE: "y" } })).state).toBe(
          "/home/me/shop/deep/y",
        );
        expect((yield* load({}, near)).state).toBe("/home/me/shop/.nopea");
        expect((yield* load({})).state).toBe("/home/me/.local/state/nopea");
        expect((yield* load({}, { env: { XDG_STATE_HOME: "/s" } })).state).toBe("/s/nopea");
      }),
  );

  it.effect("reads paths of nopea.yaml from where it lies", () =>
    Effect.gen(function* () {
      const world = { files: { [yaml]: "state: memory\nkubeconfig: ../kube\n" } };
      expect(yield* load({}, world)).toMatchObject({
        state: "/home/me/shop/memory",
        kubeconfig: "/home/me/kube",
      });
    }),
  );

  it.effect.each<readonly [string, string, RegExp]>([
    ["a setting that is none", "colour: red\n", /nopea\.yaml: no setting is called "colour"/],
    ["what is not YAML", "a: [\n", /nopea\.yaml is not YAML/],
    ["a duration that is none", "timeout: soon\n", /nopea\.yaml: timeout: .*90s/],
    [
      "a window that is none",
      "windows: {sandbox_failed: soon}\n",
      /: windows\.sandbox_failed: .*90s/,
    ],
    [
      "a window of no reason",
      "windows: {bad_luck: 5s}\n",
      /nopea\.yaml: no setting is called "windows\.bad_luck"/,
    ],
    [
      "a window of a reason that has none",
      "windows: {image_not_found: 5s}\n",
      /no setting is called "windows\.image_not_found"/,
    ],
    ["windows that are none", "windows: 5s\n", /nopea\.yaml: windows: /],
    ["a namespace that is none", "namespace: A_B\n", /nopea\.yaml: namespace: .*DNS label/],
  ])("refuses %s", ([, text, message]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({}, { files: { [yaml]: text } }));
      expect(failure._tag).toBe("BadInput");
      expect(failure.message).toMatch(message);
    }),
  );

  it.effect("leaves the policy, which stands in the same file, to the deploy", () =>
    Effect.gen(function* () {
      const text = "namespace: shop\npolicy: {nonsense: true}\n";
      expect((yield* load({}, { files: { [yaml]: text } })).namespace).toBe("shop");
    }),
  );

  it.effect("merges windows reason by reason", () =>
    Effect.gen(function* () {
      const settings = yield* load(
        {},
        {
          files: { [yaml]: "windows: {volume_unavailable: 5m, probe_failing: 90s}\n" },
          env: { NOPEA_WINDOWS: "probe_failing=1m, sandbox_failed=500ms" },
        },
      );
      expect(settings.windows).toEqual({
        volume_unavailable: 300_000,
        probe_failing: 60_000,
        sandbox_failed: 500,
      });
      expect((yield* load({})).windows).toEqual({});
    }),
  );

  it.effect.each<readonly [string, string]>([
    ["sandbox_failed=soon", "NOPEA_WINDOWS.sandbox_failed"],
    ["sandbox_failed", "NOPEA_WINDOWS.sandbox_failed"],
    ["bad_luck=5s", "NOPEA_WINDOWS.bad_luck"],
  ])("names the window of the environment that is wrong: %s", ([said, named]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({}, { env: { NOPEA_WINDOWS: said } }));
      expect(failure.message).toContain(named);
      expect(failure.advice).toContain("volume_unavailable");
    }),
  );

  it.effect("names the variable that is wrong", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({}, { env: { NOPEA_LOCK_TIMEOUT: "soon" } }));
      expect(failure.message).toContain("NOPEA_LOCK_TIMEOUT");
    }),
  );
});
