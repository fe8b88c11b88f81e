/** What one document must satisfy before the API server is asked: its name, its size, and no mark but ours. */
import { BadInput, KubeObject } from "@nopea/domain";
import * as Marks from "./Marks.js";

/** The API server writes these; a document has them because it was exported. */
const SERVER_FIELDS = [
  "managedFields",
  "resourceVersion",
  "uid",
  "generation",
  "creationTimestamp",
  "selfLink",
] as const;

/** The document without what only the API server writes, and which of it held a value. */
export const strip = (
  object: KubeObject.KubeObject,
): { readonly stripped: KubeObject.KubeObject; readonly removed: ReadonlyArray<string> } => {
  const present = SERVER_FIELDS.filter((field) => field in object.metadata);
  if (present.length === 0) return { stripped: object, removed: [] };
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of present) delete metadata[field];
  return {
    stripped: { ...object, metadata },
    // `creationTimestamp: null` is what generators write: nothing was lost.
    removed: present
      .filter((field) => object.metadata[field] !== null)
      .map((field) => `metadata.${field}`),
  };
};

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
/** Names of these groups are path segments (`system:node`), no DNS names. */
const PATH_SEGMENT_GROUPS = new Set(["rbac.authorization.k8s.io", "certificates.k8s.io"]);
const LABEL_KINDS = new Set(["Namespace", "Service"]);

/** What a name must be and isn't. */
const nameProblem = (object: KubeObject.KubeObject, name: string): string | undefined => {
  const group = KubeObject.groupOf(object.apiVersion);
  if (PATH_SEGMENT_GROUPS.has(group)) {
    return name === "." || name === ".." || /[/%]/.test(name)
      ? 'it may not be "." or "..", nor contain "/" or "%"'
      : undefined;
  }
  if (group === "" && LABEL_KINDS.has(object.kind)) {
    return name.length <= 63 && LABEL.test(name)
      ? undefined
      : "it must be a DNS label: at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit";
  }
  return name.length <= 253 && SUBDOMAIN.test(name)
    ? undefined
    : "it must be a DNS name: at most 253 of a-z, 0-9, - and ., each part beginning and ending with a letter or digit";
};

const MIB = 1024 * 1024;
/** etcd's default limit for a request, which an object has to fit into. */
const MAX_OBJECT = 1.5 * MIB;

/** Bytes of all values of a map of texts. */
const bytesOf = (map: unknown, encoding: "utf8" | "base64"): number =>
  typeof map !== "object" || map === null
    ? 0
    : Object.values(map).reduce<number>(
        (sum, value) => sum + (typeof value === "string" ? Buffer.byteLength(value, encoding) : 0),
        0,
      );

/** What is too large: Kubernetes keeps 1 MiB of values in a ConfigMap or Secret (MaxSecretSize). */
const sizeProblem = (object: KubeObject.KubeObject): string | undefined => {
  const core = object.apiVersion === "v1";
  const values =
    core && object.kind === "ConfigMap"
      ? bytesOf(object["data"], "utf8") + bytesOf(object["binaryData"], "base64")
      : core && object.kind === "Secret"
        ? bytesOf(object["stringData"], "utf8") + bytesOf(object["data"], "base64")
        : 0;
  if (values > MIB) return `its values are ${values} bytes; Kubernetes keeps at most ${MIB}`;
  const whole = Buffer.byteLength(JSON.stringify(object));
  return whole > MAX_OBJECT ? `it is ${whole} bytes; etcd keeps at most ${MAX_OBJECT}` : undefined;
};

interface Home {
  readonly namespace: string;
  /** The name of the ledger and the Lease. */
  readonly ledger: string;
}

const RECORD_TYPE = "nopea.dev/record";

const isLedgers = (object: KubeObject.KubeObject, home: Home): boolean => {
  const { name = "", namespace } = object.metadata;
  if (namespace !== home.namespace) return false;
  const group = KubeObject.groupOf(object.apiVersion);
  const keeper =
    (group === "" && (object.kind === "ConfigMap" || object.kind === "Secret")) ||
    (group === "coordination.k8s.io" && object.kind === "Lease");
  return (
    (keeper && name === home.ledger) ||
    (group === "" &&
      object.kind === "Secret" &&
      name.startsWith(`${home.ledger}-`) &&
      object["type"] === RECORD_TYPE)
  );
};

/** The first thing that is wrong with a document, if any. */
export const documentProblem = (
  { object, source }: { readonly object: KubeObject.KubeObject; readonly source: string },
  home: Home,
): BadInput | undefined => {
  const ref = KubeObject.refOf(object);
  const text = KubeObject.refText(ref);
  const refuse = (fields: {
    readonly message: string;
    readonly field: string;
    readonly reason?: "invalid_object" | "object_too_large";
    readonly advice?: string;
  }): BadInput =>
    new BadInput({ ...fields, message: `${source}: ${fields.message}`, source, object: ref });
  const badName = nameProblem(object, ref.name);
  if (badName !== undefined) {
    return refuse({
      message: `metadata.name ${JSON.stringify(ref.name.slice(0, 260))} is not a valid name for a ${object.kind}: ${badName}`,
      field: "metadata.name",
      reason: "invalid_object",
    });
  }
  for (const label of [Marks.MEMBER_LABEL, Marks.PARENT_LABEL]) {
    if (object.metadata.labels?.[label] !== undefined) {
      return refuse({
        message: `${text} brings the label ${label} with it, which says whose an object is`,
        field: `metadata.labels[${JSON.stringify(label)}]`,
        advice: "Remove the label: nopea sets its own.",
      });
    }
  }
  if (isLedgers(object, home)) {
    return refuse({
      message: `${text} has the name under which nopea keeps its own record of this service`,
      field: "metadata.name",
      advice: "Give the object or the service another name.",
    });
  }
  const large = sizeProblem(object);
  return large === undefined
    ? undefined
    : refuse({
        message: `${text} is too large: ${large}`,
        field: "data",
        reason: "object_too_large",
        advice: "Split the object.",
      });
};
