/** A TLS server that speaks HTTP/2 as a test says, or nothing but HTTP/1.1, and a connection to it. */
import { Effect, type Scope } from "effect";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, Clusters } from "../../src/index.js";

/** Of nothing but this server, and trusted by no one but its kubeconfig. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJXIR9zAW0HTS6MvF
jYFbtwZZY13SUp+4JCYeLZZIoEShRANCAASrsru5xOWc2n2cEXMDQjy/wFY1OJS2
OzX6Aiz4mAzv8edS3WBSc8xAkkQcJbAmlPMLdMmawdssmP3P5GSmtPuK
-----END PRIVATE KEY-----
`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkjCCATigAwIBAgIUIiPsDWlaKoJatnWuu6LETSh2C6IwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKbm9wZWEtdGVzdDAgFw0yNjExMjQxMTQ2MTVaGA8yMTI2MTAz
MTExNDYxNVowFTETMBEGA1UEAwwKbm9wZWEtdGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABKuyu7nE5ZzafZwRcwNCPL/AVjU4lLY7NfoCLPiYDO/x51LdYFJz
zECSRBwlsCaU8wt0yZrB2yyY/c/kZKa0+4qjZDBiMB0GA1UdDgQWBBQPKZRr2hK4
c97/XoTY9eYWsDOUvDAfBgNVHSMEGDAWgBQPKZRr2hK4c97/XoTY9eYWsDOUvDAP
BgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDSAAw
RQIhAI4I3gIWp68mMGw5RW5UZeJQ/Hlb6iZFDndBT24FdPqdAiAHklQoulLdEr8d
uyEiugOsVgkcXgBLzT/3H9rT1O6b9A==
-----END CERTIFICATE-----
`;

export const identity = { key: KEY, cert: CERTIFICATE };

export interface Asked {
  readonly stream: ServerHttp2Stream;
  readonly session: Http2Session;
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>;
  readonly body: string;
  /** Of all requests, from 1. */
  readonly count: number;
}

export interface Secure {
  readonly cluster: typeof Cluster.Cluster.Service;
  /** Connections that were made. */
  readonly sessions: Array<Http2Session>;
}

export const answer = (stream: ServerHttp2Stream, status: number, body: unknown): void => {
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(JSON.stringify(body));
};

const connectTo = (
  listen: () => Server,
  closeAll: () => void,
  user: object,
): Effect.Effect<typeof Cluster.Cluster.Service, unknown, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = listen();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const folder = mkdtempSync(join(tmpdir(), "nopea-secure-"));
      const path = join(folder, "kubeconfig");
      const data = Buffer.from(CERTIFICATE).toString("base64");
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      writeFileSync(
        path,
        JSON.stringify({
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "ci" } }],
          clusters: [{ name: "c", cluster: { server: url, "certificate-authority-data": data } }],
          users: [{ name: "ci", user }],
        }),
      );
      return { server, path, folder };
    }),
    ({ server, folder }) =>
      Effect.promise(async () => {
        closeAll();
        await new Promise((resolve) => server.close(resolve));
        rmSync(folder, { recursive: true });
      }),
  ).pipe(Effect.flatMap(({ path }) => Clusters.make.connect({ kubeconfig: path })));

/** `reads`: false where the script is to answer before anything of a body is read. */
export const speaksHttp2 = (
  script: (asked: Asked) => void,
  user: object = { token: "t" },
  reads = true,
): Effect.Effect<Secure, unknown, Scope.Scope> => {
  const sessions: Array<Http2Session> = [];
  let count = 0;
  const listen = () => {
    const server = createSecureServer(identity);
    server.on("session", (session) => {
      sessions.push(session);
      session.on("error", () => undefined);
    });
    server.on("stream", (stream, headers) => {
      const chunks: Array<Buffer> = [];
      const asked = () => {
        const { session } = stream;
        if (session === undefined) return;
        count += 1;
        const body = Buffer.concat(chunks).toString("utf8");
        script({ stream, session, headers, body, count });
      };
      stream.on("error", () => undefined);
      if (!reads) return asked();
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", asked);
    });
    return server;
  };
  return connectTo(listen, () => sessions.forEach((one) => one.destroy()), user).pipe(
    Effect.map((cluster) => ({ cluster, sessions })),
  );
};

export const speaksHttp1 = (
  script: RequestListener,
): Effect.Effect<typeof Cluster.Cluster.Service, unknown, Scope.Scope> => {
  const server = createServer({ ...identity, ALPNProtocols: ["http/1.1"] }, script);
  return connectTo(
    () => server,
    () => server.closeAllConnections(),
    { token: "t" },
  );
};
