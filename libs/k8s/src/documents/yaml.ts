/**
 * YAML as Kubernetes reads it: the scalars of YAML 1.1 as go-yaml v2 resolves them (yes and off
 * are booleans, 0644 is octal), but neither sexagesimal numbers nor timestamps. js-yaml does the
 * syntax: it is what client-node reads kubeconfigs with, and five times as fast as a parser that
 * builds a document tree.
 */
import type { Schema, Type, YAMLException } from "js-yaml";

type JsYaml = typeof import("js-yaml");

/** Where a text is no YAML, counted from 1; 0 where it is the whole of it. */
export interface YamlProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Values that aliases may add to a document: beyond it, it is a bomb (k8s.io/yaml refuses at a like size). */
const MAX_EXPANDED = 100_000;

const NULL = new Set(["", "~", "null", "Null", "NULL"]);
const TRUE = new Set(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]);
const FALSE = new Set([
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"],
]);
const INT = /^[-+]?(?:0|[1-9][0-9]*)$/;
const OCTAL = /^([-+]?)0o?([0-7]+)$/;
const HEX = /^([-+]?)0[xX]([0-9a-fA-F]+)$/;
const BINARY = /^([-+]?)0b([01]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

const radix = (match: RegExpExecArray, base: number): number =>
  (match[1] === "-" ? -1 : 1) * Number.parseInt(match[2] ?? "", base);

/** Undefined where it is no number. Underscores may stand between digits, as in `1_000`. */
const numberOf = (text: string): number | undefined => {
  const first = text.charCodeAt(0);
  // Anything but a digit, sign or point first: the common case, and no number.
  if (!((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46)) {
    return undefined;
  }
  const digits = text.includes("_") ? text.replaceAll("_", "") : text;
  if (INT.test(digits)) return Number(digits) + 0;
  for (const [form, base] of [
    [OCTAL, 8],
    [HEX, 16],
    [BINARY, 2],
  ] as const) {
    const match = form.exec(digits);
    if (match !== null) return radix(match, base);
  }
  return FLOAT.test(digits) ? Number(digits) : undefined;
};

/** `.inf` and `.nan` are numbers to YAML and nothing to JSON. */
const UNREPRESENTABLE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

const makeSchema = (yaml: JsYaml): Schema => {
  const scalar = (
    tag: string,
    resolve: (text: string) => boolean,
    construct: (text: string) => unknown,
  ): Type =>
    new yaml.Type(`tag:yaml.org,2002:${tag}`, {
      kind: "scalar",
      resolve: (text: string | null) => resolve(text ?? ""),
      construct: (text: string | null) => construct(text ?? ""),
    });
  return yaml.FAILSAFE_SCHEMA.extend({
    implicit: [
      scalar(
        "null",
        (text) => NULL.has(text),
        () => null,
      ),
      scalar(
        "bool",
        (text) => text.length <= 5 && (TRUE.has(text) || FALSE.has(text)),
        (text) => TRUE.has(text),
      ),
      scalar(
        "float",
        (text) => numberOf(text) !== undefined || UNREPRESENTABLE.test(text),
        (text) => numberOf(text) ?? Number.NaN,
      ),
      new yaml.Type("tag:yaml.org,2002:merge", {
        kind: "scalar",
        resolve: (text: string | null) => text === "<<",
      }),
    ],
    explicit: [
      scalar("int", (text) => Number.isInteger(numberOf(text)), numberOf),
      scalar(
        "binary",
        (text) => /^[A-Za-z0-9+/=\s]*$/.test(text),
        (text) => Buffer.from(text, "base64").toString("utf8"),
      ),
    ],
  });
};

/**
 * How many values a document is once its aliases are written out; what is shared is counted
 * once and remembered. -1 where it contains itself, NaN where a number can't be sent as JSON.
 */
const expandedSize = (root: unknown): number => {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const sizeOf = (value: unknown): number => {
    if (typeof value === "number") return Number.isFinite(value) ? 1 : Number.NaN;
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) return -1;
    open.add(value);
    let size = 1;
    for (const child of Array.isArray(value) ? value : Object.values(value)) {
      const more = sizeOf(child);
      if (!(more >= 0)) return more;
      size += more;
    }
    open.delete(value);
    sizes.set(value, size);
    return size;
  };
  return sizeOf(root);
};

const whole = (message: string): YamlProblem => ({ line: 0, column: 0, message });

const problemOf = (document: unknown, characters: number): YamlProblem | undefined => {
  const size = expandedSize(document);
  if (Number.isNaN(size)) return whole("infinity and not-a-number can't be sent as JSON");
  if (size < 0) return whole("an alias refers to what it is part of");
  // Without aliases a document has fewer values than characters.
  return size > MAX_EXPANDED && size > characters
    ? whole(`its aliases expand to more than ${MAX_EXPANDED} values`)
    : undefined;
};

const isYamlException = (thrown: unknown): thrown is YAMLException =>
  thrown instanceof Error && thrown.name === "YAMLException";

/** Every document of a text in order, `null` for an empty one; or what is wrong with it. */
export const makeParser = (
  yaml: JsYaml,
): ((text: string) => ReadonlyArray<unknown> | YamlProblem) => {
  const schema = makeSchema(yaml);
  return (text) => {
    const documents: Array<unknown> = [];
    try {
      yaml.loadAll(text, (document) => documents.push(document), {
        schema,
        // Big CustomResourceDefinitions are deep; js-yaml's own limit is 100.
        ...{ maxDepth: 500 },
      });
    } catch (thrown) {
      if (!isYamlException(thrown)) throw thrown;
      return {
        line: thrown.mark.line + 1,
        column: thrown.mark.column + 1,
        message: thrown.reason,
      };
    }
    for (const document of documents) {
      const problem = problemOf(document, text.length);
      if (problem !== undefined) return problem;
    }
    return documents;
  };
};

export const isProblem = (answer: ReadonlyArray<unknown> | YamlProblem): answer is YamlProblem =>
  !Array.isArray(answer);
