import { describe, expect, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect, Exit, Fiber, Stream, TestClock, type Scope } from "effect";
import { PassThrough } from "node:stream";
import type { ListAnswer } from "../src/connection/Cluster.js";
import {
  ApiFailure,
  ClusterUnreachable,
  type ClusterFailure,
} from "../src/connection/ClusterError.js";
import { builtin } from "../src/connection/builtinResources.js";
import { Unanswered, type Transport } from "../src/connection/transport.js";
import { watchCollection } from "../src/connection/watchCollection.js";
import type { WatchEvent } from "../src/connection/Watch.js";

const pod = (name: string, version: number | string): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "ns", resourceVersion: `${version}` },
});

const refusal = (status: number) =>
  new ApiFailure({
    message: `refused with ${status}`,
    reason: status === 403 ? "forbidden" : "api_unavailable",
    status,
    statusReason: "",
    verb: "list",
    causes: [],
  });
const down = new ClusterUnreachable({ message: "it is down", reason: "cluster_unreachable" });

/** One watch that the stream has opened. */
interface Opened {
  readonly from: string;
  readonly body: PassThrough;
  readonly send: (type: string, object: object) => Effect.Effect<void>;
  readonly raw: (text: string) => Effect.Effect<void>;
  readonly isClosed: () => boolean;
}

interface Bench {
  /** As a person would write them down: `resynced a@1 b@2`, `changed a@3`… */
  readonly said: ReadonlyArray<string>;
  readonly opened: ReadonlyArray<Opened>;
  readonly fiber: Fiber.RuntimeFiber<void, ApiFailure>;
  readonly lists: () => number;
  /** Lets all that is ready happen. */
  readonly settle: Effect.Effect<void>;
}

interface Script {
  /** What the list of that count answers; the last one stays. */
  readonly lists: ReadonlyArray<Effect.Effect<ListAnswer, ClusterFailure>>;
  /** What the opening of that count answers; else 200. */
  readonly opens?: ReadonlyArray<{ readonly status: number; readonly text?: string } | "refused">;
}

const listed = (version: number, ...items: ReadonlyArray<KubeObject.KubeObject>) =>
  Effect.succeed({ items, resourceVersion: `${version}` });

const write = (event: WatchEvent): string => {
  const text = ({ metadata }: KubeObject.KubeObject) =>
    `${metadata.name}@${metadata.resourceVersion}`;
  switch (event.type) {
    case "resynced":
      return ["resynced", ...event.objects.map(text)].join(" ");
    case "changed":
    case "deleted":
      return `${event.type} ${text(event.object)}`;
    default:
      return event.type;
  }
};

// Streams and sockets of node work between the turns of its event loop, on which no TestClock has a hold.
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
});

const watching = (script: Script): Effect.Effect<Bench, never, Scope.Scope> =>
  Effect.gen(function* () {
    const said: Array<string> = [];
    const opened: Array<Opened> = [];
    let lists = 0;
    const unanswered = () =>
      new Unanswered({
        words: "the connection was cut",
        code: "ECONNRESET",
        kind: "broken",
        advice: undefined,
        server: "https://s",
      });
    const transport: Transport = {
      send: () => Effect.die("a watch sends nothing else"),
      hasAnswered: Effect.succeed(true),
      clockSkewMs: Effect.succeed(0),
      unanswered,
      open: (request) => {
        const how = script.opens?.[opened.length] ?? { status: 200 };
        const body = new PassThrough();
        const raw = (text: string) =>
          Effect.zipRight(
            Effect.sync(() => body.write(text)),
            settle,
          );
        opened.push({
          from: new URL(request.path, "http://x").searchParams.get("resourceVersion") ?? "",
          body,
          raw,
          send: (type, object) => raw(`${JSON.stringify({ type, object })}\n`),
          isClosed: () => body.destroyed,
        });
        if (how === "refused") return Effect.fail(unanswered());
        body.on("error", () => undefined);
        const answer = Object.assign(body, { text: () => Promise.resolve(how.text ?? "") });
        return Effect.acquireRelease(
          Effect.succeed({ status: how.status, body: answer as never }),
          () => Effect.sync(() => body.destroy()),
        );
      },
    };
    const resource = builtin.get("v1/Pod");
    if (resource === undefined) return yield* Effect.die("no Pod");
    const fiber = yield* watchCollection(
      {
        transport,
        list: () =>
          Effect.suspend(() => {
            const answer = script.lists[Math.min(lists, script.lists.length - 1)];
            lists += 1;
            return answer ?? Effect.die("no list");
          }),
        resourceOf: () => Effect.succeed(resource),
        path: (_, __, query) => `/pods?resourceVersion=${query.resourceVersion}`,
      },
      { apiVersion: "v1", kind: "Pod", namespace: "ns" },
    ).pipe(
      Stream.runForEach((event) => Effect.sync(() => said.push(write(event)))),
      Effect.forkScoped,
    );
    yield* settle;
    return { said, opened, fiber, lists: () => lists, settle };
  });

