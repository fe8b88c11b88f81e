/** The command line without a process: what it prints and answers, on a surface of the test's own. */
import type { DeployId } from "@nopea/domain";
import { type DeployResult, type Progress, Timestamp } from "@nopea/domain";
import { Manifests, Surface } from "@nopea/surface";
import { Effect, Layer, Option, Stream } from "effect";
import { parse } from "../src/Parser.js";
import * as Program from "../src/Program.js";
import { Terminal } from "../src/Terminal.js";

export const version = "1.2.3";

const unasked = (name: string) => () => Effect.die(new Error(`${name} was not to be asked`));

const nothing: Surface.Methods = {
  deploy: () => Stream.die(new Error("deploy was not to be asked")),
  diff: unasked("diff"),
  status: Object.assign(unasked("status"), {
    watch: () => Stream.die(new Error("status was not to be watched")),
  }),
  context: unasked("context"),
  explain: unasked("explain"),
  history: unasked("history"),
  health: unasked("health"),
  services: unasked("services"),
  memoryStats: unasked("memoryStats"),
  memoryGraph: unasked("memoryGraph"),
  memoryForget: unasked("memoryForget"),
  memoryImport: unasked("memoryImport"),
  memoryExport: unasked("memoryExport"),
};

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const run = (
  argv: ReadonlyArray<string>,
  options: {
    readonly surface?: Partial<Surface.Methods>;
    readonly interrupted?: Effect.Effect<void>;
    readonly width?: number;
    readonly height?: number;
    /** stdout is a terminal; what is drawn in it, one over the other, goes in here. */
    readonly drawn?: Array<string>;
    readonly outClosed?: Effect.Effect<void>;
    /** How long it takes to read the documents, of which there are none. */
    readonly loading?: Effect.Effect<void>;
  } = {},
): Effect.Effect<Ran> =>
  Effect.gen(function* () {
    let out = "";
    let err = "";
    const look = Effect.succeed({
      color: false,
      width: options.width ?? 80,
      height: options.height ?? 24,
    });
    const terminal = Layer.succeed(Terminal, {
      stdin: Stream.empty,
      out: (text) => Effect.sync(() => void (out += text)),
      err: (text) => Effect.sync(() => void (err += text)),
      outLook: look,
      errLook: look,
      confirm: Option.none(),
      outClosed: options.outClosed ?? Effect.never,
      outLive: options.drawn !== undefined,
      errLive: false,
      redraw: (_, text) => Effect.sync(() => void options.drawn?.push(text)),
      interrupted: options.interrupted ?? Effect.never,
    });
    const parsed = parse(argv, version);
    const program = Program.needsSurface(parsed)
      ? Program.runOperation(parsed).pipe(
          Effect.provideService(Surface.Surface, { ...nothing, ...options.surface }),
          Effect.provideService(Manifests.Manifests, {
            load: () => Effect.as(options.loading ?? Effect.void, []),
          }),
        )
      : Program.runLocal(parsed);
    const code = yield* Effect.provide(program, terminal);
    return { code, out, err };
  });

const deployId = "01JD0000000000000000000000" as DeployId.DeployId;
const at = Timestamp.fromMillis(1_700_000_000_000);

export const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };

export const result = (
  fields: Partial<DeployResult.DeployResult> = {},
): DeployResult.DeployResult => ({
  deployId,
  status: "completed",
  service: "web" as DeployResult.DeployResult["service"],
  namespace: "shop" as DeployResult.DeployResult["namespace"],
  strategy: "direct",
  durationMs: 1_200,
  manifestCount: 1,
  verified: true,
  differences: [],
  appliedResources: [{ ...web, action: "configured" }],
  unchanged: false,
  warnings: [],
  degraded: [],
  timestamp: at,
  ...fields,
});

export type Body = Progress.ProgressBody;

/** A deploy's events, numbered, a second apart. */
export const events = (...bodies: ReadonlyArray<Body>): ReadonlyArray<Progress.Progress> =>
  bodies.map(
    (body, seq) =>
      ({
        ...body,
        deployId,
        seq,
        at: Timestamp.fromMillis(1_700_000_000_000 + seq * 1_000),
      }) as Progress.Progress,
  );
