/**
 * The marks of the ApplySet specification (KEP-3659), by which kubectl and others see whose an
 * object is: the ledger is the parent, every object of the set a member.
 */
import { createHash } from "node:crypto";
import { KubeObject } from "@nopea/domain";

export const MEMBER_LABEL = "applyset.kubernetes.io/part-of";
export const PARENT_LABEL = "applyset.kubernetes.io/id";

/** `applyset-…-v1` of the ledger (a ConfigMap), as kubectl computes it. */
export const applySetId = (ledger: {
  readonly namespace: string;
  readonly name: string;
}): string => {
  // name.namespace.kind.group; the core group is empty.
  const digest = createHash("sha256").update(`${ledger.name}.${ledger.namespace}.ConfigMap.`);
  return `applyset-${digest.digest("base64url")}-v1`;
};

/** What every object of the set carries. */
export const memberLabels = (id: string): Readonly<Record<string, string>> => ({
  [MEMBER_LABEL]: id,
});

const groupKind = (ref: KubeObject.ObjectRef): string => {
  const group = KubeObject.groupOf(ref.apiVersion);
  return group === "" ? ref.kind : `${ref.kind}.${group}`;
};

const sorted = (texts: Iterable<string>): string => [...new Set(texts)].sort().join(",");

/** What the ledger carries. `members`: everything in the inventory. */
export const parentMetadata = (parent: {
  readonly namespace: string;
  readonly name: string;
  readonly members: ReadonlyArray<KubeObject.ObjectRef>;
}): {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
} => {
  const others = parent.members
    .map(({ namespace }) => namespace)
    .filter((namespace) => namespace !== undefined)
    .filter((namespace) => namespace !== parent.namespace);
  return {
    labels: { [PARENT_LABEL]: applySetId(parent) },
    annotations: {
      "applyset.kubernetes.io/tooling": "nopea/v1",
      "applyset.kubernetes.io/contains-group-kinds": sorted(parent.members.map(groupKind)),
      "applyset.kubernetes.io/additional-namespaces": sorted(others),
    },
  };
};