/** Time passes, and what it sets free happens. */
const pass = (duration: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.zipRight(TestClock.adjust(duration), settle);

describe("a watch", () => {
  it.scoped("lists, then says what changes from there", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({ lists: [listed(5, pod("a", 3))] });
      expect(opened[0]?.from).toBe("5");
      yield* opened[0]!.send("ADDED", pod("b", 6));
      yield* opened[0]!.send("BOOKMARK", pod("", 7));
      yield* opened[0]!.send("DELETED", pod("a", 8));
      expect(said).toEqual(["resynced a@3", "changed b@6", "deleted a@8"]);
    }),
  );

  it.scoped("puts lines together that come in pieces, in the middle of a letter too", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({ lists: [listed(5)] });
      const line = Buffer.from(`${JSON.stringify({ type: "ADDED", object: pod("ä", 6) })}\n`);
      const middle = line.indexOf(Buffer.from("ä")) + 1;
      for (const part of [line.subarray(0, 4), line.subarray(4, middle), line.subarray(middle)]) {
        opened[0]!.body.write(part);
        yield* settle;
      }
      expect(said).toEqual(["resynced", "changed ä@6"]);
    }),
  );

  it.scoped("goes on from the last version when the server closes it", () =>
    Effect.gen(function* () {
      const { said, opened, lists } = yield* watching({ lists: [listed(5)] });
      yield* opened[0]!.send("ADDED", pod("b", 6));
      yield* opened[0]!.send("BOOKMARK", pod("", 9));
      yield* pass("1 second");
      opened[0]!.body.end();
      yield* settle;
      expect(opened[1]?.from).toBe("9");
      expect(lists()).toBe(1);
      yield* opened[1]!.send("MODIFIED", pod("b", 10));
      expect(said).toEqual(["resynced", "changed b@6", "changed b@10"]);
    }),
  );

  it.scoped("lists again on an ERROR event, and when its version is too old", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({
        lists: [listed(5), listed(20, pod("a", 15)), listed(30, pod("a", 25))],
        opens: [{ status: 200 }, { status: 410, text: "{}" }],
      });
      yield* opened[0]!.send("ERROR", { kind: "Status", code: 410 });
      yield* pass("1 second");
      yield* pass("1 second");
      expect(opened.map(({ from }) => from)).toEqual(["5", "20", "30"]);
      expect(said).toEqual(["resynced", "resynced a@15", "resynced a@25"]);
    }),
  );

  it.scoped("lists again after 75 s of silence, though nothing broke", () =>
    Effect.gen(function* () {
      // The lists beneath are older than what the watch has said: only silence can tell.
      const { opened } = yield* watching({ lists: [listed(5)] });
      yield* opened[0]!.send("BOOKMARK", pod("", 6));
      yield* pass("74 seconds");
      expect(opened.length).toBe(1);
      yield* pass("1 second");
      expect(opened[0]!.isClosed()).toBe(true);
      expect(opened.length).toBe(2);
    }),
  );

  it.scoped("lists every 10 s beneath", () =>
    Effect.gen(function* () {
      const { said } = yield* watching({
        lists: [listed(5), listed(7, pod("missed", 6)), listed(9, pod("missed", 8))],
      });
      yield* pass("10 seconds");
      yield* pass("10 seconds");
      expect(said).toEqual(["resynced", "resynced missed@6", "resynced missed@8"]);
    }),
  );

  it.scoped("says nothing older than what it has said", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({
        lists: [listed(5), listed(10, pod("a", 9)), listed(10, pod("a", 9))],
      });
      yield* pass("10 seconds");
      yield* opened[0]!.send("MODIFIED", pod("a", 9));
      yield* opened[0]!.send("MODIFIED", pod("a", 11));
      // This list was read before the change that the watch has said.
      yield* pass("10 seconds");
      expect(said).toEqual(["resynced", "resynced a@9", "changed a@11"]);
    }),
  );

  it.scoped("compares versions as numbers, whatever their length", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({ lists: [listed(99)] });
      yield* opened[0]!.send("ADDED", pod("a", 100));
      expect(said).toEqual(["resynced", "changed a@100"]);
    }),
  );

  it.scoped("says once that it is disconnected, and resyncs when the server is back", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({
        lists: [listed(5), Effect.fail(down), Effect.fail(down), listed(8, pod("a", 7))],
      });
      opened[0]!.body.destroy(new Error("reset"));
      yield* settle;
      yield* pass("5 seconds");
      expect(said).toEqual(["resynced", "disconnected", "resynced a@7"]);
      expect(opened.length).toBe(2);
      expect(opened[1]?.from).toBe("8");
    }),
  );

  it.scoped("waits for a server that was not there at first", () =>
    Effect.gen(function* () {
      const { said } = yield* watching({ lists: [Effect.fail(down), listed(8, pod("a", 7))] });
      yield* pass("1 second");
      expect(said).toEqual(["disconnected", "resynced a@7"]);
    }),
  );

  it.scoped("notices by the list beneath that a silent line is dead", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({
        lists: [listed(5), Effect.fail(down), listed(8, pod("a", 7))],
      });
      yield* pass("10 seconds");
      yield* pass("1 second");
      expect(opened[0]!.isClosed()).toBe(true);
      expect(said).toEqual(["resynced", "disconnected", "resynced a@7"]);
    }),
  );

  it.scoped("polls every 2 s without the watch verb, and says so", () =>
    Effect.gen(function* () {
      const { said, opened } = yield* watching({
        lists: [listed(5), listed(6, pod("a", 6)), listed(7, pod("a", 7))],
        opens: [{ status: 403, text: "{}" }],
      });
      yield* pass("2 seconds");
      expect(said).toEqual(["resynced", "degraded", "resynced a@6", "resynced a@7"]);
      expect(opened.length).toBe(1);
    }),
  );

  it.scoped("fails with what no repeating mends", () =>
    Effect.gen(function* () {
      const { fiber } = yield* watching({ lists: [Effect.fail(refusal(403))] });
      expect(yield* fiber.await).toEqual(Exit.fail(refusal(403)));
    }),
  );

  it.scoped("gives a server that has just started time to know who may do what", () =>
    Effect.gen(function* () {
      const { said, opened, fiber } = yield* watching({
        lists: [listed(5), Effect.fail(refusal(403)), listed(8), Effect.fail(refusal(403))],
      });
      opened[0]!.body.destroy(new Error("reset"));
      yield* settle;
      yield* pass("1 second");
      expect(said).toEqual(["resynced", "disconnected", "resynced"]);
      // But not for ever.
      opened[1]!.body.destroy(new Error("reset"));
      yield* settle;
      yield* pass("40 seconds");
      expect(yield* fiber.await).toEqual(Exit.fail(refusal(403)));
    }),
  );

  it.scoped("does not ask in circles where a server closes at once", () =>
    Effect.gen(function* () {
      const { opened } = yield* watching({ lists: [listed(5)] });
      for (let turn = 0; turn < 20; turn += 1) {
        opened.at(-1)!.body.end();
        yield* settle;
      }
      expect(opened.length).toBeLessThan(3);
    }),
  );

  it.scoped("closes its socket when nobody listens any more", () =>
    Effect.gen(function* () {
      const { fiber, opened } = yield* watching({ lists: [listed(5)] });
      yield* Fiber.interrupt(fiber);
      expect(opened[0]!.isClosed()).toBe(true);
    }),
  );
});
