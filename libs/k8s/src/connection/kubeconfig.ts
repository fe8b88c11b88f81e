/**
 * The kubeconfig as kubectl reads it: which files, how they are merged, which context counts.
 * Guarantees that every complaint names the file and, where it can, the line or the field. Says
 * nothing to any server; credentials are only named here, never fetched.
 */
import { BadInput } from "@nopea/domain";
import { Either, ParseResult, Schema } from "effect";
import { dirname, isAbsolute, join } from "node:path";

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema));
const text = nullable(Schema.String);

const ClusterFields = Schema.Struct({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": nullable(Schema.Boolean),
  "tls-server-name": text,
  "proxy-url": text,
});

const ExecFields = Schema.Struct({
  apiVersion: text,
  command: Schema.NonEmptyString,
  args: nullable(Schema.Array(Schema.String)),
  env: nullable(Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String }))),
  installHint: text,
  provideClusterInfo: nullable(Schema.Boolean),
});
export type ExecPlugin = typeof ExecFields.Type;

const UserFields = Schema.Struct({
  token: text,
  tokenFile: text,
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  username: text,
  password: text,
  as: text,
  "as-uid": text,
  "as-groups": nullable(Schema.Array(Schema.String)),
  "as-user-extra": nullable(
    Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  ),
  exec: nullable(ExecFields),
  "auth-provider": nullable(
    Schema.Struct({
      name: Schema.String,
      config: nullable(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
    }),
  ),
});

const ContextFields = Schema.Struct({ cluster: text, user: text, namespace: text });

const Fields = Schema.Struct({
  "current-context": text,
  clusters: nullable(
    Schema.Array(Schema.Struct({ name: Schema.String, cluster: nullable(ClusterFields) })),
  ),
  users: nullable(Schema.Array(Schema.Struct({ name: Schema.String, user: nullable(UserFields) }))),
  contexts: nullable(
    Schema.Array(Schema.Struct({ name: Schema.String, context: nullable(ContextFields) })),
  ),
});

export type ClusterEntry = typeof ClusterFields.Type;
export type UserEntry = typeof UserFields.Type;
export type ContextEntry = typeof ContextFields.Type;

/** One file, or several merged; of each name the first one found counts. */
export interface Kubeconfig {
  /** The files it came from, as they were named. */
  readonly files: ReadonlyArray<string>;
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
}

/** What one context points to. */
export interface Target {
  /** Where it was found, for messages: the files, or `the pod's service account`. */
  readonly source: string;
  readonly contextName: string;
  readonly namespace: string | undefined;
  /** Without a slash at its end. */
  readonly server: string;
  readonly cluster: ClusterEntry;
  readonly userName: string | undefined;
  readonly user: UserEntry;
}

const decode = Schema.decodeUnknownEither(Fields, { errors: "all" });

/** Reads one file's text. `document` is its YAML or JSON, already a value. */
export const fromDocument = (
  file: string,
  document: unknown,
): Either.Either<Kubeconfig, BadInput> => {
  // An empty file is an empty kubeconfig to kubectl, and to us.
  const decoded = decode(document ?? {});
  if (Either.isLeft(decoded)) {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(decoded.left);
    const field = (issue?.path ?? []).map((part) => String(part)).join(".");
    return Either.left(
      new BadInput({
        message:
          field === ""
            ? `The kubeconfig ${file} is not a kubeconfig: it must be a mapping with clusters, users and contexts.`
            : `The kubeconfig ${file} has a field that can't be right: ${field}: ${issue?.message ?? "unexpected value"}.`,
        source: file,
        ...(field === "" ? {} : { field }),
      }),
    );
  }
  const folder = dirname(file);
  const absolute = (path: string | null | undefined) =>
    path === null || path === undefined || path === "" || isAbsolute(path) || folder === ""
      ? path
      : join(folder, path);
  const value = decoded.right;
  return Either.right({
    files: [file],
    currentContext: value["current-context"] || undefined,
    clusters: firstOfEach(
      (value.clusters ?? []).map(({ name, cluster }) => [
        name,
        { ...cluster, "certificate-authority": absolute(cluster?.["certificate-authority"]) },
      ]),
    ),
    users: firstOfEach(
      (value.users ?? []).map(({ name, user }) => [
        name,
        {
          ...user,
          tokenFile: absolute(user?.tokenFile),
          "client-certificate": absolute(user?.["client-certificate"]),
          "client-key": absolute(user?.["client-key"]),
          ...(user?.exec
            ? { exec: { ...user.exec, command: commandPath(folder, user.exec.command) } }
            : {}),
        },
      ]),
    ),
    contexts: firstOfEach((value.contexts ?? []).map(({ name, context }) => [name, context ?? {}])),
  });
};

/** kubectl's rule: a bare word is looked for in PATH, a relative path is relative to the file. */
const commandPath = (folder: string, command: string): string =>
  command.includes("/") && !isAbsolute(command) ? join(folder, command) : command;

const firstOfEach = <A>(entries: ReadonlyArray<readonly [string, A]>): ReadonlyMap<string, A> =>
  new Map([...entries].reverse());

/** kubectl's merge: the first file that names a thing wins. */
export const merge = (configs: ReadonlyArray<Kubeconfig>): Kubeconfig => ({
  files: configs.flatMap((config) => config.files),
  currentContext: configs.find((config) => config.currentContext !== undefined)?.currentContext,
  clusters: firstOfEach(configs.flatMap((config) => [...config.clusters])),
  users: firstOfEach(configs.flatMap((config) => [...config.users])),
  contexts: firstOfEach(configs.flatMap((config) => [...config.contexts])),
});

/** True where there is nothing at all to choose from: the same as no file. */
export const isEmpty = (config: Kubeconfig): boolean =>
  config.contexts.size === 0 && config.currentContext === undefined;

/** The context that was asked for, else the current one, with its cluster and user. */
export const select = (
  config: Kubeconfig,
  wanted: string | undefined,
): Either.Either<Target, BadInput> => {
  const source = config.files.join(", ");
  const refuse = (message: string, field: string) =>
    Either.left(new BadInput({ message, source, field }));
  const known = [...config.contexts.keys()];
  const choices =
    known.length === 0
      ? "it holds no contexts"
      : `it has ${known.map((name) => `"${name}"`).join(", ")}`;

  const contextName = wanted ?? config.currentContext;
  if (contextName === undefined) {
    return refuse(
      `The kubeconfig ${source} has no current context: choose one with --context (${choices}).`,
      "current-context",
    );
  }
  const context = config.contexts.get(contextName);
  if (context === undefined) {
    return refuse(
      `The kubeconfig ${source} has no context "${contextName}": ${choices}.`,
      "contexts",
    );
  }
  const cluster = config.clusters.get(context.cluster ?? "");
  if (cluster === undefined) {
    return refuse(
      context.cluster
        ? `The context "${contextName}" of ${source} points to a cluster "${context.cluster}" that the kubeconfig does not have.`
        : `The context "${contextName}" of ${source} names no cluster.`,
      "clusters",
    );
  }
  const user = context.user ? config.users.get(context.user) : {};
  if (user === undefined) {
    return refuse(
      `The context "${contextName}" of ${source} points to a user "${context.user}" that the kubeconfig does not have.`,
      "users",
    );
  }
  const server = serverOf(cluster.server ?? "");
  if (server === undefined) {
    return refuse(
      cluster.server
        ? `The cluster "${context.cluster}" of ${source} has a server that is no http(s) address: ${JSON.stringify(cluster.server)}.`
        : `The cluster "${context.cluster}" of ${source} has no server.`,
      "clusters.cluster.server",
    );
  }
  return Either.right({
    source,
    contextName,
    namespace: context.namespace || undefined,
    server,
    cluster,
    userName: context.user || undefined,
    user,
  });
};

/** kubectl takes `host:port` as http; a slash at the end means nothing. */
const serverOf = (address: string): string | undefined => {
  const url = address.includes("://") ? address : `http://${address}`;
  return address !== "" && URL.canParse(url) && /^https?:\/\//i.test(url)
    ? url.replace(/\/+$/, "")
    : undefined;
};
