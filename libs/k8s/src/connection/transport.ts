/**
 * Requests to one server over kept connections (one for all, where it speaks HTTP/2), with the
 * kubeconfig's trust and credentials. Guarantees: credentials are renewed before they run out and
 * once on a 401; an interrupted request ends at the server too. Repeating one is for the caller.
 */
import { Evidence, Timestamp, type BadInput } from "@nopea/domain";
import { Clock, Config, Data, Effect, Option, type Scope } from "effect";
import type { Dispatcher } from "undici";
import type { Channel, Received, Sent, Way } from "./Channel.js";
import { ClusterUnreachable } from "./ClusterError.js";
import { explain, type NoAnswer } from "./connectionError.js";
import * as Credentials from "./credentials.js";
import * as Http1 from "./http1.js";
import * as Http2 from "./http2.js";
import type { Target } from "./kubeconfig.js";
import { proxyFor } from "./proxy.js";

const CONNECT_TIMEOUT_MS = 5_000;
/** The API server itself gives up on a request after 60 s. */
const ANSWER_TIMEOUT_MS = 65_000;
/** Before the server has answered anything: a wrong address should be told from a busy server soon. */
const FIRST_ANSWER_TIMEOUT_MS = 15_000;

export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  /** What the API server warns of: a deprecated version, a field that is ignored. */
  readonly warnings: ReadonlyArray<string>;
}

/** No answer came: whether to try again is the caller's to know. */
export class Unanswered extends Data.TaggedError("Unanswered")<
  NoAnswer & { readonly server: string }
> {}

export interface Transport {
  readonly send: (request: Request) => Effect.Effect<Answer, Unanswered | ClusterUnreachable>;
  /** An answer that is read as it comes; closing the scope cuts the connection. */
  readonly open: (
    request: Request,
  ) => Effect.Effect<
    { readonly status: number; readonly body: Dispatcher.ResponseData["body"] },
    Unanswered | ClusterUnreachable,
    Scope.Scope
  >;
  /** What an error of an opened answer's body means. */
  readonly unanswered: (error: unknown) => Unanswered;
  /** True once the server has answered anything at all. */
  readonly hasAnswered: Effect.Effect<boolean>;
  /** The server's clock minus ours, in milliseconds, by its last answer. */
  readonly clockSkewMs: Effect.Effect<number>;
}

/** What was said of it in one sentence. */
export const unreachable = (error: Unanswered): ClusterUnreachable =>
  new ClusterUnreachable({
    message: `The cluster at ${error.server} can't be reached: ${error.words}.`,
    reason: "cluster_unreachable",
    server: error.server,
    ...(error.advice === undefined ? {} : { advice: error.advice }),
  });

type Headers = Received["headers"];

interface Session {
  readonly credentials: Credentials.Credentials;
  /** The credentials as HTTP says them. */
  readonly headers: Sent["headers"];
  readonly requests: Channel;
  /** For streams, which take a connection each. */
  readonly streams: () => Promise<Http1.Http1>;
  readonly close: () => void;
  readonly destroy: () => Promise<void>;
}

/** The texts of `Warning: 299 - "…", 299 - "…"` (RFC 7234); Kubernetes sends one header for each. */
const warningsIn = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  header === undefined
    ? []
    : [header]
        .flat()
        .flatMap((one) => [...one.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)])
        .map(([, text = ""]) => Evidence.clean(text.replace(/\\(.)/g, "$1")));

const environment = (name: string) =>
  Config.string(name).pipe(
    Config.orElse(() => Config.string(name.toLowerCase())),
    Effect.option,
    Effect.map(Option.getOrUndefined),
  );

type Ways = Omit<Session, "credentials" | "headers">;

/** One connection for all requests, where the server is reached straight and may speak HTTP/2. */
const besides = (way: Way): Ways => {
  let http1: Promise<Http1.Http1> | undefined;
  const streams = () => (http1 ??= Http1.open(way));
  const requests = Http2.make(way, async () => (await streams()).channel);
  return {
    requests,
    streams,
    close: () => {
      requests.close();
      void http1?.then(({ close }) => close());
    },
    destroy: async () => {
      await requests.destroy();
      await (await http1)?.destroy();
    },
  };
};

