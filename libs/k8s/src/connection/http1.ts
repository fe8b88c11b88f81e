/** HTTP/1.1 over kept connections: for streams, for proxies, and for servers that speak nothing newer. */
import type { Agent, Dispatcher } from "undici";
import { type Channel, joined, KEEP_ALIVE_MS, type Sent, type Way } from "./Channel.js";

/** Requests in flight at once; more wait for a connection. Streams have connections of their own. */
const CONNECTIONS = 24;

export interface Http1 {
  readonly channel: Channel;
  /** An answer that is read as it comes, until the signal cuts it. */
  readonly stream: (sent: Sent, signal: AbortSignal) => Promise<Dispatcher.ResponseData>;
  readonly close: () => void;
  readonly destroy: () => Promise<void>;
}

/** Opens no connection yet. Fails where the proxy's address is none. */
export const open = async ({ url, tls, proxy }: Way): Promise<Http1> => {
  // CommonJS: a bundler gives it as `default` alone.
  const { default: undici } = await import("undici");
  const agent = (connections: number | null): Dispatcher => {
    const options: Agent.Options = {
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    };
    return proxy === undefined
      ? new undici.Agent({ ...options, connect: tls })
      : new undici.ProxyAgent({ ...options, uri: proxy, requestTls: tls });
  };
  const requests = agent(CONNECTIONS);
  const streams = agent(null);
  const optionsOf = ({ method, path, headers, body, timeoutMs }: Sent) => ({
    origin: url.origin,
    path,
    method: method as Dispatcher.HttpMethod,
    headers: { ...headers },
    body: body ?? null,
    headersTimeout: timeoutMs,
  });

  const exchange: Channel["exchange"] = (sent, { received, failed }) => {
    let controller: Dispatcher.DispatchController | undefined;
    let isCut = false;
    let status = 0;
    let headers: Dispatcher.ResponseData["headers"] = {};
    const chunks: Array<Buffer> = [];
    const abort = () => controller?.abort(new Error("interrupted"));
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        controller = started;
        if (isCut) abort();
      },
      onResponseStart: (_, code, given) => {
        status = code;
        headers = given;
      },
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => received({ status, headers, body: joined(chunks) }),
      onResponseError: (_, error) => failed(error),
    };
    try {
      requests.dispatch({ ...optionsOf(sent), bodyTimeout: sent.timeoutMs }, handler);
    } catch (error) {
      // What undici would not even send.
      failed(error);
    }
    return () => {
      isCut = true;
      abort();
    };
  };
  const close = () => void Promise.allSettled([requests.close(), streams.close()]);
  const destroy = async () => void (await Promise.all([requests.destroy(), streams.destroy()]));
  return {
    channel: { exchange, close, destroy },
    stream: (sent, signal) => streams.request({ ...optionsOf(sent), bodyTimeout: 0, signal }),
    close,
    destroy,
  };
};
