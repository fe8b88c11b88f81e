/**
 * Requests side by side on one connection, which costs both ends a third less than a connection
 * for each. Guarantees: a connection that ends, is told to go away or falls silent is made anew
 * with the next request, and what the server never took is told from what it may have done. A
 * server that speaks no HTTP/2 is asked through `otherwise`.
 */
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import type { TLSSocket } from "node:tls";
import {
  type Channel,
  joined,
  KEEP_ALIVE_MS,
  type Listener,
  type Sent,
  type Way,
} from "./Channel.js";

/** Pages of a list are larger than the protocol's 64 KiB, which would be given leave for bit by bit. */
const WINDOW_BYTES = 1024 * 1024;
/** Node refuses requests once so much is under way; who sends them bounds that already. */
const SESSION_MIB = 1_000;
// RFC 9113, 7: the codes of an ended stream.
const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;

/** An end for which Node has no error; `connectionError` knows the codes. */
class Ended extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const handshake = async ({ url, tls }: Way): Promise<TLSSocket> => {
  const [{ connect }, { isIP }] = await Promise.all([import("node:tls"), import("node:net")]);
  const { timeout, ...options } = tls;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ALPNProtocols: ["h2", "http/1.1"],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...options,
    });
    const silent = new Ended("ETIMEDOUT", "there was no connection in time");
    const patience = setTimeout(() => socket.destroy(silent), timeout);
    const once =
      <A>(then: (value: A) => void) =>
      (value: A) => {
        clearTimeout(patience);
        then(value);
      };
    socket.once("error", once(reject));
    socket.once(
      "secureConnect",
      once(() => resolve(socket)),
    );
  });
};

const isWhole = (headers: IncomingHttpHeaders, body: Buffer): boolean =>
  headers["content-length"] === undefined || Number(headers["content-length"]) === body.length;

const start = (session: ClientHttp2Session, sent: Sent, { received, failed }: Listener) => {
  const { method, path, headers, body, timeoutMs } = sent;
  const stream = session.request(
    { ":method": method, ":path": path, ...headers },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  let answer: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined;
  let problem: unknown;
  const chunks: Array<Buffer> = [];
  stream.once("response", (given) => (answer = given));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.once("error", (error) => (problem = error));
  let isRefused = false;
  stream.once("end", () => {
    // A server that has said all takes no more: what is left of a large body would hold the stream
    // open until its time is over.
    if (answer === undefined || stream.writableFinished) return;
    isRefused = true;
    stream.close(CANCEL);
    stream.destroy();
  });
  stream.once("close", () => {
    const body = joined(chunks);
    const status = answer?.[":status"];
    if (stream.rstCode === REFUSED_STREAM) {
      failed(new Ended("NGHTTP2_REFUSED_STREAM", "the server did not take the request"));
    } else if (problem !== undefined) {
      failed(problem);
    } else if (
      answer === undefined ||
      status === undefined ||
      (stream.rstCode !== NO_ERROR && !isRefused)
    ) {
      failed(new Ended("ECONNRESET", "the connection ended before the answer"));
    } else if (!isWhole(answer, body)) {
      failed(new Ended("ECONNRESET", "the connection ended within the answer"));
    } else {
      received({ status, headers: answer, body });
    }
  });
  // The API server answers sooner even where it gives up, so that nobody is at the other end.
  stream.setTimeout(timeoutMs, () =>
    session.destroy(new Ended("ERR_HTTP2_NO_ANSWER", "no answer came in time")),
  );
  return () => stream.close(CANCEL);
};

export const make = (way: Way, otherwise: () => Promise<Channel>): Channel => {
  let isOver = false;
  let session: ClientHttp2Session | undefined;
  /** One for all that ask meanwhile. Of undefined, kept: there is no HTTP/2 there. */
  let dialling: Promise<ClientHttp2Session | undefined> | undefined;

  const dial = async (): Promise<ClientHttp2Session | undefined> => {
    const [socket, { connect }] = await Promise.all([handshake(way), import("node:http2")]);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return undefined;
    }
    const made = connect(way.url.origin, {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MIB,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    made.once("connect", () => made.setLocalWindowSize(16 * WINDOW_BYTES));
    // Each request is told what became of it; without a listener it would be uncaught besides.
    made.on("error", () => undefined);
    made.setTimeout(KEEP_ALIVE_MS, () => made.close());
    if (isOver) made.destroy();
    return made;
  };
  const dialled = () =>
    (dialling ??= dial().then(
      (made) => {
        session = made;
        if (made !== undefined) dialling = undefined;
        return made;
      },
      (error: unknown) => {
        dialling = undefined;
        throw error;
      },
    ));

  const exchange: Channel["exchange"] = (sent, listener) => {
    if (session !== undefined && !session.closed && !session.destroyed) {
      return start(session, sent, listener);
    }
    let isCut = false;
    let cut = (): void => void (isCut = true);
    const begin = async () => {
      const made = await dialled();
      const other = made === undefined ? await otherwise() : undefined;
      if (isCut) return;
      if (made !== undefined) cut = start(made, sent, listener);
      else if (other !== undefined) cut = other.exchange(sent, listener);
    };
    begin().catch(listener.failed);
    return () => cut();
  };

  return {
    exchange,
    close: () => session?.close(),
    destroy: () => {
      isOver = true;
      session?.destroy();
      return Promise.resolve();
    },
  };
};
