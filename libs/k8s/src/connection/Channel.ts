/** A way to one server: requests whose answers are read whole. Callbacks, for there are thousands. */
import type { SecureContext } from "node:tls";

export interface Sent {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | Array<string>>>;
  readonly body: string | undefined;
  /** So long may nothing come, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>;
  readonly body: Buffer;
}

/** Hears one of the two, once. */
export interface Listener {
  readonly received: (answer: Received) => void;
  /** No answer, or half of one; the error's `code` says why. */
  readonly failed: (error: unknown) => void;
}

export interface Channel {
  /** Answers what cuts the exchange. */
  readonly exchange: (sent: Sent, listener: Listener) => () => void;
  /** Takes no more; what is under way may end. */
  readonly close: () => void;
  readonly destroy: () => Promise<void>;
}

/** How a server is reached. */
export interface Way {
  readonly url: URL;
  readonly tls: {
    readonly secureContext: SecureContext;
    readonly rejectUnauthorized: boolean;
    /** The name that the certificate is for, where it isn't the host's. */
    readonly servername?: string;
    /** So long may connecting take, in milliseconds. */
    readonly timeout: number;
  };
  readonly proxy: string | undefined;
}

/** Less than the idle time after which load balancers commonly cut a connection (60 s). */
export const KEEP_ALIVE_MS = 30_000;

export const joined = (chunks: ReadonlyArray<Buffer>): Buffer => {
  const [first = Buffer.of(), ...others] = chunks;
  return others.length === 0 ? first : Buffer.concat(chunks);
};
