/**
 * What is deployed: a name in a namespace of a cluster. The same name elsewhere is another
 * service.
 */
import { Schema } from "effect";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const label = (what: string) =>
  Schema.String.pipe(
    Schema.filter((text) =>
      text.length > 0 && text.length <= 63 && LABEL.test(text)
        ? undefined
        : `${what} ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)} must be a DNS label (RFC 1123): ` +
          "1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
    ),
  );

/** An RFC 1123 label: at most 63 of `a-z`, `0-9`, `-`; no dots. */
export const ServiceName = label("service name").pipe(
  Schema.brand("ServiceName"),
  Schema.annotations({ identifier: "ServiceName" }),
);
export type ServiceName = typeof ServiceName.Type;

/** A namespace's name, an RFC 1123 label as Kubernetes demands. */
export const Namespace = label("namespace").pipe(
  Schema.brand("Namespace"),
  Schema.annotations({ identifier: "Namespace" }),
);
export type Namespace = typeof Namespace.Type;

/**
 * Which cluster: the UID of its `kube-system` namespace; where that can't be read,
 * `ca:` and the SHA-256 of the API server's CA in hex.
 */
export const ClusterId = Schema.NonEmptyString.pipe(
  Schema.brand("ClusterId"),
  Schema.annotations({ identifier: "ClusterId" }),
);
export type ClusterId = typeof ClusterId.Type;

export const ServiceRef = Schema.Struct({
  cluster: ClusterId,
  namespace: Namespace,
  service: ServiceName,
});
export type ServiceRef = typeof ServiceRef.Type;

/** The name of everything the cluster keeps for a service: its ledger, its Lease. */
export const clusterName = (service: string): string => `nopea-${service}`;
