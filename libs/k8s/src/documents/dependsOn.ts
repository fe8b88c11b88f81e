/**
 * `config.kubernetes.io/depends-on`, as cli-utils defines it: references
 * `group/namespaces/namespace/Kind/name`, or `group/Kind/name` for what has no namespace,
 * separated by commas; the core group is empty.
 */
import { BadInput, KubeObject } from "@nopea/domain";
import { Either } from "effect";

const ANNOTATION = "config.kubernetes.io/depends-on";

interface Entry {
  readonly object: KubeObject.KubeObject;
  readonly source: string;
}

/** What each object (by `refKey`) depends on. */
export type Dependencies = ReadonlyMap<string, ReadonlyArray<string>>;

const keyOfReference = (reference: string): string | undefined => {
  const parts = reference.split("/");
  const [group, second, third, fourth, fifth] = parts;
  if (parts.length === 5 && second === "namespaces" && third && fourth && fifth) {
    return `${group}/${fourth}/${third}/${fifth}`;
  }
  return parts.length === 3 && second && third ? `${group}/${second}//${third}` : undefined;
};

export const dependenciesOf = (
  entries: ReadonlyArray<Entry>,
): Either.Either<Dependencies, BadInput> => {
  const present = new Set(entries.map(({ object }) => KubeObject.refKey(KubeObject.refOf(object))));
  const dependencies = new Map<string, ReadonlyArray<string>>();
  for (const { object, source } of entries) {
    const text = object.metadata.annotations?.[ANNOTATION];
    if (text === undefined) continue;
    const refuse = (what: string, advice: string): BadInput =>
      new BadInput({
        message: `${source}: the annotation ${ANNOTATION} ${what}`,
        source,
        field: `metadata.annotations[${JSON.stringify(ANNOTATION)}]`,
        object: KubeObject.refOf(object),
        advice,
      });
    const needed: Array<string> = [];
    for (const reference of text.split(",").map((part) => part.trim())) {
      const key = keyOfReference(reference);
      if (key === undefined) {
        return Either.left(
          refuse(
            `holds ${JSON.stringify(reference)}, which is no reference`,
            "Write group/namespaces/NAMESPACE/Kind/name, or group/Kind/name for what has no namespace; the core group is empty.",
          ),
        );
      }
      if (!present.has(key)) {
        return Either.left(
          refuse(
            `names ${reference}, which is not in the set`,
            "Add it, or correct the reference.",
          ),
        );
      }
      needed.push(key);
    }
    dependencies.set(KubeObject.refKey(KubeObject.refOf(object)), needed);
  }
  return Either.right(dependencies);
};

/** A circle, its first object named again at the end; undefined where there is none. */
export const cycleIn = (dependencies: Dependencies): ReadonlyArray<string> | undefined => {
  const done = new Set<string>();
  const path: Array<string> = [];
  const visit = (key: string): ReadonlyArray<string> | undefined => {
    if (done.has(key)) return undefined;
    const at = path.indexOf(key);
    if (at >= 0) return [...path.slice(at), key];
    path.push(key);
    for (const needed of dependencies.get(key) ?? []) {
      const cycle = visit(needed);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(key);
    return undefined;
  };
  for (const key of dependencies.keys()) {
    const cycle = visit(key);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
};
