/**
 * From a kubeconfig's user to what a request carries: headers, and perhaps a client certificate.
 * Says until when they hold, so that whoever keeps them knows when to ask again.
 */
import type { BadInput } from "@nopea/domain";
import { Clock, Effect } from "effect";
import { ClusterUnreachable } from "./ClusterError.js";
import * as ExecPlugin from "./execPlugin.js";
import type { Target, UserEntry } from "./kubeconfig.js";
import * as Files from "./kubeconfigFiles.js";

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch, by our clock; none: until the server says 401. */
  readonly expiresAt: number | undefined;
}

/** How long a token's file is believed: client-go's figure. */
const TOKEN_FILE_MS = 60_000;
/** Asked anew this long before the end, so that none expires on its way. */
const EARLY_MS = 10_000;

export const isStale = (credentials: Credentials, nowMs: number): boolean =>
  credentials.expiresAt !== undefined && nowMs >= credentials.expiresAt - EARLY_MS;

/** The user's name and what kind of credentials it has, and how to renew them: for a 401. */
export const describe = (target: Target): { readonly who: string; readonly advice: string } => {
  const { user } = target;
  const who =
    target.userName === undefined ? `the user of ${target.source}` : `user "${target.userName}"`;
  if (user.exec) {
    return {
      who: `${who} (from ${user.exec.command})`,
      advice: `Log in again with the tool behind ${user.exec.command}; then run this again.`,
    };
  }
  if (user["auth-provider"]) {
    return {
      who: `${who} (auth provider ${user["auth-provider"].name})`,
      advice: "Log in again with your identity provider; then run this again.",
    };
  }
  if (user.tokenFile) {
    return {
      who: `${who} (token from ${user.tokenFile})`,
      advice: "The token in that file has expired or was revoked: have it renewed.",
    };
  }
  if (user.token) {
    return {
      who: `${who} (a token in ${target.source})`,
      advice: "The token has expired or was revoked: fetch a new kubeconfig for this cluster.",
    };
  }
  if (user["client-certificate-data"] || user["client-certificate"]) {
    return {
      who: `${who} (a client certificate)`,
      advice: "The certificate has expired or is of another cluster: fetch a new kubeconfig.",
    };
  }
  return user.username
    ? {
        who: `${who} (a password)`,
        advice: "Check the user's name and password in the kubeconfig.",
      }
    : {
        who: `${who} (no credentials)`,
        advice: "Give the context a user with a token, a certificate or a credential plugin.",
      };
};

const impersonation = (user: UserEntry): Readonly<Record<string, string>> => ({
  ...(user.as ? { "impersonate-user": user.as } : {}),
  ...(user["as-uid"] ? { "impersonate-uid": user["as-uid"] } : {}),
});

/** Header lists that may be there several times; undici takes a flat list of names and values. */
export const repeatedHeaders = (user: UserEntry): ReadonlyArray<readonly [string, string]> => [
  ...(user["as-groups"] ?? []).map((group) => ["impersonate-group", group] as const),
  ...Object.entries(user["as-user-extra"] ?? {}).flatMap(([key, values]) =>
    values.map((value) => [`impersonate-extra-${encodeURIComponent(key)}`, value] as const),
  ),
];

/**
 * The credentials, fetched anew each time the inner effect is run. A missing certificate file is
 * bad input at once; what only fails when it is fetched is `ClusterUnreachable`.
 */
export const make = (
  target: Target,
  ca: string | undefined,
): Effect.Effect<Effect.Effect<Credentials, ClusterUnreachable>, BadInput> => {
  const { user } = target;
  const pem = (field: "client-certificate" | "client-key") =>
    Files.pem(target, field, user[`${field}-data`], user[field]);
  return Effect.zipWith(pem("client-certificate"), pem("client-key"), (cert, key) =>
    fetching(target, ca, { cert, key }),
  );
};

