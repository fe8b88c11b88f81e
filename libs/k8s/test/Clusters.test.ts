import { describe, expect, it } from "@effect/vitest";
import { ConfigProvider, Effect, Option } from "effect";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { Clusters } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "nopea-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

const kubeconfig = (name: string, server: string, current = name) => `
current-context: ${current}
contexts:
  - name: ${name}
    context: { cluster: ${name}, user: ${name}, namespace: ns-${name} }
clusters:
  - name: ${name}
    cluster: { server: "${server}" }
users:
  - name: ${name}
    user: { token: token-${name} }
`;

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** With this environment and no other. */
const describeWith = (
  options: Parameters<(typeof Clusters.Clusters.Service)["describe"]>[0],
  env: Readonly<Record<string, string>> = {},
) =>
  Effect.flatMap(Clusters.Clusters, (clusters) => clusters.describe(options)).pipe(
    Effect.provide(Clusters.layer),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))),
  );

const refusal = (text: string, name: string, context?: string) =>
  describeWith({ kubeconfig: file(name, text), context }).pipe(Effect.flip);

describe("the kubeconfig", () => {
  const a = file("a.yaml", kubeconfig("a", "https://a.example:6443/"));
  const b = file("b.yaml", kubeconfig("b", "https://b.example"));

  it.effect("is the file that was named, before all others", () =>
    Effect.gen(function* () {
      const found = yield* describeWith({ kubeconfig: a }, { KUBECONFIG: b });
      expect(found).toEqual({
        contextName: "a",
        server: "https://a.example:6443",
        namespace: "ns-a",
        fallbackId: `ca:${createHash("sha256").update("https://a.example:6443").digest("hex")}`,
      });
    }),
  );

  it.effect(
    "is KUBECONFIG's files merged, the first one winning, those that are missing passed over",
    () =>
      Effect.gen(function* () {
        const other = file("other-a.yaml", kubeconfig("a", "https://late.example"));
        const env = { KUBECONFIG: [join(folder, "none"), b, a, other].join(":") };
        expect((yield* describeWith({}, env)).contextName).toBe("b");
        expect((yield* describeWith({ context: "a" }, env)).server).toBe("https://a.example:6443");
      }),
  );

  it.effect("is ~/.kube/config where nothing is named", () =>
    Effect.gen(function* () {
      file("home/.kube/config", kubeconfig("h", "https://h.example"));
      const found = yield* describeWith({}, { HOME: join(folder, "home"), KUBECONFIG: "" });
      expect(found.contextName).toBe("h");
    }),
  );

  it.effect("may be JSON", () =>
    Effect.gen(function* () {
      const json = JSON.stringify({
        "current-context": "j",
        contexts: [{ name: "j", context: { cluster: "j" } }],
        clusters: [{ name: "j", cluster: { server: "http://localhost:1" } }],
      });
      expect((yield* describeWith({ kubeconfig: file("j.json", json) })).server).toBe(
        "http://localhost:1",
      );
    }),
  );

  it.effect("names the cluster by its CA, from data or from a file beside the kubeconfig", () =>
    Effect.gen(function* () {
      file("pki/ca.crt", PEM);
      const text = kubeconfig("c", "https://c.example");
      const withData = text.replace(
        'server: "',
        `certificate-authority-data: ${Buffer.from(PEM).toString("base64")}, server: "`,
      );
      const withFile = text.replace('server: "', 'certificate-authority: pki/ca.crt, server: "');
      const expected = `ca:${createHash("sha256").update(PEM).digest("hex")}`;
      for (const [name, config] of [
        ["data.yaml", withData],
        ["file.yaml", withFile],
      ] as const) {
        expect((yield* describeWith({ kubeconfig: file(name, config) })).fallbackId).toBe(expected);
      }
    }),
  );
});

