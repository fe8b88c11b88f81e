/**
 * Credentials from a program, as client-go's exec plugins (client.authentication.k8s.io): run,
 * read the ExecCredential that it prints, and say in its own words why it could not.
 */
import { Evidence, Timestamp } from "@nopea/domain";
import { Data, Effect, Either, Schema } from "effect";
import { spawn } from "node:child_process";
import { env as processEnvironment } from "node:process";
import type { ExecPlugin } from "./kubeconfig.js";

/** A browser may have to be used first. */
const TIME_LIMIT = "2 minutes";

const Credential = Schema.parseJson(
  Schema.Struct({
    kind: Schema.Literal("ExecCredential"),
    status: Schema.Struct({
      token: Schema.optional(Schema.String),
      clientCertificateData: Schema.optional(Schema.String),
      clientKeyData: Schema.optional(Schema.String),
      expirationTimestamp: Schema.optional(Schema.String),
    }),
  }),
);

export interface ExecCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch; none means: until the server says 401. */
  readonly expiresAt: number | undefined;
}

export class ExecFailed extends Data.TaggedError("ExecFailed")<{
  readonly message: string;
  readonly stderr: string;
  readonly advice: string | undefined;
}> {}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The plugin gets this process's environment; Effect's Config has no way to hand all of it on. */
const spawned = (
  plugin: ExecPlugin,
  env: Readonly<Record<string, string>>,
): Effect.Effect<Finished, NodeJS.ErrnoException> =>
  Effect.async((resume) => {
    const child = spawn(plugin.command, [...(plugin.args ?? [])], {
      env: { ...processEnvironment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", (error) => resume(Effect.fail(error)));
    child.once("close", (code) => resume(Effect.succeed({ code, stdout, stderr })));
    return Effect.sync(() => child.kill());
  });

/** Runs it once. `server` and `ca` are what a plugin may be told of the cluster. */
export const run = Effect.fnUntraced(function* (
  plugin: ExecPlugin,
  cluster: { readonly server: string; readonly ca: string | undefined },
): Effect.fn.Return<ExecCredential, ExecFailed> {
  const fail = (what: string, stderr = "") =>
    new ExecFailed({
      message: `the credential plugin ${plugin.command} ${what}`,
      stderr: Evidence.clean(stderr.trim(), 2_000),
      advice: plugin.installHint ?? undefined,
    });
  const info = {
    apiVersion: plugin.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo === true
        ? {
            cluster: {
              server: cluster.server,
              ...(cluster.ca === undefined
                ? {}
                : { "certificate-authority-data": Buffer.from(cluster.ca).toString("base64") }),
            },
          }
        : {}),
    },
  };
  const env = {
    ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  const finished = yield* spawned(plugin, env).pipe(
    Effect.mapError((error) =>
      fail(
        error.code === "ENOENT"
          ? "is not installed (no such command)"
          : `could not be started: ${error.message}`,
      ),
    ),
    Effect.timeoutFail({
      duration: TIME_LIMIT,
      onTimeout: () => fail(`did not finish within ${TIME_LIMIT}`),
    }),
  );
  if (finished.code !== 0) {
    const [firstLine = ""] = Evidence.clean(finished.stderr.trim(), 300).split("\n");
    return yield* fail(
      `failed with exit code ${finished.code ?? "none (killed)"}${firstLine === "" ? "" : `: ${firstLine}`}`,
      finished.stderr,
    );
  }
  const decoded = Schema.decodeUnknownEither(Credential)(finished.stdout);
  // What it printed may hold a token: never repeat it.
  if (Either.isLeft(decoded))
    return yield* fail("did not print an ExecCredential", finished.stderr);
  const { status } = decoded.right;
  const expires = Timestamp.fromKubernetes(status.expirationTimestamp);
  return {
    token: status.token,
    cert: status.clientCertificateData,
    key: status.clientKeyData,
    expiresAt: expires === undefined ? undefined : Timestamp.toMillis(expires),
  };
});
