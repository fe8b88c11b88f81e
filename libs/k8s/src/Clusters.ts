/**
 * From what the caller says (flags, environment, in-cluster files) to a `Cluster`, as kubectl
 * does it. Nothing is read or connected before `connect` is called, so that a command that
 * needs no cluster pays for none.
 */
import type { BadInput } from "@nopea/domain";
import { Context, type Effect, type Scope } from "effect";
import type { Cluster } from "./Cluster.js";
import type { ClusterUnreachable } from "./ClusterError.js";

export interface ClusterOptions {
  /** A file; else KUBECONFIG (a list), else `~/.kube/config`, else in-cluster. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

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
    readonly describe: (
      options: ClusterOptions,
    ) => Effect.Effect<
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