const fetching = (
  target: Target,
  ca: string | undefined,
  certificate: Pick<Credentials, "cert" | "key">,
): Effect.Effect<Credentials, ClusterUnreachable> => {
  const { user } = target;
  const fixed = (authorization: string | undefined, expiresAt?: number): Credentials => ({
    headers: { ...impersonation(user), ...(authorization === undefined ? {} : { authorization }) },
    ...certificate,
    expiresAt,
  });
  const unreachable = (message: string, advice: string) =>
    new ClusterUnreachable({
      message,
      reason: "cluster_unreachable",
      server: target.server,
      advice,
    });

  const { tokenFile, exec } = user;
  const provider = user["auth-provider"];
  if (tokenFile) {
    return Files.readToken(tokenFile).pipe(
      Effect.zip(Clock.currentTimeMillis),
      Effect.map(([token, now]) => fixed(`Bearer ${token}`, now + TOKEN_FILE_MS)),
      Effect.mapError((error) =>
        unreachable(
          `There are no credentials for ${target.server}: the token file ${tokenFile} can't be read: ${error.words}.`,
          describe(target).advice,
        ),
      ),
    );
  }
  if (user.token) return Effect.succeed(fixed(`Bearer ${user.token}`));
  if (exec) {
    return ExecPlugin.run(exec, { server: target.server, ca }).pipe(
      Effect.map((credential) => ({
        ...fixed(
          credential.token === undefined ? undefined : `Bearer ${credential.token}`,
          credential.expiresAt,
        ),
        ...(credential.cert === undefined ? {} : { cert: credential.cert, key: credential.key }),
      })),
      Effect.mapError(
        (error) =>
          new ClusterUnreachable({
            message: `There are no credentials for ${target.server}: ${error.message}.`,
            reason: "cluster_unreachable",
            server: target.server,
            advice: error.advice ?? describe(target).advice,
            ...(error.stderr === ""
              ? {}
              : { evidence: [{ kind: "note" as const, text: error.stderr }] }),
          }),
      ),
    );
  }
  if (provider) {
    if (provider.name !== "oidc") {
      return Effect.fail(
        unreachable(
          `There are no credentials for ${target.server}: the auth provider "${provider.name}" of ${describe(target).who} is no longer supported, by kubectl neither.`,
          "Use the provider's exec plugin instead (gke-gcloud-auth-plugin, kubelogin), as its documentation says.",
        ),
      );
    }
    return oidc(target, provider.config ?? {}).pipe(
      Effect.zip(Clock.currentTimeMillis),
      Effect.map(([token, now]) => fixed(`Bearer ${token}`, now + TOKEN_FILE_MS)),
      Effect.mapError((words) =>
        unreachable(
          `There are no credentials for ${target.server}: the OIDC token of ${describe(target).who} could not be renewed: ${words}.`,
          describe(target).advice,
        ),
      ),
    );
  }
  if (user.username) {
    const pair = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
    return Effect.succeed(fixed(`Basic ${pair}`));
  }
  return Effect.succeed(fixed(undefined));
};

/** client-node refreshes the token where it has expired, with the issuer's discovery. */
const oidc = (
  target: Target,
  config: Readonly<Record<string, unknown>>,
): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: async () => {
      const { OpenIDConnectAuth } = await import("@kubernetes/client-node/dist/oidc_auth.js");
      const options: { headers: Record<string, string> } = { headers: {} };
      await new OpenIDConnectAuth().applyAuthentication(
        { name: target.userName ?? "", authProvider: { name: "oidc", config: { ...config } } },
        options,
      );
      return options.headers["Authorization"]?.replace(/^Bearer /, "");
    },
    catch: (error) => (error instanceof Error ? error.message : String(error)),
  }).pipe(
    Effect.filterOrFail(
      (token): token is string => token !== undefined,
      () => "it has expired, and the kubeconfig has no refresh-token",
    ),
  );
