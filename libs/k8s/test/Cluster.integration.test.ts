/** The connection on a real Kubernetes API (tools/testbed): what only a real one can say. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber, Option, Stream } from "effect";
import { build } from "esbuild";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { Clusters, type WatchEvent } from "../src/index.js";
import { isThere, kubeconfig, parsedKubeconfig, withNamespace } from "./support/Testbed.js";

const folder = mkdtempSync(join(tmpdir(), "nopea-real-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The test-bed's kubeconfig with something changed. */
const changed = (name: string, change: (config: ReturnType<typeof parsedKubeconfig>) => void) => {
  const config = parsedKubeconfig();
  change(config);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(config));
  return Clusters.make.connect({ kubeconfig: path });
};

const configMap = (namespace: string, name: string, data: object = { a: "1" }) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});
const by = { fieldManager: "nopea" };

const eventually = (holds: () => boolean) =>
  Effect.gen(function* () {
    while (!holds()) yield* Effect.sleep(20);
  }).pipe(Effect.timeout("20 seconds"));

/** A wire to the test-bed that can be cut, hung up and put back. */
const wire = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const sockets = new Set<Socket>();
      let server: Server | undefined;
      const listen = (at: number) =>
        new Promise<number>((resolve) => {
          server = createServer((near) => {
            const far = connect(port, "127.0.0.1");
            for (const socket of [near, far]) {
              sockets.add(socket.on("error", () => undefined));
              socket.on("close", () => sockets.delete(socket));
            }
            near.pipe(far).pipe(near);
          }).listen(at, "127.0.0.1", () => {
            const address = server?.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        });
      const stop = () => {
        server?.close();
        for (const socket of sockets) socket.destroy();
      };
      return { listen, stop };
    }),
    ({ stop }) => Effect.sync(stop),
  );

