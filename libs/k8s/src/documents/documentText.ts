/** From the bytes of one source to its manifests, or to what is wrong with them and where. */
import { BadInput, type KubeObject } from "@nopea/domain";
import { Effect, Either } from "effect";
import type { PlatformError } from "@effect/platform/Error";
import { toManifests } from "./Documents.js";
import { isProblem, makeParser } from "./yaml.js";

/** A source larger than this is refused before it is read: etcd keeps 1.5 MiB an object. */
export const MAX_BYTES = 32 * 1024 * 1024;

const MIB = 1024 * 1024;

export const tooLarge = (source: string, bytes?: number): BadInput =>
  new BadInput({
    message:
      bytes === undefined
        ? `${source}: it is larger than ${MAX_BYTES / MIB} MiB`
        : `${source}: it is ${Math.ceil(bytes / MIB)} MiB; at most ${MAX_BYTES / MIB} MiB are read`,
    source,
    advice: "Split it into several files.",
  });

const words: Readonly<Partial<Record<string, string>>> = {
  NotFound: "no such file or folder",
  PermissionDenied: "permission denied",
};

/** Node's own word for a loop is in the message alone: the platform has no reason for it. */
export const unreadable = (path: string, error: PlatformError): BadInput => {
  const loop = error.message.includes("ELOOP");
  const why = loop
    ? "a symbolic link leads back to itself"
    : error._tag === "SystemError"
      ? (words[error.reason] ?? error.description ?? error.reason)
      : error.message;
  return new BadInput({ message: `${path}: it can't be read: ${why}`, source: path });
};

const decode = (source: string, bytes: Uint8Array): Either.Either<string, BadInput> => {
  const notText = (what: string): BadInput =>
    new BadInput({ message: `${source}: it is no text: ${what}`, source });
  const zero = bytes.indexOf(0);
  if (zero >= 0) return Either.left(notText(`byte ${zero} is NUL`));
  return Either.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => notText("it is not UTF-8"),
  });
};

const asJson = (text: string): Either.Either<ReadonlyArray<unknown>, undefined> =>
  Either.try({ try: () => [JSON.parse(text) as unknown], catch: () => undefined });

const isKustomization = (source: string): boolean =>
  /(?:^|[\\/])kustomization\.ya?ml$|(?:^|[\\/])Kustomization$/.test(source);

/** The manifests of one source; each is called `source#n`, n from 1, empty documents counted. */
export const readDocuments = Effect.fnUntraced(function* (
  source: string,
  bytes: Uint8Array,
): Effect.fn.Return<ReadonlyArray<KubeObject.Manifest>, BadInput> {
  const text = yield* decode(source, bytes);
  // What looks like JSON and isn't is told as YAML is, with line and column.
  const json = /^\s*[{[]/.test(text) ? asJson(text) : Either.left(undefined);
  let documents: ReadonlyArray<unknown>;
  if (Either.isRight(json)) {
    documents = json.right;
  } else {
    const parse = makeParser(yield* Effect.promise(() => import("js-yaml")));
    const answer = parse(text);
    if (isProblem(answer)) {
      const where = answer.line === 0 ? "" : ` at line ${answer.line}, column ${answer.column}`;
      return yield* new BadInput({
        message: `${source}: it is not valid YAML${where}: ${answer.message}`,
        source,
      });
    }
    documents = answer;
  }
  const manifests: Array<KubeObject.Manifest> = [];
  for (const [index, document] of documents.entries()) {
    const read = toManifests(document, `${source}#${index + 1}`);
    if (Either.isLeft(read) && isKustomization(source)) {
      return yield* new BadInput({
        message: `${source}: it is a kustomization, not a Kubernetes object`,
        source,
        advice: "Deploy its folder with -k instead of -f.",
      });
    }
    manifests.push(...(yield* read));
  }
  return manifests;
});
