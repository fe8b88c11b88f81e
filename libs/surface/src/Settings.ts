/**
 * Settings, merged in one place: what the caller says, then the environment (`NOPEA_*`), then the
 * nearest `nopea.yaml` upward from the working folder, then the defaults. Paths in `nopea.yaml`
 * are relative to it.
 */
import { type FileSystem, Path } from "@effect/platform";
import { BadInput, DeployRequest, Duration, Service, Wire } from "@nopea/domain";
import { Config, Effect, Option, ParseResult, Record, Schema } from "effect";
import * as NopeaFile from "./NopeaFile.js";
import * as Windows from "./Windows.js";

/** What a caller may say; an empty object is a good start. */
export interface Options {
  /** A file; else KUBECONFIG, else `~/.kube/config`, else in-cluster. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig; else its current one. */
  readonly context?: string | undefined;
  /** For what names none itself; else the context's, else `default`. */
  readonly namespace?: string | undefined;
  /** The state folder; else the nearest `.nopea` upward, else the user's. */
  readonly state?: string | undefined;
}

export interface Settings {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: Service.Namespace | undefined;
  /** Absolute. */
  readonly state: string;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly lockTimeoutMs: number;
  /** Of the reasons whose window differs from the default, in milliseconds. */
  readonly windows: Windows.Windows;
}

/** What `nopea.yaml` and the environment may say; in the environment as NOPEA_LOCK_TIMEOUT. */
const Said = Schema.Struct({
  kubeconfig: Wire.optional(Schema.NonEmptyString),
  context: Wire.optional(Schema.NonEmptyString),
  namespace: Wire.optional(Service.Namespace),
  state: Wire.optional(Schema.NonEmptyString),
  timeout: Wire.optional(Duration.DurationText),
  deadline: Wire.optional(Duration.DurationText),
  lock_timeout: Wire.optional(Duration.DurationText),
  windows: Wire.optional(Windows.Windows),
});
type Said = typeof Said.Type;
const names = Object.keys(Said.fields) as ReadonlyArray<keyof Said>;

const FOLDER = ".nopea";

const decode = (
  value: unknown,
  source: string,
  nameOf: (key: string) => string,
): Effect.Effect<Said, BadInput> =>
  Schema.decodeUnknown(Said, { onExcessProperty: "error" })(value).pipe(
    Effect.mapError((error) => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error);
      const [first = "", ...rest] = (issue?.path ?? []).map(String);
      const key = [first, ...rest].join(".");
      const named = [nameOf(first), ...rest].join(".");
      const what =
        issue?._tag === "Unexpected"
          ? `no setting is called "${named}"`
          : `${key === "" ? "" : `${named}: `}${issue?.message ?? error.message}`;
      return new BadInput({
        message: `${source}: ${what}`,
        source,
        ...(key === "" ? {} : { field: key }),
        advice:
          rest.length > 0 ? Windows.advice : `The settings are ${names.map(nameOf).join(", ")}.`,
      });
    }),
  );

const variable = (name: string): string => `NOPEA_${name.toUpperCase()}`;

/** What the environment has under these names, but for what is empty. */
const texts = (
  names: ReadonlyArray<string>,
): Effect.Effect<Readonly<Record<string, string | undefined>>> =>
  Config.all(
    Object.fromEntries(names.map((name) => [name, Config.option(Config.string(name))])),
  ).pipe(
    Effect.map(
      Record.map((found) => Option.getOrUndefined(Option.filter(found, (value) => value !== ""))),
    ),
    Effect.orElseSucceed(() => ({})),
  );

const fromEnvironment = Effect.gen(function* () {
  const found = yield* texts(names.map(variable));
  const said: Record<string, unknown> = {};
  for (const name of names) {
    const value = found[variable(name)];
    if (value !== undefined) said[name] = name === "windows" ? Windows.fromText(value) : value;
  }
  return yield* decode(said, "the environment", variable);
});

/** The policy stands in the same file, and is none of the settings. */
const withoutPolicy = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { policy: _, ...settings } = value as Record<string, unknown>;
  return settings;
};

const fromFile = Effect.gen(function* () {
  const file = yield* NopeaFile.read;
  if (file === undefined) return {};
  const { path, value } = file;
  const paths = yield* Path.Path;
  const said = yield* decode(withoutPolicy(value), path, (key) => key);
  const beside = (file: string) => paths.resolve(paths.dirname(path), file);
  return {
    ...said,
    ...(said.kubeconfig === undefined ? {} : { kubeconfig: beside(said.kubeconfig) }),
    ...(said.state === undefined ? {} : { state: beside(said.state) }),
  };
});

/** Where the user keeps what programs must remember (XDG Base Directory). */
const userState = Effect.gen(function* () {
  const paths = yield* Path.Path;
  const found = yield* texts(["XDG_STATE_HOME", "HOME", "USERPROFILE"]);
  const xdg = found["XDG_STATE_HOME"];
  if (xdg !== undefined && paths.isAbsolute(xdg)) return paths.join(xdg, "nopea");
  const home = found["HOME"] ?? found["USERPROFILE"];
  return home === undefined ? paths.resolve(FOLDER) : paths.join(home, ".local/state/nopea");
});

const asSaid = ({ kubeconfig, context, namespace, state }: Options): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ kubeconfig, context, namespace, state }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );

export const load = (
  options: Options,
): Effect.Effect<Settings, BadInput, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const paths = yield* Path.Path;
    const file: Said = yield* fromFile;
    const environment = yield* fromEnvironment;
    const said: Said = {
      ...file,
      ...environment,
      ...(yield* decode(asSaid(options), "what was asked", (key) => key)),
    };
    const state = said.state ?? (yield* NopeaFile.nearest(FOLDER)) ?? (yield* userState);
    return {
      kubeconfig: said.kubeconfig,
      context: said.context,
      namespace: said.namespace,
      state: paths.resolve(state),
      timeoutMs: said.timeout ?? DeployRequest.defaultTimeoutMs,
      deadlineMs: said.deadline ?? DeployRequest.defaultDeadlineMs,
      lockTimeoutMs: said.lock_timeout ?? DeployRequest.defaultLockTimeoutMs,
      windows: { ...file.windows, ...environment.windows },
    };
  });