describe.skipIf(!isThere)("a real cluster [real]", () => {
  it.scopedLive("does all verbs", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* withNamespace;
      const ref = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "a" };
      expect(Option.isSome(yield* cluster.id)).toBe(true);
      expect(yield* cluster.get(ref)).toEqual(Option.none());
      const dry = yield* cluster.apply(configMap(namespace, "a"), { ...by, dryRun: true });
      expect(dry.metadata.name).toBe("a");
      expect(yield* cluster.get(ref)).toEqual(Option.none());
      const applied = yield* cluster.apply(configMap(namespace, "a"), by);
      expect(applied.metadata.managedFields?.[0]?.manager).toBe("nopea");
      const replaced = yield* cluster.replace({ ...applied, data: { a: "2" } }, by);
      const lost = yield* Effect.flip(cluster.replace({ ...applied, data: { a: "3" } }, by));
      expect(lost._tag === "ApiFailure" && lost.statusReason).toBe("Conflict");
      const patched = yield* cluster.patch(ref, {
        type: "merge",
        body: { data: { b: "1" } },
        ...by,
      });
      expect(patched["data"]).toEqual({ a: "2", b: "1" });
      const exists = yield* Effect.flip(cluster.create(configMap(namespace, "a"), by));
      expect(exists._tag === "ApiFailure" && exists.statusReason).toBe("AlreadyExists");
      const { items } = yield* cluster.listMetadata({ ...ref, labelSelector: undefined });
      expect(items.find(({ metadata }) => metadata.name === "a")?.kind).toBe("ConfigMap");
      expect(yield* cluster.remove({ ...ref, uid: "another" })).toBe(false);
      expect(yield* cluster.remove({ ...ref, uid: replaced.metadata.uid ?? "" })).toBe(true);
      expect(yield* cluster.remove(ref)).toBe(false);
      expect(Math.abs(yield* cluster.clockSkewMs)).toBeLessThan(2_000);
    }),
  );

  it.scopedLive("has its kinds found, and says which it does not have", () =>
    Effect.gen(function* () {
      const { cluster } = yield* withNamespace;
      const kinds = (yield* cluster.resources).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(["Pod", "Deployment", "Lease"]));
      const error = yield* Effect.flip(cluster.resource("example.com/v1", "Widget"));
      expect(error.reason).toBe("unknown_kind");
      expect((yield* cluster.resource("events.k8s.io/v1", "Event")).name).toBe("events");
    }),
  );

  it.scopedLive("refuses with reasons", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* withNamespace;
      const reason = (object: object, force = false) =>
        cluster.apply(object as never, { ...by, force }).pipe(
          Effect.flip,
          Effect.map((error) => error.reason),
        );
      yield* cluster.apply(configMap(namespace, "a"), { fieldManager: "other" });
      expect(yield* reason(configMap(namespace, "a", { a: "2" }))).toBe("field_conflict");
      expect(yield* reason(configMap(namespace, "A b"))).toBe("invalid_object");
      expect(yield* reason({ ...configMap(namespace, "b"), dat: {} })).toBe("invalid_object");
      expect(yield* reason(configMap(namespace, "c", { a: "x".repeat(1_100_000) }))).toBe(
        "object_too_large",
      );
      expect(yield* reason(configMap(namespace, "c", { a: "x".repeat(4_000_000) }))).toBe(
        "object_too_large",
      );
      expect(yield* reason({ ...configMap(namespace, "d"), apiVersion: "apps/v1" })).toBe(
        "unknown_kind",
      );
      const missing = yield* Effect.flip(cluster.apply(configMap("no-such-namespace", "a"), by));
      expect(missing._tag === "ApiFailure" && missing.missing).toBe("namespace");
      yield* cluster.apply(
        { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace }, type: "a" },
        by,
      );
      expect(
        yield* reason({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "s", namespace },
          type: "b",
        }),
      ).toBe("immutable_field");
      yield* cluster.apply(
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "q", namespace },
          spec: { hard: { services: "0" } },
        },
        by,
      );
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "v", namespace },
        spec: { ports: [{ port: 80 }] },
      };
      yield* Effect.sleep(500);
      expect(yield* reason(service)).toBe("quota_exceeded");
    }),
  );

  it.scopedLive("is not trusted with another CA, or under another name", () =>
    Effect.gen(function* () {
      const pod = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "x" };
      const distrusted = yield* changed("no-ca", ({ clusters }) => {
        delete clusters[0]!.cluster["certificate-authority-data"];
      });
      const unknown = yield* Effect.flip(distrusted.get(pod));
      expect(unknown._tag).toBe("ClusterUnreachable");
      expect(unknown.message).toMatch(/its certificate is not signed by the CA/);
      const renamed = yield* changed("name", ({ clusters }) => {
        clusters[0]!.cluster["tls-server-name"] = "other.example";
      });
      const other = yield* Effect.flip(renamed.get(pod));
      expect(other.message).toMatch(/its certificate is for another host name/);
      const careless = yield* changed("skip", ({ clusters }) => {
        delete clusters[0]!.cluster["certificate-authority-data"];
        Object.assign(clusters[0]!.cluster, { "insecure-skip-tls-verify": true });
      });
      expect(yield* careless.get(pod)).toEqual(Option.none());
    }),
  );

  it.scopedLive("does not know a token that has expired", () =>
    Effect.gen(function* () {
      const cluster = yield* changed("expired", ({ users }) => {
        for (const { user } of users) user["token"] = "expired";
      });
      const error = yield* Effect.flip(cluster.id);
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.message).toMatch(/does not accept the credentials of user "\w+"/);
    }),
  );

  it.scopedLive("is watched on through cuts and an outage", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* withNamespace;
      const { listen, stop } = yield* wire(Number(new URL(cluster.server).port));
      const port = yield* Effect.promise(() => listen(0));
      const through = yield* changed("wire", ({ clusters }) => {
        clusters[0]!.cluster["server"] = `https://127.0.0.1:${port}`;
      });
      const said: Array<WatchEvent> = [];
      const fiber = yield* Effect.fork(
        through
          .watch({ apiVersion: "v1", kind: "ConfigMap", namespace })
          .pipe(Stream.runForEach((event) => Effect.sync(() => said.push(event)))),
      );
      const saw = (name: string) =>
        said.some((event) =>
          event.type === "changed"
            ? event.object.metadata.name === name
            : event.type === "resynced" &&
              event.objects.some(({ metadata }) => metadata.name === name),
        );
      yield* eventually(() => said.length > 0);
      yield* cluster.apply(configMap(namespace, "before"), by);
      yield* eventually(() => saw("before"));
      stop();
      yield* cluster.apply(configMap(namespace, "meanwhile"), by);
      yield* eventually(() => said.some(({ type }) => type === "disconnected"));
      yield* Effect.sleep("1 second");
      yield* Effect.promise(() => listen(port));
      yield* eventually(() => saw("meanwhile"));
      yield* cluster.apply(configMap(namespace, "after"), by);
      yield* eventually(() => saw("after"));
      expect(said.filter(({ type }) => type === "disconnected").length).toBe(1);
      yield* Fiber.interrupt(fiber);
    }),
  );

  it.scopedLive(
    "gives a Lease to one process at a time, and at once to the next when one is killed",
    () =>
      Effect.gen(function* () {
        const { namespace } = yield* withNamespace;
        const script = join(folder, "leaseWorker.mjs");
        yield* Effect.promise(() =>
          build({
            entryPoints: [new URL("./support/leaseWorker.ts", import.meta.url).pathname],
            bundle: true,
            platform: "node",
            format: "esm",
            conditions: ["@nopea/source"],
            outfile: script,
            logLevel: "error",
            banner: {
              js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);",
            },
          }),
        );
        const worker = Effect.acquireRelease(
          Effect.sync(() => {
            const child: ChildProcess = spawn(process.execPath, [
              script,
              kubeconfig,
              namespace,
              "nopea-web",
            ]);
            let said = "";
            child.stdout?.on("data", (text) => (said += String(text)));
            child.stderr?.on("data", (text) => (said += String(text)));
            return { child, said: () => said };
          }),
          ({ child }) => Effect.sync(() => child.kill("SIGKILL")),
        );
        const first = yield* worker;
        yield* eventually(() => first.said().includes("held"));
        const second = yield* worker;
        yield* eventually(() => second.said().includes(`process ${first.child.pid}`));
        expect(second.said()).not.toContain("held");
        first.child.kill("SIGKILL");
        yield* eventually(() => second.said().includes("held"));
        const third = yield* worker;
        yield* eventually(() => third.said().includes(`process ${second.child.pid}`));
        second.child.stdin?.end();
        yield* eventually(() => third.said().includes("held"));
      }),
  );
});
