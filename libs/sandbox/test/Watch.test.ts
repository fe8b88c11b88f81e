import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { client, configMap, type Client } from "./client.js";

let c: Client;
beforeEach(async () => {
  c = await client({ bookmarkMs: 30 });
});
afterEach(() => c.sandbox.close());
const CMS = "/api/v1/namespaces/default/configmaps";
const version = async (): Promise<string> =>
  (await c.call("GET", CMS)).body.metadata.resourceVersion;

describe("a watch", () => {
  it("tells what happened since a list, in order", async () => {
    const from = await version();
    await c.apply(`${CMS}/a`, configMap("a", { x: "1" }));
    await c.apply(`${CMS}/a`, configMap("a", { x: "2" }));
    await c.call("DELETE", `${CMS}/a`);
    const events = await c.watch(
      `${CMS}?watch=1&resourceVersion=${from}&fieldSelector=metadata.name=a`,
      3,
    );
    expect(events.map((e) => e.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
  });

  it("sends bookmarks with the newest version when they are allowed", async () => {
    const from = await version();
    const [first] = await c.watch(
      `${CMS}?watch=1&allowWatchBookmarks=true&resourceVersion=${from}`,
      1,
    );
    expect(first).toMatchObject({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", metadata: { resourceVersion: await version() } },
    });
  });

  it("from a version that is forgotten gets one ERROR event with 410", async () => {
    const from = await version();
    c.sandbox.expireWatches();
    const events = await c.watch(`${CMS}?watch=1&resourceVersion=${from}`, 2);
    expect(events).toMatchObject([{ type: "ERROR", object: { code: 410, reason: "Expired" } }]);
  });

  it("sends what is there and then a marking bookmark when initial events are asked for", async () => {
    await c.apply(`${CMS}/a`, configMap("a", {}));
    const events = await c.watch(
      `${CMS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      3,
    );
    expect(events.map((e) => e.type)).toEqual(["ADDED", "ADDED", "BOOKMARK"]);
    expect(events[2].object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  it("says nothing while stalled, and everything afterwards", async () => {
    const from = await version();
    c.sandbox.stallWatches();
    const watching = c.watch(`${CMS}?watch=1&resourceVersion=${from}`, 1);
    await c.apply(`${CMS}/a`, configMap("a", {}));
    const early = await Promise.race([
      watching,
      new Promise((resolve) => setTimeout(() => resolve("silence"), 100)),
    ]);
    expect(early).toBe("silence");
    c.sandbox.resumeWatches();
    expect(await watching).toMatchObject([{ type: "ADDED" }]);
  });

  it("breaks when connections are dropped, and the sandbox goes on", async () => {
    const watching = c
      .watch(`${CMS}?watch=1&resourceVersion=${await version()}`, 1)
      .catch((e: unknown) => e);
    await expect.poll(() => c.sandbox.watches()).toBe(1);
    c.sandbox.dropWatches();
    expect(await watching).toBeInstanceOf(Error);
    expect((await c.call("GET", CMS)).status).toBe(200);
  });

  it("is refused for a while when the server restarts, on the same port with the same objects", async () => {
    await c.apply(`${CMS}/a`, configMap("a", {}));
    const from = await version();
    await c.sandbox.restart();
    // The client may still hold a connection of before, and learn only now that it is closed.
    const read = () => c.call("GET", `${CMS}/a`);
    expect((await read().catch(read)).status).toBe(200);
    expect(await c.watch(`${CMS}?watch=1&resourceVersion=${from}`, 1)).toMatchObject([
      { type: "ERROR" },
    ]);
  });
});
