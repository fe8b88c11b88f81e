/**
 * One connection to one cluster: the API's verbs over JSON objects, discovery cached for as long
 * as the connection lives, and a watch that survives what a network does. It knows no kind, no
 * service and no name of ours: field managers and names come as arguments.
 */
import type { KubeObject, Service } from "@nopea/domain";
import { Context, type Effect, type Option, type Stream } from "effect";
import type { ApiResource } from "./ApiResource.js";
import type { ApiFailure, ClusterFailure } from "./ClusterError.js";
import type { WatchEvent } from "./Watch.js";

/** A collection: every object of a kind, in one namespace or in all. */
export interface Collection {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListAnswer {
  readonly items: ReadonlyArray<KubeObject.KubeObject>;
  readonly resourceVersion: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Told each warning that comes with a success, control characters stripped. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

export interface LogOptions {
  readonly container: string;
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined;
}

export class Cluster extends Context.Tag("@nopea/k8s/Cluster")<
  Cluster,
  {
    /** `https://host:port`, as the kubeconfig says. */
    readonly server: string;
    /** The context's name, or `in-cluster`: what people call this cluster. */
    readonly contextName: string;
    /** The namespace of the context, where it has one. */
    readonly namespace: Option.Option<string>;
    /** `ca:` and the SHA-256 of the API server's CA (of the server's address where there is no CA): the id where the real one can't be read. */
    readonly fallbackId: Service.ClusterId;
    /** The UID of `kube-system`; none where reading it is forbidden. Read once. */
    readonly id: Effect.Effect<Option.Option<Service.ClusterId>, ClusterFailure>;
    /** What the API server says it is: `v1.37.2`. Asked each time. */
    readonly version: Effect.Effect<string, ClusterFailure>;
    /** The API server's clock minus ours, in milliseconds, from the Date header last seen; 0 before the first answer. */
    readonly clockSkewMs: Effect.Effect<number>;
    /** The resource of a kind; fails with reason `unknown_kind`. A miss asks the server once more before it fails. */
    readonly resource: (
      apiVersion: string,
      kind: string,
    ) => Effect.Effect<ApiResource, ClusterFailure>;
    /** Every resource that the cluster serves. */
    readonly resources: Effect.Effect<ReadonlyArray<ApiResource>, ClusterFailure>;
    /** None on 404 of the object; another 404 (no such namespace, no such kind) is a failure. */
    readonly get: (
      ref: KubeObject.ObjectRef,
    ) => Effect.Effect<Option.Option<KubeObject.KubeObject>, ClusterFailure>;
    /** Follows `continue` to the end. */
    readonly list: (collection: Collection) => Effect.Effect<ListAnswer, ClusterFailure>;
    /** Names, labels and resourceVersions alone (PartialObjectMetadata). */
    readonly listMetadata: (collection: Collection) => Effect.Effect<ListAnswer, ClusterFailure>;
    readonly create: (
      object: KubeObject.KubeObject,
      options: { readonly fieldManager: string },
    ) => Effect.Effect<KubeObject.KubeObject, ClusterFailure>;
    /** PUT: a compare-and-set, since the object carries its resourceVersion. A lost race is an ApiFailure of statusReason `Conflict`. */
    readonly replace: (
      object: KubeObject.KubeObject,
      options: { readonly fieldManager: string },
    ) => Effect.Effect<KubeObject.KubeObject, ClusterFailure>;
    /** Server-side apply. 429, 5xx and broken connections are tried again within, for they are safe to repeat. */
    readonly apply: (
      object: KubeObject.KubeObject,
      options: ApplyOptions,
    ) => Effect.Effect<KubeObject.KubeObject, ClusterFailure>;
    readonly patch: (
      ref: KubeObject.ObjectRef,
      patch: {
        readonly type: "json" | "merge";
        readonly body: unknown;
        readonly fieldManager: string;
        readonly subresource?: string | undefined;
        readonly dryRun?: boolean | undefined;
      },
    ) => Effect.Effect<KubeObject.KubeObject, ClusterFailure>;
    /** True: deleted (or being deleted); false: it was not there. A uid is a precondition. */
    readonly remove: (
      ref: KubeObject.ObjectRef,
      options?: {
        readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
        readonly dryRun?: boolean | undefined;
      },
    ) => Effect.Effect<boolean, ClusterFailure>;
    /**
     * List, then watch from its resourceVersion with bookmarks; silence for 75 s, an ERROR event
     * or a close leads to a new list (`resynced`). One list every 10 s beneath. Without the watch
     * verb it polls every 2 s and says so (`degraded`). Ends never; fails only with what no
     * repeating mends (an ApiFailure of 400, 401, 403 on list, 404).
     */
    readonly watch: (collection: Collection) => Stream.Stream<WatchEvent, ApiFailure>;
    /** Log lines of one container, control characters stripped; fails as the kubelet says. */
    readonly logs: (
      pod: KubeObject.ObjectRef,
      options: LogOptions,
    ) => Effect.Effect<ReadonlyArray<string>, ClusterFailure>;
  }
>() {}
