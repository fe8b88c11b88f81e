import { FileSystem, Path } from "@effect/platform";
import { NodeContext, NodeHttpClient } from "@effect/platform-node";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Layer, Stream } from "effect";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Manifests from "../src/documents/Manifests.js";

const platform = Layer.mergeAll(NodeContext.layer, NodeHttpClient.layerUndici);
const layer = Manifests.layer.pipe(Layer.provideMerge(platform));

const CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/** A folder of the test's own with these files in it. */
const folder = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem;
    const path = yield* Path.Path;
    const root = yield* fs.makeTempDirectoryScoped();
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(root, name);
      yield* fs.makeDirectory(path.dirname(file), { recursive: true });
      yield* typeof content === "string"
        ? fs.writeFileString(file, content)
        : fs.writeFile(file, content);
    }
    return root;
  });

const load = (source: Manifests.ManifestSource) =>
  Effect.flatMap(Manifests.Manifests, (manifests) => manifests.load(source));

const loadText = (text: string) =>
  load({ paths: ["-"], stdin: Stream.make(new TextEncoder().encode(text)) });

const sources = (loaded: ReadonlyArray<{ readonly source: string }>) =>
  loaded.map(({ source }) => source);

describe("loading", () => {
  it.scoped("reads a folder and its subfolders by name, each document with its source", () =>
    Effect.gen(function* () {
      const root = yield* folder({
        "b.yml": `${CONFIG}---\n# nothing here\n---\n${CONFIG.replace("a}", "b}")}`,
        "a.yaml": CONFIG,
        "sub/c.json": JSON.stringify({
          apiVersion: "v1",
          kind: "List",
          items: [
            { apiVersion: "v1", kind: "Secret", metadata: { name: "s" } },
            { apiVersion: "v1", kind: "Secret", metadata: { name: "t" } },
          ],
        }),
        "only-a-comment.yaml": "# later\n",
        "README.md": "not a document",
      });
      assert.deepStrictEqual(sources(yield* load({ paths: [root] })), [
        `${root}/a.yaml#1`,
        `${root}/b.yml#1`,
        `${root}/b.yml#3`,
        `${root}/sub/c.json#1[0]`,
        `${root}/sub/c.json#1[1]`,
      ]);
    }).pipe(Effect.provide(layer)),
  );

  it.effect("names the kind of a typed list's items, which may leave it out", () =>
    Effect.gen(function* () {
      const [one] = yield* loadText(
        "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n",
      );
      assert.deepStrictEqual([one?.object.apiVersion, one?.object.kind], ["v1", "ConfigMap"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scoped("ends at a symbolic link that leads back, naming it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem;
      const root = yield* folder({ "sub/a.yaml": CONFIG });
      yield* fs.symlink(root, `${root}/sub/back`);
      const error = yield* Effect.flip(load({ paths: [root] }));
      assert.include(error.message, `${root}/sub/back`);
      assert.include(error.message, "symbolic link");
    }).pipe(Effect.provide(layer)),
  );

  it.scoped("ends at a symbolic link to itself, naming it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem;
      const root = yield* folder({ "a.yaml": CONFIG });
      yield* fs.symlink(`${root}/self.yaml`, `${root}/self.yaml`);
      for (const path of [`${root}/self.yaml`, root]) {
        const error = yield* Effect.flip(load({ paths: [path] }));
        assert.include(error.message, `${root}/self.yaml`);
        assert.include(error.message, "symbolic link");
      }
    }).pipe(Effect.provide(layer)),
  );

  it.scoped("refuses a 50 MB file by its size, without reading it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem;
      const root = yield* folder({ "big.yaml": "" });
      yield* fs.truncate(`${root}/big.yaml`, 50 * 1024 * 1024);
      const error = yield* Effect.flip(load({ paths: [root] }));
      // Its content would be refused for its NUL bytes: so it was not looked at.
      assert.include(error.message, `${root}/big.yaml: it is 50 MiB`);
    }).pipe(Effect.provide(layer)),
  );

  it.scoped("names what is empty, missing or no text", () =>
    Effect.gen(function* () {
      const root = yield* folder({
        "none/readme.txt": "",
        "comment.yaml": "# nothing\n---\n",
        "binary.yaml": Uint8Array.of(97, 0, 98),
        "latin1.yaml": Uint8Array.of(0x61, 0x3a, 0x20, 0xe9),
        "k/kustomization.yaml": "resources: [a.yaml]\n",
      });
      const cases = {
        none: "no document in this folder",
        "comment.yaml": "no document in it",
        "absent.yaml": "no such file or folder",
        "binary.yaml": "NUL",
        "latin1.yaml": "not UTF-8",
        "k/kustomization.yaml": "is a kustomization",
      };
      for (const [path, words] of Object.entries(cases)) {
        const error = yield* Effect.flip(load({ paths: [`${root}/${path}`] }));
        assert.include(error.message, words);
        assert.include(error.message, `${root}/${path}`);
      }
    }).pipe(Effect.provide(layer)),
  );

  it.effect("stops reading a standard input that never ends", () =>
    Effect.gen(function* () {
      const endless = Stream.forever(Stream.make(new Uint8Array(1024 * 1024)));
      const error = yield* Effect.flip(load({ paths: ["-"], stdin: endless }));
      assert.include(error.message, "larger than 32 MiB");
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("reads a URL; says what the server answered, never the URL's secrets", () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const made = createServer((request, response) => {
            if (request.url?.startsWith("/app.yaml") === true) response.end(CONFIG);
            else {
              response.statusCode = 404;
              response.end();
            }
          });
          made.listen(0, "127.0.0.1", () => resume(Effect.succeed(made)));
        }),
        (made) => Effect.sync(() => made.close()),
      );
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.deepStrictEqual(
        sources(yield* load({ paths: [`${origin}/app.yaml?token=hunter2`] })),
        [`${origin}/app.yaml#1`],
      );
      const error = yield* Effect.flip(load({ paths: [`${origin}/gone.yaml?token=hunter2`] }));
      assert.include(error.message, "404");
      assert.notInclude(error.message, "hunter2");
    }).pipe(Effect.provide(layer)),
  );
});

