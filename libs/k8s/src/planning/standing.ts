/**
 * Objects that stand as they would be sent. An apply of one changes nothing, which many objects
 * make worth knowing without asking the API server about each: a deploy of a thousand that all
 * stand takes a list instead of a thousand dry-runs.
 */
import type { KubeObject } from "@nopea/domain";
import { cutDown } from "../fields/FieldSet.js";
import { appliedBy, type FieldTree, fieldOf, isLeaf } from "../fields/fieldTree.js";
import { isMapping, same } from "../fields/jsonPath.js";

/** Whether what the tree owns is owned to the last value: a leaf may hide how a list or a map is put together. */
const isPlain = (value: unknown, tree: FieldTree): boolean => {
  if (!isMapping(value)) return !Array.isArray(value);
  if (isLeaf(tree)) return isLeaf(value);
  return Object.entries(value).every(([name, inner]) => {
    const child = fieldOf(tree, name);
    return child !== undefined && isPlain(inner, child);
  });
};

/**
 * Since when an object stands as `send` says it, RFC 3339 by the API server's clock: `manager`
 * owns what `send` says, nothing else, and each value is the same. Undefined where it doesn't
 * stand, or where only the API server can tell, as for lists and what it writes in its own way.
 */
export const standsSince = (
  live: KubeObject.KubeObject,
  send: KubeObject.KubeObject,
  manager: string,
): string | undefined => {
  if (live.metadata["deletionTimestamp"] !== undefined) return undefined;
  const [entry, second] = (live.metadata.managedFields ?? []).filter(
    (one) => one.manager === manager && one.operation === "Apply",
  );
  if (entry === undefined || second !== undefined) return undefined;
  if (entry.apiVersion !== send.apiVersion) return undefined;
  const tree = appliedBy(live, manager);
  const own = cutDown(live, manager);
  const { apiVersion: _version, kind: _kind, metadata, ...fields } = own;
  const { name: _name, namespace: _namespace, ...marks } = metadata;
  return tree !== undefined && same(own, send) && isPlain({ ...fields, metadata: marks }, tree)
    ? entry.time
    : undefined;
};
