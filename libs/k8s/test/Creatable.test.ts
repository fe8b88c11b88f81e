import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { isValid } from "../src/planning/creatable.js";

type Document = Readonly<Record<string, unknown>>;

const object = (more: Document = {}, metadata: Document = {}): KubeObject.KubeObject =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "n", ...metadata },
    ...more,
  }) as unknown as KubeObject.KubeObject;

const secret = (more: Document): KubeObject.KubeObject => object({ kind: "Secret", ...more });

const long = (length: number): string => "a".repeat(length);

describe("a new object that breaks no rule of its kind", () => {
  const valid: Record<string, KubeObject.KubeObject> = {
    "no data": object(),
    "data of each letter that a key may have": object({ data: { "a.B-c_9": "é ✓\n\t" } }),
    "the longest key": object({ data: { [long(253)]: "" } }),
    immutable: object({ immutable: true }),
    "labels and annotations": object(
      {},
      {
        labels: { app: "web", "example.com/part-of": "", [`${long(253)}/${long(63)}`]: long(63) },
        annotations: { "example.com/Note": "any text: at all" },
      },
    ),
    "a Secret": secret({ type: "Opaque", data: { a: "MQ==", b: "", c: "MTIz" } }),
  };
  for (const [name, value] of Object.entries(valid))
    it(`${name} is one`, () => assert.isTrue(isValid(value)));

  const asked: Record<string, KubeObject.KubeObject> = {
    "another kind": object({ apiVersion: "apps/v1", kind: "Deployment" }),
    "a field that ConfigMaps don't have": object({ spec: {} }),
    "a type, which only Secrets have": object({ type: "Opaque" }),
    "binary data": object({ binaryData: { a: "MQ==" } }),
    "a value that is no text": object({ data: { a: 1 } }),
    "data that is no map": object({ data: [] }),
    "data that is null": object({ data: null }),
    "immutable in words": object({ immutable: "true" }),
    "an empty key": object({ data: { "": "1" } }),
    "a key with a slash": object({ data: { "a/b": "1" } }),
    "a key that is too long": object({ data: { [long(254)]: "1" } }),
    "a key that names a directory": object({ data: { ".": "1" } }),
    "a key that leads out of a directory": object({ data: { "..a": "1" } }),
    "a character that YAML doesn't have": object({ data: { a: "\u007f" } }),
    "a character that ends a line of YAML": object({ data: { a: "\u2028" } }),
    "a metadata field beside labels and annotations": object({}, { finalizers: ["a/b"] }),
    "a label's value with a space": object({}, { labels: { a: "a b" } }),
    "a label's value that is too long": object({}, { labels: { a: long(64) } }),
    "a label's value that is no text": object({}, { labels: { a: true } }),
    "a label's key that is too long": object({}, { labels: { [long(64)]: "" } }),
    "a label's prefix that is too long": object({}, { labels: { [`${long(254)}/a`]: "" } }),
    "a label's prefix in capitals": object({}, { labels: { "Example.com/a": "" } }),
    "a label's key with two slashes": object({}, { labels: { "a/b/c": "" } }),
    "an annotation's key with a space": object({}, { annotations: { "a b": "" } }),
    "annotations of more than 256 KiB": object({}, { annotations: { a: long(256 * 1024) } }),
    "a Secret of a type with rules of its own": secret({ type: "kubernetes.io/tls" }),
    "a Secret in clear text": secret({ stringData: { a: "1" } }),
    "a Secret that is no base64": secret({ data: { a: "not base64" } }),
    "base64 that the API server writes otherwise": secret({ data: { a: "/pS=" } }),
    "base64 that is cut off": secret({ data: { a: "MQ=" } }),
  };
  for (const [name, value] of Object.entries(asked))
    it(`${name} is none: the API server is asked`, () => assert.isFalse(isValid(value)));
});
