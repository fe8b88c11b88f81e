/** Two states of one object, field by field, as a person reads them. */
import { KubeObject, type Plan } from "@nopea/domain";
import { treeOf, union } from "./fieldTree.js";
import { type Difference, walk } from "./fieldWalk.js";

/** kubectl's copy of the whole document, Secret values included: never shown. */
export const LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** What the API server and its controllers write themselves. */
const SERVERS = new Set([
  "status",
  ...["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"].map(
    (field) => `metadata.${field}`,
  ),
  `metadata.annotations[${JSON.stringify(LAST_APPLIED_ANNOTATION)}]`,
]);

/** A value longer than this is cut: a diff is for reading. */
const MAX_TEXT = 10_000;

const shown = (value: unknown): unknown =>
  typeof value === "string" && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;

const isSecret = (object: KubeObject.KubeObject | undefined): boolean =>
  object !== undefined && object.kind === "Secret" && KubeObject.groupOf(object.apiVersion) === "";

const toChange = (difference: Difference, secret: boolean): Plan.FieldChange => {
  const { path, change, before, after } = difference;
  if (secret && isSecretValue(path)) return { path, change };
  return {
    path,
    change,
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
  };
};

const isSecretValue = (path: string): boolean => /^(?:data|stringData)(?:$|\[|\.)/.test(path);

/**
 * What changes from one state to the other. Values of Secrets are left out; so is all that the
 * API server alone writes, and kubectl's last-applied annotation. Nothing where one of the two
 * is not there: a new object is no change of a field.
 */
export const diff = (
  before: KubeObject.KubeObject | undefined,
  after: KubeObject.KubeObject | undefined,
): ReadonlyArray<Plan.FieldChange> => {
  if (before === undefined || after === undefined) return [];
  const every = (): boolean => true;
  const tree = union(treeOf(before, every) ?? {}, treeOf(after, every) ?? {});
  const secret = isSecret(before) || isSecret(after);
  return walk(before, after, tree, {
    ownedOnly: false,
    ignore: (path) => SERVERS.has(path),
  }).map((difference) => toChange(difference, secret));
};

/**
 * What a document would change of a live object, without the API server's help: only what the
 * document says is looked at, as it says it (`1000m` is not `1` here).
 */
export const diffLocal = (
  live: KubeObject.KubeObject | undefined,
  document: KubeObject.KubeObject,
): ReadonlyArray<Plan.FieldChange> => {
  if (live === undefined) return [];
  const secret = isSecret(document);
  return walk(
    document,
    live,
    treeOf(live, () => true),
    {
      ownedOnly: true,
      ignore: (path) => SERVERS.has(path),
    },
  ).map(({ path, before: wanted, after: is }) =>
    toChange(
      { path, change: is === undefined ? "added" : "changed", before: is, after: wanted },
      secret,
    ),
  );
};
