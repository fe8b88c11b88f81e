import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber, Option } from "effect";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clusters } from "../src/index.js";
import { cut, failure, json, start } from "./support/ScriptedServer.js";

const configMap = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "ns", ...more },
  data: { a: "1" },
});
const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "ns", name: "a" };
const configMaps = { apiVersion: "v1", kind: "ConfigMap", namespace: "ns" };
const by = { fieldManager: "nopea" };
const notFound = (name: string) => ({ name, kind: "configmaps" });

const elsewhere = (server: string, cluster: object = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "nopea-elsewhere-"));
  const path = join(folder, "kubeconfig");
  writeFileSync(
    path,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server, ...cluster } }],
    }),
  );
  return Clusters.make
    .connect({ kubeconfig: path })
    .pipe(Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))));
};

describe("a server that does not answer", () => {
  it.scopedLive("is told at once where nothing listens", () =>
    Effect.gen(function* () {
      const cluster = yield* elsewhere("https://127.0.0.1:1");
      const [duration, error] = yield* Effect.timed(Effect.flip(cluster.get(ref)));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toBe(
        "The cluster at https://127.0.0.1:1 can't be reached: nothing listens there (ECONNREFUSED).",
      );
      expect(Duration.toMillis(duration)).toBeLessThan(2_000);
    }),
  );

  it.scopedLive("is told where its name is not known", () =>
    Effect.gen(function* () {
      const cluster = yield* elsewhere("https://nopea.invalid:6443");
      const error = yield* Effect.flip(cluster.get(ref));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toMatch(/its name can't be resolved/);
    }),
  );

  it.scopedLive("is told where it speaks no TLS", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) => json(response, 200, {}));
      const cluster = yield* elsewhere(scripted.url.replace("http:", "https:"));
      const error = yield* Effect.flip(cluster.get(ref));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toMatch(/does not speak TLS/);
    }),
  );

  it.scopedLive("is told where it is something else", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) => response.end("<html>hello</html>"));
      const error = yield* Effect.flip((yield* scripted.connect()).get(ref));
      expect(error._tag === "ClusterUnreachable" && error.message).toMatch(
        /does not answer as a Kubernetes API server does/,
      );
    }),
  );

  it.scopedLive("within 5 s where a handshake never comes", () =>
    Effect.gen(function* () {
      const silent = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer(() => undefined);
          await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
          return server;
        }),
        (server) => Effect.sync(() => server.close()),
      );
      const cluster = yield* elsewhere(
        `https://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      );
      const [duration, error] = yield* Effect.timed(Effect.flip(cluster.get(ref)));
      expect(error.message).toMatch(/it does not answer/);
      expect(Duration.toMillis(duration)).toBeLessThan(8_000);
    }),
  );
});

describe("credentials", () => {
  it.scopedLive("are a token, a password, or another's name", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) => json(response, 200, configMap("a")));
      yield* (yield* scripted.connect({ token: "abc" })).get(ref);
      yield* (yield* scripted.connect({ username: "u", password: "p" })).get(ref);
      yield* (yield* scripted.connect({ token: "abc", as: "jane", "as-groups": ["x", "y"] })).get(
        ref,
      );
      const [token, password, other] = scripted.asked.map(({ headers }) => headers);
      expect(token?.authorization).toBe("Bearer abc");
      expect(password?.authorization).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
      expect(other?.["impersonate-user"]).toBe("jane");
      expect(other?.["impersonate-group"]).toBe("x, y");
    }),
  );

  it.scopedLive("that are refused are told with their user's name", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) =>
        failure(response, 401, "Unauthorized", "Unauthorized"),
      );
      const error = yield* Effect.flip((yield* scripted.connect()).get(ref));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toMatch(/does not accept the credentials of user "ci"/);
      expect(error.advice).toMatch(/fetch a new kubeconfig/);
      expect(scripted.asked.length).toBe(1);
    }),
  );

  it.scopedLive("from a file are read anew when they are refused", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "nopea-token-"));
      const tokenFile = join(folder, "token");
      writeFileSync(tokenFile, "old\n");
      const scripted = yield* start(({ headers }, response) =>
        headers.authorization === "Bearer new"
          ? json(response, 200, configMap("a"))
          : failure(response, 401, "Unauthorized", "Unauthorized"),
      );
      const cluster = yield* scripted.connect({ tokenFile });
      expect((yield* Effect.flip(cluster.get(ref)))._tag).toBe("ClusterUnreachable");
      writeFileSync(tokenFile, "new\n");
      expect(Option.isSome(yield* cluster.get(ref))).toBe(true);
      rmSync(folder, { recursive: true });
    }),
  );

  const plugin = (script: string) => {
    const folder = mkdtempSync(join(tmpdir(), "nopea-plugin-"));
    const path = join(folder, "plugin.mjs");
    writeFileSync(path, script);
    const count = join(folder, "count");
    return {
      user: {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: process.execPath,
          args: [path],
          env: [{ name: "COUNT", value: count }],
        },
      },
      runs: () => readFileSync(count, "utf8").length,
      remove: () => rmSync(folder, { recursive: true }),
    };
  };

  it.scopedLive("from a plugin are kept until they run out, and renewed when refused", () =>
    Effect.gen(function* () {
      const { user, runs, remove } = plugin(`
        import { appendFileSync, readFileSync } from "node:fs";
        appendFileSync(process.env.COUNT, "x");
        const { apiVersion, kind } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
        const token = "t" + readFileSync(process.env.COUNT, "utf8").length;
        console.log(JSON.stringify({ apiVersion, kind, status: { token } }));
      `);
      let wanted = "Bearer t1";
      const scripted = yield* start(({ headers }, response) =>
        headers.authorization === wanted
          ? json(response, 200, configMap("a"))
          : failure(response, 401, "Unauthorized", "Unauthorized"),
      );
      const cluster = yield* scripted.connect(user);
      yield* Effect.all([cluster.get(ref), cluster.get(ref), cluster.get(ref)], {
        concurrency: 3,
      });
      expect(runs()).toBe(1);
      wanted = "Bearer t2";
      yield* Effect.all([cluster.get(ref), cluster.get(ref)], { concurrency: 2 });
      expect(runs()).toBe(2);
      remove();
    }),
  );

  it.scopedLive("from a plugin that fails are told in its words", () =>
    Effect.gen(function* () {
      const { user, remove } = plugin(`console.error("token expired: run login"); process.exit(3)`);
      const scripted = yield* start((_, response) => json(response, 200, {}));
      const error = yield* Effect.flip((yield* scripted.connect(user)).get(ref));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toMatch(/failed with exit code 3: token expired: run login/);
      expect(error.evidence?.[0]?.text).toBe("token expired: run login");
      expect(scripted.asked).toEqual([]);
      remove();
    }),
  );

  it.scopedLive("from a plugin that is not there", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) => json(response, 200, {}));
      const exec = { command: "no-such-plugin", installHint: "brew install it" };
      const error = yield* Effect.flip((yield* scripted.connect({ exec })).get(ref));
      expect(error.message).toMatch(/no-such-plugin is not installed/);
      expect(error.advice).toBe("brew install it");
    }),
  );

  it.scopedLive("never show in what a plugin's bad answer leads to", () =>
    Effect.gen(function* () {
      const { user, remove } = plugin(`console.log('{"token": "s3cret"')`);
      const scripted = yield* start((_, response) => json(response, 200, {}));
      const error = yield* Effect.flip((yield* scripted.connect(user)).get(ref));
      expect(error.message).toMatch(/did not print an ExecCredential/);
      expect(JSON.stringify(error) + error.message).not.toContain("s3cret");
      remove();
    }),
  );
});

describe("a connection that breaks", () => {
  it.scopedLive("is made anew in silence where repeating is safe", () =>
    Effect.gen(function* () {
      let cuts = 0;
      const scripted = yield* start(({ method }, response, count) => {
        if (count > 1 && count % 2 === 0) {
          cuts += 1;
          return cut(response);
        }
        return json(response, 200, method === "GET" ? { items: [], metadata: {} } : configMap("a"));
      });
      const cluster = yield* scripted.connect();
      yield* cluster.list(configMaps);
      yield* cluster.apply(configMap("a"), by);
      yield* cluster.replace(configMap("a", { resourceVersion: "4" }), by);
      yield* cluster.list(configMaps);
      expect(cuts).toBe(3);
    }),
  );

  it.scopedLive("does not create twice: what is there and says the same is ours", () =>
    Effect.gen(function* () {
      let live: object | undefined;
      const scripted = yield* start(({ method, body }, response) => {
        if (method !== "POST") {
          return live === undefined
            ? failure(response, 404, "NotFound", 'configmaps "a" not found', notFound("a"))
            : json(response, 200, live);
        }
        live = { ...(JSON.parse(body) as object), metadata: { ...ref, uid: "u" } };
        return cut(response);
      });
      const cluster = yield* scripted.connect();
      yield* cluster.get(ref);
      const created = yield* cluster.create(configMap("a"), by);
      expect(created.metadata.uid).toBe("u");
      expect(scripted.asked.filter(({ method }) => method === "POST").length).toBe(1);
    }),
  );

  it.scopedLive("creates again what is not there", () =>
    Effect.gen(function* () {
      let posts = 0;
      const scripted = yield* start(({ method }, response) => {
        if (method === "GET") {
          return failure(response, 404, "NotFound", 'configmaps "a" not found', notFound("a"));
        }
        posts += 1;
        return posts === 1 ? cut(response) : json(response, 201, configMap("a", { uid: "u" }));
      });
      const cluster = yield* scripted.connect();
      yield* cluster.get(ref);
      expect((yield* cluster.create(configMap("a"), by)).metadata.uid).toBe("u");
      expect(posts).toBe(2);
    }),
  );

  it.scopedLive("does not take another's object for ours", () =>
    Effect.gen(function* () {
      const scripted = yield* start(({ method }, response) =>
        method === "GET"
          ? json(response, 200, { ...configMap("a"), data: { a: "another's" } })
          : cut(response),
      );
      const cluster = yield* scripted.connect();
      yield* cluster.get(ref);
      expect((yield* Effect.flip(cluster.create(configMap("a"), by)))._tag).toBe(
        "ClusterUnreachable",
      );
    }),
  );

  it.scopedLive("does not lose a compare-and-set that had worked", () =>
    Effect.gen(function* () {
      let puts = 0;
      const scripted = yield* start(({ method }, response) => {
        if (method === "GET") return json(response, 200, configMap("a", { resourceVersion: "5" }));
        puts += 1;
        return puts === 1
          ? cut(response)
          : failure(response, 409, "Conflict", "the object has been modified", notFound("a"));
      });
      const cluster = yield* scripted.connect();
      yield* cluster.get(ref);
      const replaced = yield* cluster.replace(configMap("a", { resourceVersion: "4" }), by);
      expect(replaced.metadata.resourceVersion).toBe("5");
    }),
  );

  it.scopedLive("counts a deletion that had worked as ours", () =>
    Effect.gen(function* () {
      let deletes = 0;
      const scripted = yield* start(({ method }, response) => {
        if (method === "GET") return json(response, 200, configMap("a"));
        deletes += 1;
        return deletes === 1
          ? cut(response)
          : failure(response, 404, "NotFound", 'configmaps "a" not found', notFound("a"));
      });
      const cluster = yield* scripted.connect();
      yield* cluster.get(ref);
      expect(yield* cluster.remove(ref)).toBe(true);
      expect(yield* cluster.remove(ref)).toBe(false);
    }),
  );

  it.scopedLive("is cut at once when its request is interrupted", () =>
    Effect.gen(function* () {
      let closed: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => (closed = resolve));
      const scripted = yield* start((_, response) => response.on("close", closed));
      const fiber = yield* Effect.fork((yield* scripted.connect()).get(ref));
      while (scripted.asked.length === 0) yield* Effect.sleep(5);
      yield* Fiber.interrupt(fiber);
      yield* Effect.promise(() => gone).pipe(Effect.timeout("1 second"));
    }),
  );
});

describe("a server that asks for patience", () => {
  it.scopedLive("gets it: 429 with Retry-After, 503, a race", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response, count) => {
        if (count === 1) {
          response.setHeader("retry-after", "1");
          return failure(response, 429, "TooManyRequests", "too many requests");
        }
        if (count === 2) return failure(response, 503, "ServiceUnavailable", "shutting down");
        if (count === 3) return failure(response, 409, "Conflict", "the object has been modified");
        return json(response, 200, configMap("a"));
      });
      const [duration] = yield* Effect.timed((yield* scripted.connect()).apply(configMap("a"), by));
      expect(scripted.asked.length).toBe(4);
      expect(Duration.toMillis(duration)).toBeGreaterThanOrEqual(1_000);
    }),
  );

  it.scopedLive("is not asked again where it has said no", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) =>
        failure(
          response,
          500,
          "",
          "failed to create typed patch object (/a): .x: field not declared in schema",
        ),
      );
      const error = yield* Effect.flip((yield* scripted.connect()).apply(configMap("a"), by));
      expect(error.reason).toBe("invalid_object");
      expect(scripted.asked.length).toBe(1);
    }),
  );

  it.scopedLive("but a compared version that lost is lost", () =>
    Effect.gen(function* () {
      const scripted = yield* start((_, response) =>
        failure(response, 409, "Conflict", "the object has been modified", notFound("a")),
      );
      const cluster = yield* scripted.connect();
      const error = yield* Effect.flip(
        cluster.replace(configMap("a", { resourceVersion: "1" }), by),
      );
      expect(error._tag === "ApiFailure" && error.statusReason).toBe("Conflict");
      expect(scripted.asked.length).toBe(1);
    }),
  );
});

describe("a server that warns", () => {
  it.scopedLive("is heard, once for each warning", () =>
    Effect.gen(function* () {
      const server = yield* start((_, response) => {
        response.setHeader("warning", [
          '299 - "v1 Endpoints is deprecated"',
          String.raw`299 - "field \"a\" is \u001bignored", 299 - "and b"`,
        ]);
        json(response, 200, configMap("a"));
      });
      const cluster = yield* server.connect();
      const heard: Array<string> = [];
      yield* cluster.apply(configMap("a"), { ...by, onWarning: (text) => heard.push(text) });
      expect(heard).toEqual(["v1 Endpoints is deprecated", 'field "a" is u001bignored', "and b"]);
      yield* cluster.apply(configMap("a"), by);
    }),
  );
});

describe("lists", () => {
  it.scopedLive("follow their pages, and start again when a page has expired", () =>
    Effect.gen(function* () {
      let expired = false;
      const scripted = yield* start(({ url }, response) => {
        const next = new URL(url, "http://x").searchParams.get("continue");
        if (next === "2" && !expired) {
          expired = true;
          return failure(response, 410, "Expired", "the continue parameter is too old");
        }
        const page = Number(next ?? "1");
        return json(response, 200, {
          items: [{ metadata: { name: `item-${page}` } }],
          metadata: { resourceVersion: "9", ...(page < 3 ? { continue: `${page + 1}` } : {}) },
        });
      });
      const { items, resourceVersion } = yield* (yield* scripted.connect()).list(configMaps);
      expect(items.map(({ metadata }) => metadata.name)).toEqual(["item-1", "item-2", "item-3"]);
      expect(items[0]?.kind).toBe("ConfigMap");
      expect(resourceVersion).toBe("9");
    }),
  );
});
