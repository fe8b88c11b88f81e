/** gzip off the event loop's thread; what does not unpack is an error that says so. */
import { Effect } from "effect";
import { gunzip, gzip } from "node:zlib";

/** Far more than any record; a guard against what only claims to be one. */
const unpackedLimit = 512 * 1024 * 1024;

export const pack = (text: string): Effect.Effect<Uint8Array> =>
  Effect.async<Uint8Array>((resume) => {
    gzip(text, (error, bytes) =>
      resume(error === null ? Effect.succeed(bytes) : Effect.die(error)),
    );
  });

export const unpack = (bytes: Uint8Array): Effect.Effect<string, Error> =>
  Effect.async<string, Error>((resume) => {
    gunzip(bytes, { maxOutputLength: unpackedLimit }, (error, text) =>
      resume(error === null ? Effect.succeed(text.toString("utf8")) : Effect.fail(error)),
    );
  });

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

export const fromBase64 = (text: string): Uint8Array => Buffer.from(text, "base64");
