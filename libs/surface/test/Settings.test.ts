import { FileSystem, Path } from "@effect/platform";
import { describe, expect, it } from "@effect/vitest";
import { ConfigProvider, Effect, Layer } from "effect";
import * as Settings from "../src/Settings.js";

/** A disk of a few files, and a working folder on it. */
const load = (
  options: Settings.Options,
  world: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
) => {
  const files = world.files ?? {};
  const paths = Effect.map(Path.Path, (path) => ({
    ...path,
    resolve: (...parts: ReadonlyArray<string>) => path.resolve("/home/me/shop/deep", ...parts),
  }));
  return Settings.load(options).pipe(
    Effect.provide(
      Layer.merge(
        FileSystem.layerNoop({
          exists: (path) =>
            Effect.succeed(
              Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
            ),
          readFileString: (path) => Effect.succeed(files[path] ?? ""),
        }),
        Layer.effect(Path.Path, paths).pipe(Layer.provide(Path.layer)),
      ),
    ),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ HOME: "/home/me", ...world.env }))),
    ),
  );
};

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
    ["a namespace that is none", "namespace: A_B\n", /nopea\.yaml: namespace: .*DNS label/],
  ])("refuses %s", ([, text, message]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({}, { files: { [yaml]: text } }));
      expect(failure._tag).toBe("BadInput");
      expect(failure.message).toMatch(message);
    }),
  );

  it.effect("names the variable that is wrong", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(load({}, { env: { NOPEA_LOCK_TIMEOUT: "soon" } }));
      expect(failure.message).toContain("NOPEA_LOCK_TIMEOUT");
    }),
  );
});
