import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber, Option } from "effect";
import { answer, speaksHttp1, speaksHttp2 } from "./support/SecureServer.js";

const ref = { apiVersion: "v1", kind: "ConfigMap", name: "web", namespace: "team" };
const object = (name = "web") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "team" },
});
const nameIn = (path: unknown) => String(path).replace(/\?.*$/, "").split("/").at(-1) ?? "";

describe("one connection", () => {
  it.scopedLive("carries all requests side by side", () =>
    Effect.gen(function* () {
      const waiting: Array<() => void> = [];
      const { cluster, sessions } = yield* speaksHttp2(({ stream, headers }) => {
        waiting.push(() => answer(stream, 200, object(nameIn(headers[":path"]))));
        if (waiting.length === 60) waiting.forEach((answerNow) => answerNow());
      });
      const names = Array.from({ length: 60 }, (_, i) => `web-${i}`);
      const found = yield* Effect.forEach(names, (name) => cluster.get({ ...ref, name }), {
        concurrency: "unbounded",
      });
      expect(found.map((one) => Option.getOrThrow(one).metadata.name)).toEqual(names);
      expect(sessions).toHaveLength(1);
    }),
  );

  it.scopedLive("says who asks, every group of an impersonation", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = [];
      const { cluster } = yield* speaksHttp2(
        ({ stream, headers, body }) => {
          seen.push(headers["authorization"], headers["impersonate-group"], JSON.parse(body));
          answer(stream, 200, object());
        },
        { token: "t", as: "ann", "as-groups": ["one", "two"] },
      );
      yield* cluster.apply(object(), { fieldManager: "nopea" });
      expect(seen).toEqual(["Bearer t", "one, two", object()]);
    }),
  );

  it.scopedLive("carries an answer larger than the protocol's window", () =>
    Effect.gen(function* () {
      const text = "x".repeat(8 * 1024 * 1024);
      const { cluster } = yield* speaksHttp2(({ stream }) =>
        answer(stream, 200, { ...object(), data: { text } }),
      );
      const found = Option.getOrThrow(yield* cluster.get(ref)) as { data?: { text: string } };
      expect(found.data?.text).toHaveLength(text.length);
    }),
  );
});

it.scopedLive(
  "is answered though the server does not take its body, and ends at the server too",
  () =>
    Effect.gen(function* () {
      let ended = 0;
      const { cluster, sessions } = yield* speaksHttp2(
        ({ stream, count }) => {
          if (count > 3) return answer(stream, 200, object());
          stream.once("close", () => (ended += 1));
          stream.pause();
          stream.respond({ ":status": 413, "content-type": "text/plain" });
          stream.end("Request entity too large");
        },
        { token: "t" },
        false,
      );
      const large = { ...object(), data: { text: "x".repeat(4 * 1024 * 1024) } };
      for (let i = 0; i < 3; i += 1) {
        const failure = yield* Effect.flip(cluster.apply(large, { fieldManager: "nopea" }));
        expect(failure).toMatchObject({ reason: "object_too_large" });
      }
      expect(Option.isSome(yield* cluster.get(ref))).toBe(true);
      expect(sessions).toHaveLength(1);
      expect(ended).toBe(3);
    }),
);

describe("a connection that ends", () => {
  it.scopedLive(
    "is made anew when the server sends it away, and what was under way ends on it",
    () =>
      Effect.gen(function* () {
        let first: (() => void) | undefined;
        const { cluster, sessions } = yield* speaksHttp2(({ stream, session, count }) => {
          if (count > 1) return answer(stream, 200, object("second"));
          first = () => answer(stream, 200, object("first"));
          session.goaway(0);
        });
        const early = yield* Effect.fork(cluster.get(ref));
        while (first === undefined) yield* Effect.sleep(5);
        yield* Effect.sleep(50);
        const later = yield* cluster.get(ref);
        first();
        expect(Option.getOrThrow(later).metadata.name).toBe("second");
        expect(Option.getOrThrow(yield* Fiber.join(early)).metadata.name).toBe("first");
        expect(sessions).toHaveLength(2);
      }),
  );

  it.scopedLive("takes along what it was carrying, which is asked again", () =>
    Effect.gen(function* () {
      const { cluster, sessions } = yield* speaksHttp2(({ stream, session, count }) => {
        if (count === 1) session.destroy();
        else answer(stream, 200, object());
      });
      expect(Option.isSome(yield* cluster.get(ref))).toBe(true);
      expect(sessions).toHaveLength(2);
    }),
  );

  it.scopedLive("half-way through an answer leaves no half of one", () =>
    Effect.gen(function* () {
      const { cluster } = yield* speaksHttp2(({ stream, session, count }) => {
        if (count > 1) return answer(stream, 200, object("whole"));
        stream.respond({ ":status": 200, "content-length": "100" });
        stream.write('{"kind":', () => setTimeout(() => session.destroy(), 20));
      });
      expect(Option.getOrThrow(yield* cluster.get(ref)).metadata.name).toBe("whole");
    }),
  );

  it.scopedLive("does not create twice", () =>
    Effect.gen(function* () {
      const methods: Array<unknown> = [];
      const { cluster } = yield* speaksHttp2(({ stream, session, headers }) => {
        methods.push(headers[":method"]);
        if (headers[":method"] === "POST") session.destroy();
        else answer(stream, 200, object());
      });
      const made = yield* cluster.create(object(), { fieldManager: "nopea" });
      expect(made.metadata.name).toBe("web");
      expect(methods).toEqual(["POST", "GET", "GET"]);
    }),
  );
});

it.scopedLive("asks again for what the server did not take, a creation too", () =>
  Effect.gen(function* () {
    const methods: Array<unknown> = [];
    const { cluster } = yield* speaksHttp2(({ stream, headers, count }) => {
      methods.push(headers[":method"]);
      if (count === 2) stream.close(7);
      else answer(stream, 200, object());
    });
    yield* cluster.get(ref);
    yield* cluster.create(object(), { fieldManager: "nopea" });
    expect(methods).toEqual(["GET", "POST", "POST"]);
  }),
);

it.scopedLive("cuts a request that is interrupted, and nothing beside it", () =>
  Effect.gen(function* () {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    let hasBegun = false;
    const { cluster, sessions } = yield* speaksHttp2(({ stream, count }) => {
      if (count > 1) return answer(stream, 200, object());
      hasBegun = true;
      stream.once("close", closed);
    });
    const fiber = yield* Effect.fork(cluster.get(ref));
    while (!hasBegun) yield* Effect.sleep(5);
    yield* Fiber.interrupt(fiber);
    yield* Effect.promise(() => gone).pipe(Effect.timeout("1 second"));
    yield* cluster.get(ref);
    expect(sessions).toHaveLength(1);
  }),
);

it.scopedLive("asks a server that speaks HTTP/1.1 alone in HTTP/1.1", () =>
  Effect.gen(function* () {
    const versions: Array<string> = [];
    const cluster = yield* speaksHttp1((request, response) => {
      versions.push(request.httpVersion);
      response.end(JSON.stringify(object()));
    });
    yield* cluster.get(ref);
    yield* cluster.get(ref);
    expect(versions).toEqual(["1.1", "1.1"]);
  }),
);
