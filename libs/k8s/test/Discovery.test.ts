import { describe, expect, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { failure, json, start } from "./support/ScriptedServer.js";

describe("discovery", () => {
  const widgets = (response: Parameters<typeof json>[0], url: string, known: boolean) => {
    if (url === "/api") {
      return json(response, 200, { kind: "APIVersions", versions: ["v1"] });
    }
    if (url === "/apis") {
      return json(response, 200, {
        kind: "APIGroupList",
        groups: [
          { name: "example.com", versions: [{ groupVersion: "example.com/v1" }] },
          { name: "metrics", versions: [{ groupVersion: "metrics/v1" }] },
        ],
      });
    }
    if (url === "/apis/example.com/v1" && known) {
      return json(response, 200, {
        kind: "APIResourceList",
        resources: [
          { name: "widgets", kind: "Widget", namespaced: true, verbs: ["get"], shortNames: ["w"] },
          { name: "widgets/status", kind: "Widget", namespaced: true, verbs: ["get"] },
        ],
      });
    }
    return url === "/apis/metrics/v1"
      ? failure(response, 403, "Forbidden", "no")
      : json(response, 200, { kind: "APIResourceList", resources: [] });
  };

  it.scopedLive("falls back to a request per group, and is kept", () =>
    Effect.gen(function* () {
      const scripted = yield* start(({ url }, response) => widgets(response, url, true));
      const cluster = yield* scripted.connect();
      const widget = yield* cluster.resource("example.com/v1", "Widget");
      expect(widget).toMatchObject({ name: "widgets", namespaced: true, shortNames: ["w"] });
      const asked = scripted.asked.length;
      yield* cluster.resource("example.com/v1", "Widget");
      expect(scripted.asked.length).toBe(asked);
      const silent = yield* Effect.flip(cluster.resource("metrics/v1", "Nodes"));
      expect(silent.reason).toBe("api_unavailable");
    }),
  );

  it.scopedLive("asks once more on a miss, however many miss at once", () =>
    Effect.gen(function* () {
      let known = false;
      const scripted = yield* start(({ url }, response) => widgets(response, url, known));
      const cluster = yield* scripted.connect();
      const misses = yield* Effect.all(
        ["Widget", "A", "B", "C"].map((kind) =>
          Effect.exit(cluster.resource("example.com/v1", kind)),
        ),
        { concurrency: 4 },
      );
      expect(misses.every(Exit.isFailure)).toBe(true);
      expect(scripted.asked.filter(({ url }) => url === "/apis").length).toBe(1);
      known = true;
      expect((yield* cluster.resource("example.com/v1", "Widget")).name).toBe("widgets");
      const typo = yield* Effect.flip(cluster.resource("example.com/v1", "widget"));
      expect(typo.reason).toBe("unknown_kind");
      expect(typo.message).toMatch(/did you mean Widget\?$/);
    }),
  );

  it.scopedLive("is not needed for the kinds that every cluster has", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) => json(response, 200, {}));
      const cluster = yield* scripted.connect();
      expect((yield* cluster.resource("apps/v1", "Deployment")).name).toBe("deployments");
      expect(scripted.asked).toEqual([]);
    }),
  );
});
