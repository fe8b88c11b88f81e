/**
 * From what the caller says (flags, environment, in-cluster files) to a `Cluster`, as kubectl
 * does it. Nothing is read or connected before `connect` is called, so that a command that
 * needs no cluster pays for none.
 */
import type { BadInput } from "@nopea/domain";
import { Context, Effect, Layer, type Scope } from "effect";
import type { Cluster } from "./Cluster.js";
import type { ClusterUnreachable } from "./ClusterError.js";
import type { ClusterOptions } from "./ClusterOptions.js";
import * as Files from "./kubeconfigFiles.js";

export type { ClusterOptions };

export class Clusters extends Context.Tag("@nopea/k8s/Clusters")<
  Clusters,
  {
    /**
     * Reads the kubeconfig and makes the connection's agent; asks the server nothing yet.
     * `BadInput`: a file that was named and can't be read or parsed, a context that does not
     * exist. `ClusterUnreachable`: no kubeconfig anywhere, and not in a cluster.
     */
    readonly connect: (
      options: ClusterOptions,
    ) => Effect.Effect<typeof Cluster.Service, BadInput | ClusterUnreachable, Scope.Scope>;
    /** The context's namespace and server without connecting: for `--offline`. */
    readonly describe: (options: ClusterOptions) => Effect.Effect<
      {
        readonly contextName: string;
        readonly server: string;
        readonly namespace?: string;
        readonly fallbackId: string;
      },
      BadInput | ClusterUnreachable
    >;
  }
>() {}

export const make: typeof Clusters.Service = {
  connect: Effect.fn("Clusters.connect")(function* (options) {
    const target = yield* Files.find(options);
    const connection = yield* Effect.promise(() => import("./connection.js"));
    return yield* connection.make(target);
  }),
  describe: Effect.fn("Clusters.describe")(function* (options) {
    const target = yield* Files.find(options);
    const ca = yield* Files.certificateAuthority(target);
    return {
      contextName: target.contextName,
      server: target.server,
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      fallbackId: Files.fallbackId(target, ca),
    };
  }),
};

/** Environment (KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST, proxies) comes through Effect's Config. */
export const layer: Layer.Layer<Clusters> = Layer.succeed(Clusters, make);
