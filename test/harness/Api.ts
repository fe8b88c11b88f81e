/**
 * The smallest client of a Kubernetes API that a test can believe: what is sent and what comes back,
 * nothing retried, nothing hidden. It shares no code with nopea's own.
 */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";

// A cluster's JSON as a test looks into it: any field may be asked for, and is there or not.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly body: Json;
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: Json;
}

export interface Watch {
  /** The first event, of those that came and are yet to come, that `wanted` says yes to. */
  readonly next: (wanted: (event: WatchEvent) => boolean, withinMs?: number) => Promise<WatchEvent>;
  /** All that came so far. */
  readonly seen: ReadonlyArray<WatchEvent>;
  readonly close: () => void;
}

interface Options {
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

export const MERGE_PATCH = "application/merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

export class Api {
  readonly #server: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #tls: { readonly ca?: Buffer; readonly rejectUnauthorized?: boolean };
  readonly #token: string | undefined;

  /** @param context of the kubeconfig; its current one where it is left out */
  constructor(
    readonly kubeconfig: string,
    context?: string,
  ) {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const named = (list: Json, name: string) => list.find((each: Json) => each.name === name);
    const chosen = named(config.contexts, context ?? config["current-context"]).context;
    const { cluster } = named(config.clusters, chosen.cluster);
    const user = named(config.users ?? [], chosen.user)?.user;
    this.#server = new URL(cluster.server);
    this.#token = user?.token;
    const ca =
      cluster["certificate-authority-data"] !== undefined
        ? Buffer.from(cluster["certificate-authority-data"], "base64")
        : cluster["certificate-authority"] !== undefined
          ? readFileSync(resolve(dirname(kubeconfig), cluster["certificate-authority"]))
          : undefined;
    this.#tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cluster["insecure-skip-tls-verify"] === true ? { rejectUnauthorized: false } : {}),
    };
    const Agent = this.#server.protocol === "https:" ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true });
  }

  #open(method: string, path: string, body: unknown, options: Options): Promise<IncomingMessage> {
    const request = this.#server.protocol === "https:" ? httpsRequest : httpRequest;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    return new Promise((done, fail) => {
      const sent = request(new URL(path, this.#server), {
        method,
        agent: this.#agent,
        ...this.#tls,
        headers: {
          accept: "application/json",
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(text === undefined
            ? {}
            : {
                "content-type": options.type ?? "application/json",
                "content-length": Buffer.byteLength(text),
              }),
          ...options.headers,
        },
      });
      sent.on("response", done).on("error", fail).end(text);
    });
  }

  async send(method: string, path: string, body?: unknown, options: Options = {}): Promise<Answer> {
    const response = await this.#open(method, path, body, options);
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    const isJson = (response.headers["content-type"] ?? "").includes("json");
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? JSON.parse(text) : undefined,
    };
  }

  get(path: string): Promise<Answer> {
    return this.send("GET", path);
  }
  post(path: string, body: unknown): Promise<Answer> {
    return this.send("POST", path, body);
  }
  put(path: string, body: unknown): Promise<Answer> {
    return this.send("PUT", path, body);
  }
  delete(path: string, body?: unknown): Promise<Answer> {
    return this.send("DELETE", path, body);
  }
  merge(path: string, patch: unknown): Promise<Answer> {
    return this.send("PATCH", path, patch, { type: MERGE_PATCH });
  }
  jsonPatch(path: string, patch: unknown): Promise<Answer> {
    return this.send("PATCH", path, patch, { type: JSON_PATCH });
  }
  /** Server-side apply; `query` is what comes after fieldManager: `&force=true&dryRun=All`. */
  apply(path: string, object: unknown, manager = "nopea", query = ""): Promise<Answer> {
    return this.send("PATCH", `${path}?fieldManager=${manager}${query}`, object, {
      type: APPLY_PATCH,
    });
  }

  /** Opens a watch; what doesn't answer 200 is an answer as any other. */
  async watch(path: string, query = ""): Promise<Watch> {
    const response = await this.#open("GET", `${path}?watch=true${query}`, undefined, {});
    if (response.statusCode !== 200) {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      throw new Error(`watch ${path}${query}: ${response.statusCode} ${text}`);
    }
    const seen: Array<WatchEvent> = [];
    let wake = (): void => {};
    let rest = "";
    let open = true;
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") seen.push(JSON.parse(line) as WatchEvent);
      wake();
    });
    const ended = () => {
      open = false;
      wake();
    };
    response.on("error", ended).on("close", ended);
    return {
      seen,
      close: () => response.destroy(),
      next: async (wanted, withinMs = 20_000) => {
        const deadline = performance.now() + withinMs;
        for (;;) {
          const found = seen.find(wanted);
          if (found !== undefined) return found;
          const left = deadline - performance.now();
          const saw = seen.map(({ type, object }) => `${type} ${object?.metadata?.name}`);
          if (!open) throw new Error(`the watch ended; it saw: ${saw.join(", ")}`);
          if (left <= 0) throw new Error(`not seen in ${withinMs} ms; saw: ${saw.join(", ")}`);
          await new Promise<void>((done) => {
            const timer = setTimeout(done, left);
            wake = () => {
              clearTimeout(timer);
              done();
            };
          });
        }
      },
    };
  }
}

/** Asks again until `read` gives something that `is` says yes to. */
export async function eventually<A>(
  read: () => Promise<A>,
  is: (value: A) => boolean,
  withinMs = 20_000,
): Promise<A> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (is(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(
        `not so within ${withinMs} ms: ${JSON.stringify(value, null, 1).slice(0, 4000)}`,
      );
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}
