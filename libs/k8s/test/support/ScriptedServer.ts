/** An HTTP server that answers as a test says, and a kubeconfig that points to it. */
import { Effect, type Scope } from "effect";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../src/index.js";
import { Clusters } from "../../src/index.js";

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Script = (asked: Asked, response: ServerResponse, count: number) => void;

export const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

export const failure = (
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  details: object = {},
): void =>
  json(response, code, { kind: "Status", status: "Failure", code, reason, message, details });

/** Cuts the connection without an answer. */
export const cut = (response: ServerResponse): void => void response.socket?.destroy();

export interface Scripted {
  readonly url: string;
  readonly asked: Array<Asked>;
  /** A kubeconfig for this server, with the given user. */
  readonly kubeconfig: (user?: object) => string;
  readonly connect: (
    user?: object,
  ) => Effect.Effect<typeof Cluster.Cluster.Service, unknown, Scope.Scope>;
}

export const start = (script: Script): Effect.Effect<Scripted, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const asked: Array<Asked> = [];
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const one = {
            method: request.method ?? "",
            url: request.url ?? "",
            headers: request.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          };
          asked.push(one);
          script(one, response, asked.length);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const folder = mkdtempSync(join(tmpdir(), "nopea-scripted-"));
      return { server, asked, folder };
    }),
    ({ server, folder }) =>
      Effect.promise(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        rmSync(folder, { recursive: true });
      }),
  ).pipe(
    Effect.map(({ server, asked, folder }) => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const kubeconfig = (user: object = { token: "t" }): string => {
        const path = join(folder, "kubeconfig");
        const config = {
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "ci" } }],
          clusters: [{ name: "c", cluster: { server: url } }],
          users: [{ name: "ci", user }],
        };
        writeFileSync(path, JSON.stringify(config));
        return path;
      };
      return {
        url,
        asked,
        kubeconfig,
        connect: (user?: object) => Clusters.make.connect({ kubeconfig: kubeconfig(user) }),
      };
    }),
  );
