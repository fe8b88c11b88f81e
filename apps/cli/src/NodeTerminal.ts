/** The terminal of this process: its streams, its environment, its signals. */
import { Deferred, Effect, Layer, Option, Runtime, Stream } from "effect";
import { isatty, type WriteStream } from "node:tty";
import { type Look, Terminal } from "./Terminal.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const isSet = (name: string): boolean => (process.env[name] ?? "") !== "";

const isDumb = (): boolean => process.env["TERM"] === "dumb";

/** https://no-color.org and https://force-color.org. */
const wantsColor = (stream: WriteStream): boolean => {
  if (isSet("NO_COLOR")) return false;
  if (isSet("FORCE_COLOR")) return process.env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && !isDumb();
};

const lookOf = (stream: WriteStream): Look => {
  // A pipe has no width: whoever reads it gets everything, unless COLUMNS says how much it wants.
  const asked = Number(process.env["COLUMNS"]);
  const width = stream.isTTY ? stream.columns : asked > 0 ? asked : Number.POSITIVE_INFINITY;
  return {
    color: wantsColor(stream),
    width: Math.max(20, width > 0 ? width : 80),
    height: stream.rows > 0 ? stream.rows : 24,
  };
};

const isLive = (stream: WriteStream): boolean => stream.isTTY === true && !isDumb() && !isSet("CI");

const writer = (stream: NodeJS.WriteStream) => (text: string) =>
  Effect.sync(() => {
    if (stream.writable) stream.write(text);
  });

const redrawer = Effect.gen(function* () {
  const load = yield* Effect.cached(Effect.promise(() => import("log-update")));
  const drawers = new Map<"out" | "err", ReturnType<typeof import("log-update").createLogUpdate>>();
  return (stream: "out" | "err", text: string) =>
    Effect.map(load, ({ createLogUpdate }) => {
      const drawer =
        drawers.get(stream) ?? createLogUpdate(stream === "out" ? process.stdout : process.stderr);
      drawers.set(stream, drawer);
      if (text !== "") return drawer(text);
      drawer.clear();
      drawer.done();
    });
});

/** Anything but a yes is a no; so is the end of input, and Ctrl-C. */
const confirm = (question: string): Effect.Effect<boolean> =>
  Effect.promise(async (signal) => {
    const { createInterface } = await import("node:readline/promises");
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const closed = new Promise<string>((done) => asking.once("close", () => done("")));
      const answer = await Promise.race([
        asking.question(`${question} [y/N] `, { signal }),
        closed,
      ]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      asking.close();
    }
  });

export const layer: Layer.Layer<Terminal> = Layer.scoped(
  Terminal,
  Effect.gen(function* () {
    for (const stream of [process.stdout, process.stderr]) {
      // The reader has gone (EPIPE): what is left to say is for nobody.
      stream.on("error", () => {});
    }
    const closed = yield* Deferred.make<void>();
    process.stdout.on("error", () => Deferred.unsafeDone(closed, Effect.void));
    const asked = yield* Deferred.make<void>();
    const runtime = yield* Effect.runtime();
    const onSignal = () => {
      if (Runtime.runSync(runtime)(Deferred.isDone(asked))) process.exit(130);
      Runtime.runSync(runtime)(Deferred.succeed(asked, undefined));
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const signal of SIGNALS) process.off(signal, onSignal);
      }),
    );
    return {
      stdin: Stream.unwrap(
        Effect.map(
          Effect.promise(() => import("@effect/platform-node/NodeStream")),
          ({ stdin }) => stdin,
        ),
      ),
      out: writer(process.stdout),
      err: writer(process.stderr),
      outLook: Effect.sync(() => lookOf(process.stdout)),
      errLook: Effect.sync(() => lookOf(process.stderr)),
      outClosed: Deferred.await(closed),
      outLive: isLive(process.stdout),
      errLive: isLive(process.stderr),
      redraw: yield* redrawer,
      // Asked of the descriptor, for no command but a few reads what comes in.
      confirm: isatty(0) && process.stderr.isTTY ? Option.some(confirm) : Option.none(),
      interrupted: Deferred.await(asked),
    };
  }),
);
