/** The HTTP side: who asks, for what, in which form; the answers and the failures as Kubernetes writes them. */
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Api } from "../Api.js";
import {
  ApiError,
  badRequest,
  gone,
  invalid,
  notSupported,
  requiredValue,
  unsupported,
  type FieldError,
} from "../ApiError.js";
import { isObject, type Json, type JsonObject, type KubeObject } from "../Json.js";
import type { Resource } from "../schema/Resources.js";
import type { Access, User } from "./Access.js";
import { parseBody, readBody } from "./Body.js";
import * as Discovery from "./Discovery.js";
import { podLog } from "./Logs.js";
import { route, type Target } from "./Route.js";
import { readScale, writeScale } from "./Scale.js";
import { selects, versionOf } from "./Selectors.js";
import { formOf, listText, objectText } from "./Shape.js";
import type { Watches } from "./Watch.js";
import type { DeleteOptions, PatchType, WriteOptions } from "../Options.js";

const PATCHES: Readonly<Record<string, PatchType>> = {
  "application/apply-patch+yaml": "apply",
  "application/merge-patch+json": "merge",
  "application/json-patch+json": "json",
  "application/strategic-merge-patch+json": "strategic",
};
/** Stored by the real one and then acted on; what nobody here acts on is refused, not ignored. */
const INERT = /^(validating|mutating)(admissionpolic|webhookconfiguration)/;

/** A request: what every handler is given. */
interface Call {
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
}

