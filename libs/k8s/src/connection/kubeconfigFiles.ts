/**
 * Finding and reading what a context needs from disk and environment, in kubectl's order: a named
 * file, KUBECONFIG (a list), `~/.kube/config`, the pod's service account.
 */
import { BadInput } from "@nopea/domain";
import { Config, Data, Effect, Option } from "effect";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { ClusterUnreachable } from "./ClusterError.js";
import type { ClusterOptions } from "./ClusterOptions.js";
import * as Kubeconfig from "./kubeconfig.js";

/** Where Kubernetes mounts a pod's own account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

class Unreadable extends Data.TaggedError("Unreadable")<{
  readonly code: string;
  readonly words: string;
}> {}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this account may not read it",
  EPERM: "this account may not read it",
  EISDIR: "it is a folder",
  ENOTDIR: "part of its path is not a folder",
  ELOOP: "its symbolic links go round in circles",
  ENAMETOOLONG: "its name is too long",
};

const read = (path: string): Effect.Effect<string, Unreadable> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (error) => {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      return new Unreadable({ code, words: WORDS[code] ?? (code || String(error)) });
    },
  });

/** An environment variable; an empty one is none. */
const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.string(name).pipe(Effect.option, Effect.map(Option.filter((value) => value !== "")));

const parse = (file: string, text: string): Effect.Effect<Kubeconfig.Kubeconfig, BadInput> =>
  Effect.gen(function* () {
    const bad = (message: string) => new BadInput({ message, source: file });
    const document = yield* /^\s*\{/.test(text)
      ? Effect.try(() => JSON.parse(text) as unknown).pipe(
          // Perhaps YAML in flow style; its parser also knows the line.
          Effect.orElse(() => parseYaml(file, text, bad)),
        )
      : parseYaml(file, text, bad);
    return yield* Kubeconfig.fromDocument(file, document);
  });

const parseYaml = (
  file: string,
  text: string,
  bad: (message: string) => BadInput,
): Effect.Effect<unknown, BadInput> =>
  Effect.promise(() => import("yaml")).pipe(
    Effect.flatMap((yaml) =>
      Effect.try({
        try: () => {
          const document = yaml.parseDocument(text);
          const [error] = document.errors;
          if (error !== undefined) throw error;
          return document.toJS() as unknown;
        },
        catch: (error) => {
          const line = error instanceof yaml.YAMLParseError ? error.linePos?.[0].line : undefined;
          const [what] = (error instanceof Error ? error.message : String(error)).split(
            / at line |\n/,
          );
          return bad(
            `The kubeconfig ${file} is not YAML${line === undefined ? "" : `: line ${line}`}: ${what}.`,
          );
        },
      }),
    ),
  );

const load = (file: string) => read(file).pipe(Effect.flatMap((text) => parse(file, text)));

const unreadable = (file: string, named: string) => (error: Unreadable) =>
  new BadInput({
    message: `The kubeconfig ${file}${named} can't be read: ${error.words}.`,
    source: file,
  });

const isMissing = (error: BadInput | Unreadable): boolean =>
  error._tag === "Unreadable" && error.code === "ENOENT";

/** KUBECONFIG: files that are not there are passed over, as kubectl does, so long as one is. */
const loadList = (list: string): Effect.Effect<Kubeconfig.Kubeconfig, BadInput> =>
  Effect.gen(function* () {
    const files = list.split(delimiter).filter((file) => file !== "");
    const loaded = yield* Effect.forEach(files, (file) =>
      load(file).pipe(
        Effect.asSome,
        Effect.catchIf(isMissing, () => Effect.succeedNone),
        Effect.catchTag("Unreadable", unreadable(file, ", named by KUBECONFIG,")),
      ),
    );
    const found = loaded.flatMap(Option.toArray);
    if (found.length === 0) {
      return yield* new BadInput({
        message: `KUBECONFIG names ${files.join(", ")}: there is no such file.`,
        source: list,
      });
    }
    return Kubeconfig.merge(found);
  });

/** In a pod: the account that Kubernetes gave it. */
const inCluster: Effect.Effect<Option.Option<Kubeconfig.Target>> = Effect.gen(function* () {
  const host = yield* variable("KUBERNETES_SERVICE_HOST");
  const port = yield* variable("KUBERNETES_SERVICE_PORT");
  const tokenFile = join(SERVICE_ACCOUNT, "token");
  const token = yield* Effect.option(read(tokenFile));
  if (Option.isNone(host) || Option.isNone(port) || Option.isNone(token)) return Option.none();
  const namespace = yield* Effect.option(read(join(SERVICE_ACCOUNT, "namespace")));
  const name = host.value.includes(":") ? `[${host.value}]` : host.value;
  return Option.some({
    source: "the pod's service account",
    contextName: "in-cluster",
    namespace: Option.getOrUndefined(namespace)?.trim() || undefined,
    server: `https://${name}:${port.value}`,
    cluster: { "certificate-authority": join(SERVICE_ACCOUNT, "ca.crt") },
    userName: undefined,
    user: { tokenFile },
  });
});

/** The context that the options, the environment and this machine together point to. */
export const find = (
  options: ClusterOptions,
): Effect.Effect<Kubeconfig.Target, BadInput | ClusterUnreachable> =>
  Effect.gen(function* () {
    if (options.kubeconfig !== undefined) {
      const file = options.kubeconfig;
      const config = yield* load(file).pipe(Effect.catchTag("Unreadable", unreadable(file, "")));
      return yield* Kubeconfig.select(config, options.context);
    }
    const list = yield* variable("KUBECONFIG");
    if (Option.isSome(list)) {
      return yield* Kubeconfig.select(yield* loadList(list.value), options.context);
    }
    const home = yield* variable("HOME").pipe(
      Effect.flatMap((home) =>
        Option.isSome(home) ? Effect.succeed(home) : variable("USERPROFILE"),
      ),
    );
    if (Option.isSome(home)) {
      const file = join(home.value, ".kube", "config");
      const config = yield* load(file).pipe(
        Effect.asSome,
        Effect.catchIf(isMissing, () => Effect.succeedNone),
        Effect.catchTag("Unreadable", unreadable(file, "")),
      );
      if (Option.isSome(config) && !Kubeconfig.isEmpty(config.value)) {
        return yield* Kubeconfig.select(config.value, options.context);
      }
    }
    const pod = yield* inCluster;
    if (Option.isSome(pod) && options.context === undefined) return pod.value;
    return yield* new ClusterUnreachable({
      message:
        "There is no cluster to talk to: no --kubeconfig, no KUBECONFIG, nothing in ~/.kube/config, and this is not a pod.",
      reason: "cluster_unreachable",
      advice:
        "Name a kubeconfig with --kubeconfig FILE or KUBECONFIG, or put one at ~/.kube/config. To try nopea without a cluster, start one with `nopea sandbox`.",
    });
  });

/** A PEM given inline as base64, or as a file; the inline one counts, as with kubectl. */
export const pem = (
  target: Kubeconfig.Target,
  field: string,
  data: string | null | undefined,
  file: string | null | undefined,
): Effect.Effect<string | undefined, BadInput> => {
  if (data) {
    const text = Buffer.from(data, "base64").toString("utf8");
    return text.includes("-----BEGIN")
      ? Effect.succeed(text)
      : Effect.fail(
          new BadInput({
            message: `The kubeconfig ${target.source} has a ${field}-data that is not a PEM in base64.`,
            source: target.source,
            field: `${field}-data`,
          }),
        );
  }
  return file
    ? read(file).pipe(
        Effect.mapError(
          (error) =>
            new BadInput({
              message: `The kubeconfig ${target.source} names ${file} as its ${field}, which can't be read: ${error.words}.`,
              source: target.source,
              field,
            }),
        ),
      )
    : Effect.succeed(undefined);
};

/** The CA that the context trusts; none means what Node trusts. */
export const certificateAuthority = (target: Kubeconfig.Target) =>
  pem(
    target,
    "certificate-authority",
    target.cluster["certificate-authority-data"],
    target.cluster["certificate-authority"],
  );

/** `ca:` and a SHA-256: of the CA where there is one, else of the server's address. */
export const fallbackId = (target: Kubeconfig.Target, ca: string | undefined): string =>
  `ca:${createHash("sha256")
    .update(ca ?? target.server)
    .digest("hex")}`;

/** Reads a token's file anew; kubelets rotate it. */
export const readToken = (file: string) => read(file).pipe(Effect.map((text) => text.trim()));