const alone = (http1: Http1.Http1): Ways => ({
  requests: http1.channel,
  streams: () => Promise.resolve(http1),
  close: http1.close,
  destroy: http1.destroy,
});

const openWays = Effect.fnUntraced(function* (
  target: Target,
  ca: string | undefined,
  credentials: Credentials.Credentials,
) {
  const trust = {
    ...(ca === undefined ? {} : { ca }),
    ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
  };
  const proxy = proxyFor(target.server, target.cluster["proxy-url"], {
    https: yield* environment("HTTPS_PROXY"),
    http: yield* environment("HTTP_PROXY"),
    none: yield* environment("NO_PROXY"),
  });
  return yield* Effect.tryPromise({
    try: async () => {
      const { createSecureContext } = await import("node:tls");
      const url = new URL(target.server);
      const way: Way = {
        url,
        proxy,
        tls: {
          ...(target.cluster["tls-server-name"]
            ? { servername: target.cluster["tls-server-name"] }
            : {}),
          rejectUnauthorized: target.cluster["insecure-skip-tls-verify"] !== true,
          timeout: CONNECT_TIMEOUT_MS,
          // One for all connections: certificates are read once.
          secureContext: createSecureContext(trust),
        },
      };
      return url.protocol === "https:" && proxy === undefined
        ? besides(way)
        : alone(await Http1.open(way));
    },
    // A key that is no key, a proxy that is no address.
    catch: (error) =>
      new ClusterUnreachable({
        message: `The cluster at ${target.server} can't be connected to as ${target.source} says: ${error instanceof Error ? error.message : String(error)}.`,
        reason: "cluster_unreachable",
        server: target.server,
      }),
  });
});

/** Of several with one name all are sent. */
const gathered = (
  pairs: ReadonlyArray<readonly [name: string, value: string]>,
): Sent["headers"] => {
  const headers: Record<string, string | Array<string>> = {};
  for (const [name, value] of pairs) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
};

