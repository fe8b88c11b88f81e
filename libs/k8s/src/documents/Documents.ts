/**
 * From parsed documents to manifests: lists are taken apart, and each object is known to have
 * what names it. The same rules for a file and for what a program hands over.
 */
import { BadInput, type KubeObject } from "@nopea/domain";
import { Either } from "effect";

type Json = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `a list`, `the number 5`: what stands where something else belongs. */
const nameValue = (value: unknown): string => {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return value === "" ? "empty" : "a text";
  return `the ${typeof value === "number" ? "number" : "boolean"} ${JSON.stringify(value)}`;
};

const refuse = (source: string, message: string, field?: string, advice?: string): BadInput =>
  new BadInput({
    message: `${source}: ${message}`,
    source,
    ...(field === undefined ? {} : { field }),
    ...(advice === undefined ? {} : { advice }),
  });

const textProblem = (
  source: string,
  owner: Json,
  key: string,
  field: string,
): BadInput | undefined => {
  const value = owner[key];
  if (typeof value === "string" && value !== "") return undefined;
  return value === undefined || value === null || value === ""
    ? refuse(source, `${field} is missing`, field)
    : refuse(
        source,
        `${field} is ${nameValue(value)}, not a text`,
        field,
        isMapping(value) || Array.isArray(value) ? undefined : `Put it in quotes.`,
      );
};

const textMapProblem = (source: string, metadata: Json, key: string): BadInput | undefined => {
  const map = metadata[key];
  if (map === undefined || map === null) return undefined;
  const field = `metadata.${key}`;
  if (!isMapping(map)) return refuse(source, `${field} is ${nameValue(map)}, not a mapping`, field);
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== "string") {
      const path = `${field}[${JSON.stringify(name)}]`;
      return refuse(
        source,
        `${path} is ${nameValue(value)}, not a text`,
        path,
        "Values of labels and annotations are texts: put it in quotes.",
      );
    }
  }
  return undefined;
};

const problemOf = (source: string, object: Json): BadInput | undefined => {
  const kind = textProblem(source, object, "apiVersion", "apiVersion");
  if (kind !== undefined) return kind;
  const missing = textProblem(source, object, "kind", "kind");
  if (missing !== undefined) return missing;
  const metadata = object["metadata"];
  if (metadata === undefined || metadata === null) {
    return refuse(source, "metadata.name is missing", "metadata.name");
  }
  if (!isMapping(metadata)) {
    return refuse(source, `metadata is ${nameValue(metadata)}, not a mapping`, "metadata");
  }
  if (metadata["generateName"] !== undefined) {
    return refuse(
      source,
      "metadata.generateName can't be applied: every apply would make another object",
      "metadata.generateName",
      "Give it a metadata.name.",
    );
  }
  return (
    textProblem(source, metadata, "name", "metadata.name") ??
    (metadata["namespace"] === undefined ||
    metadata["namespace"] === null ||
    metadata["namespace"] === ""
      ? undefined
      : textProblem(source, metadata, "namespace", "metadata.namespace")) ??
    textMapProblem(source, metadata, "labels") ??
    textMapProblem(source, metadata, "annotations")
  );
};

/** The items of a typed list may leave out what the list's own kind says. */
const itemOf = (list: Json, kind: string, item: unknown): unknown => {
  if (!isMapping(item) || kind === "List") return item;
  return {
    ...item,
    apiVersion: item["apiVersion"] ?? list["apiVersion"],
    kind: item["kind"] ?? kind.slice(0, -"List".length),
  };
};

const isList = (document: Json): boolean =>
  typeof document["kind"] === "string" &&
  document["kind"].endsWith("List") &&
  Array.isArray(document["items"]);

/**
 * One parsed document as manifests: none of an empty one, each item of a `List` with its
 * position (`file.yaml#2[0]`), else itself. Checked is what every object must have: apiVersion,
 * kind, metadata.name, and texts for labels and annotations.
 */
export const toManifests = (
  document: unknown,
  source: string,
): Either.Either<ReadonlyArray<KubeObject.Manifest>, BadInput> => {
  if (document === null || document === undefined) return Either.right([]);
  if (!isMapping(document)) {
    return Either.left(refuse(source, `the document is ${nameValue(document)}, not a mapping`));
  }
  if (isList(document)) {
    const kind = String(document["kind"]);
    const items = document["items"] as ReadonlyArray<unknown>;
    return Either.map(
      Either.all(
        items.map((item, index) =>
          isMapping(item)
            ? toManifests(itemOf(document, kind, item), `${source}[${index}]`)
            : Either.left(
                refuse(`${source}[${index}]`, `the item is ${nameValue(item)}, not a mapping`),
              ),
        ),
      ),
      (nested) => nested.flat(),
    );
  }
  const problem = problemOf(source, document);
  return problem === undefined
    ? // What was checked is what the type says; the rest of an object is open.
      Either.right([{ object: document as unknown as KubeObject.KubeObject, source }])
    : Either.left(problem);
};