describe("what a document must be", () => {
  const refused: ReadonlyArray<
    readonly [name: string, text: string, field: string | undefined, words: string]
  > = [
    ["a list", "- a\n- b\n", undefined, "a list, not a mapping"],
    ["a text", "just words\n", undefined, "not a mapping"],
    [
      "no apiVersion",
      "kind: ConfigMap\nmetadata: {name: a}\n",
      "apiVersion",
      "apiVersion is missing",
    ],
    ["no kind", "apiVersion: v1\nmetadata: {name: a}\n", "kind", "kind is missing"],
    [
      "no metadata",
      "apiVersion: v1\nkind: ConfigMap\n",
      "metadata.name",
      "metadata.name is missing",
    ],
    ["no name", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "metadata.name", "missing"],
    [
      "a number for a name",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n",
      "metadata.name",
      "the number 5",
    ],
    [
      "generateName",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n",
      "metadata.generateName",
      "every apply would make another object",
    ],
    [
      "a number for a label",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {version: 2}}\n",
      'metadata.labels["version"]',
      "the number 2, not a text",
    ],
    [
      "a boolean for an annotation",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {enabled: yes}}\n",
      'metadata.annotations["enabled"]',
      "the boolean true, not a text",
    ],
  ];
  for (const [name, text, field, words] of refused) {
    it.effect(`refuses ${name}, naming document and field`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(loadText(`${CONFIG}---\n${text}`));
        assert.strictEqual(error.source, "-#2");
        assert.strictEqual(error.field, field);
        assert.include(error.message, words);
      }).pipe(Effect.provide(layer)),
    );
  }

  it.effect("tells file, line and column of what is no YAML, and of JSON alike", () =>
    Effect.gen(function* () {
      const yaml = yield* Effect.flip(loadText(`${CONFIG}data:\n  a: b: c\n`));
      assert.include(yaml.message, "-: it is not valid YAML at line 5, column 7");
      const json = yield* Effect.flip(loadText('{"apiVersion": "v1",\n "kind" "ConfigMap"}'));
      assert.include(json.message, "line 2");
    }).pipe(Effect.provide(layer)),
  );
});