/** Opens nothing yet: that is for the first request. */
export const make = Effect.fnUntraced(function* (
  target: Target,
  ca: string | undefined,
): Effect.fn.Return<Transport, BadInput, Scope.Scope> {
  const { server } = target;
  const fetchCredentials = yield* Credentials.make(target, ca);
  const repeated = Credentials.repeatedHeaders(target.user);
  const url = new URL(server);
  const basePath = url.pathname === "/" ? "" : url.pathname;
  const renewing = yield* Effect.makeSemaphore(1);

  let session: Session | undefined;
  let answered = false;
  let skewMs = 0;
  let lastDate = "";

  yield* Effect.addFinalizer(() => Effect.promise(async () => session?.destroy()));

  /** The session, renewed where it has run out or is still the one that was `refused`. */
  const current = (refused?: Session): Effect.Effect<Session, ClusterUnreachable> =>
    Clock.currentTimeMillis.pipe(
      Effect.flatMap((now) => {
        const usable = (one: Session) =>
          one !== refused && !Credentials.isStale(one.credentials, now);
        if (session !== undefined && usable(session)) return Effect.succeed(session);
        return Effect.gen(function* (): Effect.fn.Return<Session, ClusterUnreachable> {
          const before = session;
          if (before !== undefined && usable(before)) return before;
          const credentials = yield* fetchCredentials;
          const sameKey =
            before?.credentials.cert === credentials.cert &&
            before?.credentials.key === credentials.key;
          const headers = gathered([...Object.entries(credentials.headers), ...repeated]);
          if (before !== undefined && sameKey) {
            return (session = { ...before, credentials, headers });
          }
          const ways = yield* openWays(target, ca, credentials);
          // Requests under way with the old certificate are left to finish.
          before?.close();
          return (session = { credentials, headers, ...ways });
        }).pipe(renewing.withPermits(1));
      }),
    );

  const sentOf = (one: Session, request: Request, timeoutMs: number): Sent => ({
    method: request.method,
    path: basePath + request.path,
    headers: {
      accept: request.accept ?? "application/json",
      "user-agent": "nopea",
      ...(request.contentType === undefined ? {} : { "content-type": request.contentType }),
      ...one.headers,
    },
    body: request.body,
    timeoutMs,
  });

  const unanswered = (error: unknown) => new Unanswered({ ...explain(error), server });

  const header = (headers: Headers, name: string) => {
    const value = headers[name];
    return typeof value === "string" ? value : undefined;
  };

  const note = (headers: Headers, nowMs: number) => {
    answered = true;
    const date = header(headers, "date");
    if (date === undefined || date === lastDate) return;
    lastDate = date;
    const timestamp = Timestamp.fromKubernetes(date);
    // The header has whole seconds: half of one is the best guess at what was cut off.
    if (timestamp !== undefined) skewMs = Timestamp.toMillis(timestamp) + 500 - nowMs;
  };

  const answerOf = ({ status, headers, body }: Received): Answer => {
    const retryAfter = Number(header(headers, "retry-after"));
    return {
      status,
      text: body.toString("utf8"),
      retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
      warnings: warningsIn(headers["warning"]),
    };
  };

  const exchange = (one: Session, request: Request, clock: Clock.Clock) =>
    Effect.async<Answer, Unanswered>((resume) => {
      const timeoutMs = answered ? ANSWER_TIMEOUT_MS : FIRST_ANSWER_TIMEOUT_MS;
      const cut = one.requests.exchange(sentOf(one, request, timeoutMs), {
        received: (received) => {
          note(received.headers, clock.unsafeCurrentTimeMillis());
          resume(Effect.succeed(answerOf(received)));
        },
        failed: (error) => resume(Effect.fail(unanswered(error))),
      });
      return Effect.sync(cut);
    });

  /** Runs it with the session's credentials; once more with new ones where the server says 401. */
  const authenticated = <A extends { readonly status: number }, R>(
    run: (one: Session) => Effect.Effect<A, Unanswered, R>,
  ): Effect.Effect<A, Unanswered | ClusterUnreachable, R> =>
    Effect.flatMap(current(), (one) =>
      Effect.flatMap(run(one), (first) =>
        first.status === 401 ? again(one, first, run) : Effect.succeed(first),
      ),
    );

  const again = <A extends { readonly status: number }, R>(
    one: Session,
    first: A,
    run: (one: Session) => Effect.Effect<A, Unanswered, R>,
  ): Effect.Effect<A, Unanswered | ClusterUnreachable, R> =>
    Effect.gen(function* () {
      const other = yield* current(one);
      const changed =
        other.credentials.headers["authorization"] !== one.credentials.headers["authorization"] ||
        other.credentials.cert !== one.credentials.cert;
      const second = changed ? yield* run(other) : first;
      if (second.status !== 401) return second;
      const { who, advice } = Credentials.describe(target);
      return yield* new ClusterUnreachable({
        message: `The cluster at ${server} does not accept the credentials of ${who}: they have expired or are not valid there (401 Unauthorized).`,
        reason: "cluster_unreachable",
        server,
        advice,
      });
    });

  return {
    unanswered,
    hasAnswered: Effect.sync(() => answered),
    clockSkewMs: Effect.sync(() => skewMs),
    send: (request) =>
      authenticated((one) =>
        Effect.flatMap(Effect.clock, (clock) => exchange(one, request, clock)),
      ),
    open: (request) =>
      authenticated((one) =>
        Effect.acquireRelease(
          Effect.sync(() => new AbortController()),
          (controller) => Effect.sync(() => controller.abort()),
        ).pipe(
          Effect.zip(Effect.clock),
          Effect.flatMap(([controller, clock]) =>
            Effect.tryPromise({
              try: async (signal) => {
                signal.addEventListener("abort", () => controller.abort(), { once: true });
                const { stream } = await one.streams();
                const answer = await stream(
                  sentOf(one, request, ANSWER_TIMEOUT_MS),
                  controller.signal,
                );
                note(answer.headers, clock.unsafeCurrentTimeMillis());
                // Without a listener an abort would be an uncaught error.
                answer.body.on("error", () => undefined);
                return { status: answer.statusCode, body: answer.body };
              },
              catch: unanswered,
            }),
          ),
        ),
      ),
  };
});
