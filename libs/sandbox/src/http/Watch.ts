/**
 * A watch: newline-delimited events over one response, from a resource version on, with bookmarks
 * when asked. A selector sees an object that stops matching as deleted, as the real one has it.
 */
import type { ServerResponse } from "node:http";
import { ApiError, badRequest } from "../ApiError.js";
import type { KubeObject } from "../Json.js";
import type { Resource } from "../schema/Resources.js";
import type { Change, Store } from "../Store.js";
import { selects, versionOf, type Predicate } from "./Selectors.js";
import { objectText, type Form } from "./Shape.js";

/** The open watches, and what tests do to them. */
export class Watches {
  private readonly open = new Set<Watch>();
  /** While stalled, watches stay open and say nothing, not even a bookmark. */
  stalled = false;

  constructor(
    readonly store: Store,
    readonly bookmarkMs: number,
  ) {}

  get count(): number {
    return this.open.size;
  }
  start(
    r: Resource,
    namespace: string | undefined,
    query: URLSearchParams,
    form: Form,
    response: ServerResponse,
  ): void {
    const watch = new Watch(this, r, namespace, query, form, response);
    this.open.add(watch);
    response.on("close", () => {
      watch.stop();
      this.open.delete(watch);
    });
    watch.begin();
  }
  /** Breaks every connection, as a load balancer that restarts does. */
  drop(): void {
    for (const watch of [...this.open]) watch.destroy();
  }
  resume(): void {
    this.stalled = false;
    for (const watch of this.open) watch.flush();
  }
}

const gone = (from: number, oldest: number): ApiError =>
  new ApiError(410, "Expired", `too old resource version: ${from} (${oldest})`);

class Watch {
  private readonly matches: Predicate;
  private readonly from: number | undefined;
  private readonly bookmarks: boolean;
  private readonly initial: boolean;
  private readonly limitMs: number | undefined;
  private waiting: string[] = [];
  private ends: (() => void)[] = [];

  constructor(
    private readonly owner: Watches,
    private readonly r: Resource,
    private readonly namespace: string | undefined,
    query: URLSearchParams,
    private readonly form: Form,
    private readonly response: ServerResponse,
  ) {
    this.matches = selects(r, query);
    this.from = versionOf(query.get("resourceVersion"));
    this.bookmarks = /^(1|true)$/.test(query.get("allowWatchBookmarks") ?? "");
    this.initial = /^(1|true)$/.test(query.get("sendInitialEvents") ?? "");
    if (this.initial && query.get("resourceVersionMatch") !== "NotOlderThan")
      throw badRequest(
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    const seconds = Number(query.get("timeoutSeconds") ?? "");
    this.limitMs = seconds > 0 ? seconds * 1000 : undefined;
  }

  begin(): void {
    const { store } = this.owner;
    this.response.writeHead(200, {
      "content-type": "application/json",
      "transfer-encoding": "chunked",
      "cache-control": "no-cache, private",
    });
    this.response.flushHeaders();
    const fresh = this.initial || this.from === undefined || this.from === 0;
    if (!fresh && this.from !== undefined && this.from < store.oldest) {
      const status = JSON.stringify(gone(this.from, store.oldest).status());
      this.response.end(`{"type":"ERROR","object":${status}}\n`);
      return;
    }
    const stop = store.watch(this.r, (change) => this.tell(change));
    this.ends.push(stop);
    if (fresh) {
      for (const object of store.list(this.r, this.namespace))
        if (this.matches(object)) this.send("ADDED", object);
      if (this.initial) this.bookmark({ "k8s.io/initial-events-end": "true" });
    } else for (const change of store.since(this.r, this.from ?? 0)) this.tell(change);
    if (this.bookmarks) this.tick();
    if (this.limitMs !== undefined) {
      // A client's own limit is real time, whatever the sandbox's speed.
      const timer = setTimeout(() => this.finish(), this.limitMs);
      this.ends.push(() => clearTimeout(timer));
    }
  }

  private tick(): void {
    const timer = setInterval(() => this.bookmark(), this.owner.bookmarkMs);
    this.ends.push(() => clearInterval(timer));
  }

  private tell(change: Change): void {
    const { object, before, type } = change;
    if (this.namespace !== undefined && object.metadata.namespace !== this.namespace) return;
    const now = type !== "DELETED" && this.matches(object);
    const was = before !== undefined && this.matches(before);
    if (now) this.send(was ? "MODIFIED" : "ADDED", object);
    // What no longer matches is sent as it last matched, with the version of the change.
    else if (was && type !== "DELETED")
      this.send("DELETED", {
        ...before,
        metadata: { ...before.metadata, resourceVersion: String(change.version) },
      });
    else if (was) this.send("DELETED", object);
  }

  private send(type: string, object: KubeObject): void {
    this.write(`{"type":"${type}","object":${objectText(this.r, object, this.form)}}\n`);
  }

  private bookmark(annotations?: Record<string, string>): void {
    if (!this.bookmarks) return;
    const metadata = {
      resourceVersion: String(this.owner.store.current),
      ...(annotations ? { annotations } : {}),
    };
    const head =
      this.form === "metadata"
        ? { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" }
        : { kind: this.r.kind, apiVersion: this.r.groupVersion };
    this.write(`${JSON.stringify({ type: "BOOKMARK", object: { ...head, metadata } })}\n`);
  }

  private write(text: string): void {
    if (this.owner.stalled) this.waiting.push(text);
    else this.response.write(text);
  }
  flush(): void {
    for (const text of this.waiting) this.response.write(text);
    this.waiting = [];
  }
  private finish(): void {
    if (!this.owner.stalled) this.bookmark();
    this.response.end();
  }
  destroy(): void {
    this.response.destroy();
  }
  stop(): void {
    for (const end of this.ends) end();
    this.ends = [];
  }
}
