/** Documents from a URL, and bytes from any stream, up to the bound that holds for files. */
import { HttpClient, type HttpClientError } from "@effect/platform";
import { BadInput, type KubeObject } from "@nopea/domain";
import { Effect, Stream } from "effect";
import { MAX_BYTES, readDocuments, tooLarge } from "./documentText.js";

const FETCH_TIMEOUT = "30 seconds";
const MAX_REDIRECTS = 5;

/** Stops reading, and says so, once there is more than is allowed. */
export const collectBytes = <E>(
  source: string,
  stream: Stream.Stream<Uint8Array, E>,
): Effect.Effect<Uint8Array, E | BadInput> =>
  Stream.runFoldEffect(stream, { chunks: [] as Array<Uint8Array>, size: 0 }, (read, chunk) => {
    read.chunks.push(chunk);
    const size = read.size + chunk.byteLength;
    return size > MAX_BYTES
      ? Effect.fail(tooLarge(source))
      : Effect.succeed({ chunks: read.chunks, size });
  }).pipe(Effect.map(({ chunks }) => Buffer.concat(chunks)));

/** What people may see of a URL: its user, password and query may be secrets. */
const shown = (url: string): string => {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

const said = (error: HttpClientError.HttpClientError): string =>
  error._tag === "ResponseError" && error.reason === "StatusCode"
    ? `the server answered ${error.response.status}`
    : error._tag === "RequestError" && error.cause instanceof Error
      ? error.cause.message
      : error.reason;

/** GETs a URL within 30 s, following at most five redirects. */
export const fetchDocuments = (
  url: string,
): Effect.Effect<ReadonlyArray<KubeObject.Manifest>, BadInput, HttpClient.HttpClient> => {
  const source = shown(url);
  const refuse = (why: string): BadInput =>
    new BadInput({ message: `${source}: it can't be fetched: ${why}`, source });
  return Effect.gen(function* () {
    const client = (yield* HttpClient.HttpClient).pipe(
      HttpClient.followRedirects(MAX_REDIRECTS),
      HttpClient.filterStatusOk,
    );
    const response = yield* client.get(url);
    const length = Number(response.headers["content-length"]);
    if (length > MAX_BYTES) return yield* tooLarge(source, length);
    return yield* collectBytes(source, response.stream);
  }).pipe(
    Effect.timeoutFail({
      duration: FETCH_TIMEOUT,
      onTimeout: () => refuse(`no answer within ${FETCH_TIMEOUT}`),
    }),
    Effect.catchTags({
      RequestError: (error) => Effect.fail(refuse(said(error))),
      ResponseError: (error) => Effect.fail(refuse(said(error))),
    }),
    Effect.flatMap((bytes) => readDocuments(source, bytes)),
  );
};