describe("a kubeconfig that can't be used is refused by name", () => {
  it.effect("missing", () =>
    Effect.gen(function* () {
      const missing = join(folder, "nowhere.yaml");
      const error = yield* Effect.flip(describeWith({ kubeconfig: missing }));
      expect(error._tag).toBe("BadInput");
      expect(error.message).toBe(`The kubeconfig ${missing} can't be read: there is no such file.`);
    }),
  );

  it.effect("missing, named by KUBECONFIG", () =>
    Effect.gen(function* () {
      const missing = join(folder, "nowhere.yaml");
      const error = yield* Effect.flip(describeWith({}, { KUBECONFIG: missing }));
      expect(error._tag).toBe("BadInput");
      expect(error.message).toContain(missing);
    }),
  );

  it.effect("a folder", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(describeWith({}, { KUBECONFIG: folder }));
      expect(error._tag).toBe("BadInput");
      expect(error.message).toContain("it is a folder");
    }),
  );

  it.effect("no YAML: with its line", () =>
    Effect.gen(function* () {
      const error = yield* refusal("a: 1\nb: [1,\nc: }\n", "broken.yaml");
      expect(error._tag).toBe("BadInput");
      expect(error.message).toMatch(/broken\.yaml is not YAML: line \d/);
    }),
  );

  it.effect("a YAML bomb", () =>
    Effect.gen(function* () {
      const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
        .concat(
          [..."bcdefghi"].map((name, index) => {
            const before = "abcdefghi"[index];
            return `${name}: &${name} [${Array(10).fill(`*${before}`).join(",")}]`;
          }),
        )
        .join("\n");
      const error = yield* refusal(bomb, "bomb.yaml");
      expect(error._tag).toBe("BadInput");
      expect(error.message).toMatch(/alias/i);
    }),
  );

  it.effect("not a mapping", () =>
    Effect.gen(function* () {
      const error = yield* refusal("just words", "words.yaml");
      expect(error.message).toContain("words.yaml is not a kubeconfig");
    }),
  );

  it.effect("a field of another type", () =>
    Effect.gen(function* () {
      const error = yield* refusal("users:\n- name: u\n  user: { token: 5 }\n", "typed.yaml");
      expect(error.message).toContain("users.0.user.token");
    }),
  );

  it.effect("no current context", () =>
    Effect.gen(function* () {
      const error = yield* refusal(kubeconfig("a", "https://a", '""'), "current.yaml");
      expect(error._tag).toBe("BadInput");
      expect(error.message).toMatch(
        /has no current context: choose one with --context \(it has "a"\)/,
      );
    }),
  );

  it.effect("an unknown context", () =>
    Effect.gen(function* () {
      const error = yield* refusal(kubeconfig("a", "https://a"), "unknown.yaml", "prod");
      expect(error.message).toMatch(/has no context "prod": it has "a"/);
    }),
  );

  it.effect("empty", () =>
    Effect.gen(function* () {
      const error = yield* refusal("", "empty.yaml");
      expect(error._tag).toBe("BadInput");
      expect(error.message).toContain("it holds no contexts");
    }),
  );

  it.effect("a context without its cluster, or its user", () =>
    Effect.gen(function* () {
      const text = kubeconfig("a", "https://a");
      const cluster = yield* refusal(text.replace("cluster: a,", "cluster: z,"), "c1.yaml");
      expect(cluster.message).toMatch(/points to a cluster "z" that the kubeconfig does not have/);
      const user = yield* refusal(text.replace("user: a,", "user: z,"), "c2.yaml");
      expect(user.message).toMatch(/points to a user "z" that the kubeconfig does not have/);
    }),
  );

  it.effect("a server that is no address", () =>
    Effect.gen(function* () {
      const error = yield* refusal(kubeconfig("a", "ftp://a"), "ftp.yaml");
      expect(error.message).toContain('"ftp://a"');
    }),
  );

  it.effect("a CA that can't be read, or is no certificate", () =>
    Effect.gen(function* () {
      const text = kubeconfig("a", "https://a");
      const gone = yield* refusal(
        text.replace('server: "', 'certificate-authority: gone.crt, server: "'),
        "ca1.yaml",
      );
      expect(gone.message).toContain(join(folder, "gone.crt"));
      const junk = yield* refusal(
        text.replace('server: "', 'certificate-authority-data: aGVsbG8=, server: "'),
        "ca2.yaml",
      );
      expect(junk.message).toContain("certificate-authority-data that is not a PEM");
    }),
  );

  it.effect("nowhere at all: no bad input, but no cluster", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(describeWith({}, { HOME: join(folder, "nobody") }));
      expect(error._tag).toBe("ClusterUnreachable");
      expect(error.advice).toContain("--kubeconfig");
    }),
  );
});

describe("connecting", () => {
  it.scoped("asks the server nothing", () =>
    Effect.gen(function* () {
      const clusters = yield* Clusters.Clusters;
      const cluster = yield* clusters.connect({
        kubeconfig: file("dead.yaml", kubeconfig("dead", "https://127.0.0.1:1")),
      });
      expect(cluster.namespace).toEqual(Option.some("ns-dead"));
      expect(cluster.contextName).toBe("dead");
      expect(yield* cluster.clockSkewMs).toBe(0);
    }).pipe(Effect.provide(Clusters.layer)),
  );
});