export class Server {
  /** While silent, requests are taken and never answered. */
  silent = false;
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly api: Api,
    private readonly watches: Watches,
    readonly access: Access,
  ) {
    this.http = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.answer(request, response);
    });
    this.http.on("connection", (socket) => {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(port, host, () => {
        const address = this.http.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      this.cut();
    });
  }
  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "/", "http://sandbox");
      if (this.silent) return;
      const user = this.access.userOf(request.headers.authorization);
      const target = route(
        this.api.resources,
        request.method ?? "GET",
        url.pathname,
        url.searchParams,
      );
      if (target) {
        this.access.check(user, target);
        await this.resource({ target, query: url.searchParams, request, response, user });
      } else {
        this.access.checkPath(user, request.method ?? "GET", url.pathname);
        this.path(url.pathname, request, response);
      }
    } catch (error) {
      this.fail(error, response);
    }
  }

  private fail(error: unknown, response: ServerResponse): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known =
      error instanceof ApiError
        ? error
        : new ApiError(
            500,
            "InternalError",
            `sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          );
    send(response, known.code, JSON.stringify(known.status()));
  }

  private path(path: string, request: IncomingMessage, response: ServerResponse): void {
    const { resources } = this.api;
    const clean = path.replace(/\/$/, "");
    const aggregated =
      /g=apidiscovery\.k8s\.io/.test(request.headers.accept ?? "") &&
      /v=v2(?![a-z])/.test(request.headers.accept ?? "");
    const parts = clean.split("/").slice(1);
    const json = (body: JsonObject | undefined): void => {
      if (body) send(response, 200, JSON.stringify(body));
      else plain(response, 404, "404 page not found\n");
    };
    if (/^\/(readyz|livez|healthz)(\/|$)/.test(path)) return plain(response, 200, "ok");
    if (clean === "/version") return json(Discovery.VERSION);
    if (clean === "/openapi/v3") return json(Discovery.openApiRoot(resources));
    if (parts[0] === "openapi" && parts[1] === "v3")
      return json(Discovery.openApi(resources, parts.slice(3).join("/") || ""));
    if ((clean === "/api" || clean === "/apis") && aggregated)
      return send(
        response,
        200,
        JSON.stringify(Discovery.aggregatedList(resources, clean === "/api")),
        { "content-type": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" },
      );
    if (clean === "/api") return json(Discovery.coreVersions(request.headers.host ?? ""));
    if (clean === "/apis") return json(Discovery.groups(resources));
    if (clean === "/api/v1") return json(Discovery.resourceList(resources, "v1"));
    if (parts[0] === "apis" && parts.length === 2 && resources.groups().includes(parts[1] ?? ""))
      return json(Discovery.group(resources, parts[1] ?? ""));
    if (parts[0] === "apis" && parts.length === 3)
      return json(Discovery.resourceList(resources, `${parts[1] ?? ""}/${parts[2] ?? ""}`));
    json(undefined);
  }

  private async resource(call: Call): Promise<void> {
    const { target, query, response, request } = call;
    const { resource: r, namespace, name, verb, subresource } = target;
    const form = formOf(request.headers.accept);
    if (subresource === "log")
      return plain(response, 200, podLog(this.api, namespace ?? "", name ?? "", query));
    if (subresource === "eviction") return this.evict(call);
    const verbs = subresource ? r.subresources.get(subresource)?.verbs : r.verbs;
    if (!verbs?.includes(verb))
      throw new ApiError(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
        {},
      );
    if (INERT.test(r.plural) && ["create", "update", "patch"].includes(verb))
      throw unsupported(
        verb,
        r.qualified,
        "it would be stored, but no request would be judged by it",
      );
    switch (verb) {
      case "watch":
        return this.watches.start(r, namespace, query, form, response);
      case "list":
        return send(response, 200, this.list(target, query, form));
      case "get": {
        const found = this.api.get(r, namespace, name ?? "");
        if (subresource === "scale")
          return send(response, 200, JSON.stringify(readScale(r, found)));
        return send(response, 200, objectText(r, found, form));
      }
      case "create":
      case "update":
      case "patch":
        return this.write(call, form);
      default:
        return this.remove(call, form);
    }
  }

  private list(
    { resource: r, namespace }: Target,
    query: URLSearchParams,
    form: ReturnType<typeof formOf>,
  ): string {
    const { store } = this.api;
    const asked = versionOf(query.get("resourceVersion"));
    if (
      query.get("resourceVersionMatch") === "Exact" &&
      asked !== undefined &&
      asked !== store.current
    ) {
      if (asked < store.oldest) throw gone(`The provided resource version is too old`);
      throw unsupported(
        "list",
        r.qualified,
        "resourceVersionMatch=Exact of a version that is not the newest",
      );
    }
    if (asked !== undefined && asked > store.current)
      throw new ApiError(
        504,
        "Timeout",
        `Timeout: Too large resource version: ${asked}, current: ${store.current}`,
        {
          causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
          retryAfterSeconds: 1,
        },
      );
    const matches = selects(r, query);
    const all = store.list(r, namespace).filter(matches);
    const limit = Number(query.get("limit") ?? "0");
    const token = query.get("continue");
    let start = 0;
    let version = store.current;
    if (token) {
      const from = readToken(token);
      if (from.version < store.oldest)
        throw gone(
          "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        );
      version = from.version;
      start = all.findIndex((o) => keyOf(o) > from.after);
      if (start < 0) start = all.length;
    }
    const page = limit > 0 ? all.slice(start, start + limit) : all.slice(start);
    const rest = all.length - start - page.length;
    const last = page[page.length - 1];
    const meta: JsonObject = {
      ...(r.custom ? { continue: "" } : {}),
      resourceVersion: String(version),
    };
    if (rest > 0 && last) {
      meta["continue"] = Buffer.from(
        JSON.stringify({ v: "meta.k8s.io/v1", rv: version, start: keyOf(last) }),
      ).toString("base64url");
      if (!query.get("labelSelector") && !query.get("fieldSelector"))
        meta["remainingItemCount"] = rest;
    }
    return listText(r, page, form, meta);
  }

  private writeOptions(call: Call, warnings: string[]): WriteOptions & { force?: boolean } {
    const { query, request, target } = call;
    const dry = query.getAll("dryRun");
    const optionsKind =
      target.verb === "patch"
        ? "PatchOptions"
        : target.verb === "create"
          ? "CreateOptions"
          : "UpdateOptions";
    const wrong = (errors: FieldError[]): ApiError => wrongOptions(optionsKind, errors);
    if (dry.some((d) => d !== "All" && d !== ""))
      throw wrong([notSupported("dryRun", dry, ["All"])]);
    const validation = query.get("fieldValidation") || "Warn";
    if (validation !== "Ignore" && validation !== "Warn" && validation !== "Strict")
      throw wrong([notSupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"])]);
    const agent = (request.headers["user-agent"] ?? "").split("/")[0]?.slice(0, 128) ?? "";
    const isApply =
      target.verb === "patch" && contentType(request) === "application/apply-patch+yaml";
    const manager = query.get("fieldManager");
    if (isApply && !manager)
      throw wrong([requiredValue("fieldManager", "is required for apply patch")]);
    if (!isApply && query.get("force") !== null && target.verb === "patch")
      throw wrong([
        {
          reason: "FieldValueForbidden",
          field: "force",
          message: "Forbidden: may not be specified for non-apply patch",
        },
      ]);
    return {
      manager: manager || agent || "unknown",
      dryRun: dry.includes("All"),
      validation,
      warnings,
      ...(target.subresource === "status" || target.subresource === "scale"
        ? { subresource: target.subresource }
        : {}),
      ...(/^(1|true)$/.test(query.get("force") ?? "") ? { force: true } : {}),
    };
  }

  private async write(call: Call, form: ReturnType<typeof formOf>): Promise<void> {
    const { target, request, response } = call;
    const { resource: r, namespace, name = "", verb, subresource } = target;
    const text = await readBody(request);
    const patchType = verb === "patch" ? PATCHES[contentType(request)] : undefined;
    if (verb === "patch" && !patchType)
      throw new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
    if (/protobuf|cbor/.test(contentType(request)))
      throw unsupported(verb, r.qualified, `a body in ${contentType(request)}; send JSON or YAML`);
    if (patchType === "strategic" && r.custom)
      throw new ApiError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
      );
    const warnings: string[] = [];
    const options = this.writeOptions(call, warnings);
    const body = await parseBody(text, r.kind);
    if (subresource === "scale") {
      const next = writeScale(this.api, r, namespace, name, patchType ?? "update", body, options);
      return send(response, 200, JSON.stringify(next), warned(warnings));
    }
    const isNew =
      verb === "create" || (patchType !== "merge" && !this.api.store.get(r, namespace, name));
    let object: KubeObject;
    if (verb === "create") {
      if (name)
        throw new ApiError(
          405,
          "MethodNotAllowed",
          "the server does not allow this method on the requested resource",
          {},
        );
      if (r.namespaced && namespace === undefined)
        throw new ApiError(
          405,
          "MethodNotAllowed",
          "the server does not allow this method on the requested resource",
          {},
        );
      object = this.api.create(r, namespace, body, options);
    } else if (patchType) object = this.api.patch(r, namespace, name, patchType, body, options);
    else object = this.api.update(r, namespace, name, body, options);
    send(response, isNew ? 201 : 200, objectText(r, object, form), warned(warnings));
  }

  private async deleteOptions(call: Call): Promise<DeleteOptions> {
    const text = await readBody(call.request);
    const body = text ? await parseBody(text, "DeleteOptions") : {};
    const given: JsonObject = isObject(body) ? body : {};
    const preconditions = isObject(given["preconditions"]) ? given["preconditions"] : {};
    const string = (value: Json | undefined): string | undefined =>
      typeof value === "string" ? value : undefined;
    const policy =
      string(given["propagationPolicy"]) ?? call.query.get("propagationPolicy") ?? undefined;
    const grace =
      typeof given["gracePeriodSeconds"] === "number"
        ? given["gracePeriodSeconds"]
        : Number(call.query.get("gracePeriodSeconds") ?? NaN);
    const dry = Array.isArray(given["dryRun"])
      ? given["dryRun"].includes("All")
      : call.query.get("dryRun") === "All";
    const policies = ["Foreground", "Background", "Orphan", "nil"];
    if (policy !== undefined && !policies.includes(policy))
      throw wrongOptions("DeleteOptions", [notSupported("propagationPolicy", policy, policies)]);
    const uid = string(preconditions["uid"]);
    const version = string(preconditions["resourceVersion"]);
    return {
      dryRun: dry,
      ...(uid === undefined ? {} : { uid }),
      ...(version === undefined ? {} : { version }),
      ...(policy === "Background" || policy === "Foreground" || policy === "Orphan"
        ? { policy }
        : {}),
      ...(Number.isNaN(grace) ? {} : { grace }),
    };
  }

  private async remove(call: Call, form: ReturnType<typeof formOf>): Promise<void> {
    const { target, query, response } = call;
    const { resource: r, namespace, name } = target;
    const options = await this.deleteOptions(call);
    if (name === undefined) {
      const matches = selects(r, query);
      const hit = this.api.store.list(r, namespace).filter(matches);
      const removed = hit.map(
        (o) => this.api.delete(r, o.metadata.namespace, o.metadata.name, options).object,
      );
      return send(
        response,
        200,
        listText(r, removed, form, { resourceVersion: String(this.api.store.current) }),
      );
    }
    const { object, gone: isGone } = this.api.delete(r, namespace, name, options);
    if (!isGone || r.qualified === "pods") return send(response, 200, objectText(r, object, form));
    send(
      response,
      200,
      JSON.stringify({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Success",
        details: {
          name,
          ...(r.group ? { group: r.group } : {}),
          kind: r.plural,
          uid: object.metadata.uid,
        },
      }),
    );
  }

  private async evict(call: Call): Promise<void> {
    const { target, response } = call;
    const body = await parseBody(await readBody(call.request), "Eviction");
    if (!isObject(body)) throw badRequest("an eviction is expected");
    this.api.delete(target.resource, target.namespace, target.name ?? "", {});
    send(
      response,
      201,
      JSON.stringify({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Success",
        code: 201,
      }),
    );
  }
}

const wrongOptions = (kind: string, errors: FieldError[]): ApiError => {
  const error = invalid({ kind, group: "meta.k8s.io" } as Resource, "", errors);
  const { name: _, ...details } = error.details ?? {};
  return new ApiError(error.code, error.reason, error.message, details);
};

const keyOf = (object: KubeObject): string =>
  `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
const readToken = (token: string): { readonly version: number; readonly after: string } => {
  try {
    const json: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (isObject(json) && typeof json["rv"] === "number" && typeof json["start"] === "string")
      return { version: json["rv"], after: json["start"] };
  } catch {
    // Told below.
  }
  throw badRequest(
    "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
  );
};

const contentType = (request: IncomingMessage): string =>
  (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim() ?? "";

const warned = (warnings: readonly string[]): Record<string, string[]> =>
  warnings.length > 0 ? { warning: warnings.map((w) => `299 - ${JSON.stringify(w)}`) } : {};

const send = (
  response: ServerResponse,
  code: number,
  body: string,
  headers: Record<string, string | string[]> = {},
): void => {
  const bytes = Buffer.from(body);
  response.writeHead(code, {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
};
const plain = (response: ServerResponse, code: number, text: string): void => {
  response.writeHead(code, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-cache, private",
  });
  response.end(text);
};
