/**
 * What a Secret's value is to the store: an HMAC-SHA-256 under a key that never leaves the state
 * folder, so that a change can be seen and a value can't be guessed from the store alone.
 */
import { Context, Effect, Layer, Ref } from "effect";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fromError, unavailable } from "./internal/failure.js";
import type { StoreConfig } from "./Store.js";
import type { StoreUnavailable } from "./StoreError.js";

export class SecretDigest extends Context.Tag("@nopea/store/SecretDigest")<
  SecretDigest,
  {
    /** 64 hex digits, the same for the same value in every process that uses this state folder. */
    readonly digest: (value: string) => Effect.Effect<string, StoreUnavailable>;
  }
>() {}

/** Bytes: as long as the hash (RFC 2104, section 3). */
const keyLength = 32;

export const make = Effect.fnUntraced(function* (config: StoreConfig) {
  const path = join(config.folder, "secret.key");
  const kept = yield* Ref.make<Uint8Array | undefined>(undefined);
  const key = Effect.gen(function* () {
    const known = yield* Ref.get(kept);
    if (known !== undefined) return known;
    const read = yield* Effect.tryPromise({
      try: () => readOrCreate(config.folder, path),
      catch: fromError(path),
    });
    if (read.length !== keyLength) {
      return yield* unavailable(path, "corrupt", `it is not a key of ${keyLength} bytes`);
    }
    yield* Ref.set(kept, read);
    return read;
  });
  return SecretDigest.of({
    digest: Effect.fn("SecretDigest.digest")((value) =>
      Effect.map(key, (bytes) => createHmac("sha256", bytes).update(value).digest("hex")),
    ),
  });
});

/** The key file (0600) in `config.folder`, made at the first use. */
export const layer = (config: StoreConfig): Layer.Layer<SecretDigest> =>
  Layer.effect(SecretDigest, make(config));

const unless = (code: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== code) throw error;
  return undefined;
};

/** Whoever is first makes the key: a link appears at once with all its bytes, or not at all. */
const readOrCreate = async (folder: string, path: string): Promise<Uint8Array> => {
  const found = await readFile(path).catch(unless("ENOENT"));
  if (found !== undefined) return found;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${randomUUID()}`;
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(randomBytes(keyLength));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(fresh, path).catch(unless("EEXIST"));
  } finally {
    await unlink(fresh).catch(unless("ENOENT"));
  }
  return readFile(path);
};
