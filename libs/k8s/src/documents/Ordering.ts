/**
 * In which order the objects of a set are applied: classes from Namespace to webhook
 * configurations, sync waves and Helm hooks around them, and what documents say they depend on.
 */
import { BadInput, KubeObject } from "@nopea/domain";
import { Either } from "effect";
import { classOf, FIRST, isDefinition, LAST } from "./orderClass.js";
import { cycleIn, type Dependencies, dependenciesOf } from "./dependsOn.js";
import { phaseOf, PHASES, weightOf } from "./hooks.js";
import type { ManifestEntry, SkippedEntry } from "./ManifestSet.js";

/**
 * What must hold of everything applied before a step begins: `established` = its
 * CustomResourceDefinitions are; `ready` = all of it is ready.
 */
export type StepAfter = "nothing" | "established" | "ready";

/** Entries that may be applied at the same time. */
export interface Step<E> {
  readonly entries: ReadonlyArray<E>;
  readonly after: StepAfter;
}

/** Where an entry stands: compared from left to right. */
interface Place {
  readonly phase: number;
  /** Its hook weight or sync wave. */
  readonly weight: number;
  readonly kindClass: number;
  /** How many entries of the same class it waits for, one behind the other. */
  readonly depth: number;
}

const compare = (one: Place, other: Place): number =>
  one.phase - other.phase ||
  one.weight - other.weight ||
  one.kindClass - other.kindClass ||
  one.depth - other.depth;

/** Entries that are applied, and those that never are: Helm's test and delete hooks. */
export const split = (
  entries: ReadonlyArray<ManifestEntry>,
): {
  readonly entries: ReadonlyArray<ManifestEntry>;
  readonly skipped: ReadonlyArray<SkippedEntry>;
} => {
  const applied: Array<ManifestEntry> = [];
  const skipped: Array<SkippedEntry> = [];
  for (const entry of entries) {
    const phase = phaseOf(entry.object);
    if (typeof phase === "number") applied.push(entry);
    else skipped.push({ object: entry.object, source: entry.source, note: phase.skipped });
  }
  return { entries: applied, skipped };
};

interface Orderable {
  readonly entry: ManifestEntry;
  /** It needs what the workloads serve, whatever its kind. */
  readonly late?: boolean;
}

const placeOf = ({ entry, late }: Orderable): Either.Either<Place, BadInput> => {
  const phase = phaseOf(entry.object);
  const kindClass = late === true ? LAST : classOf(entry.object);
  return Either.map(weightOf(entry), (weight) => ({
    // What all else needs goes first, unless its document says when.
    phase:
      kindClass === FIRST && weight === undefined
        ? PHASES.first
        : typeof phase === "number"
          ? phase
          : PHASES.main,
    weight: weight ?? 0,
    kindClass,
    depth: 0,
  }));
};

/** Each entry no sooner than behind all that it depends on. */
const withDependencies = (
  places: ReadonlyMap<string, Place>,
  dependencies: Dependencies,
): ReadonlyMap<string, Place> => {
  const settled = new Map<string, Place>();
  const settle = (key: string, place: Place): Place => {
    const known = settled.get(key);
    if (known !== undefined) return known;
    let result = place;
    for (const needed of dependencies.get(key) ?? []) {
      const base = places.get(needed);
      if (base === undefined) continue;
      const before = settle(needed, base);
      // In a step of its own even where the needed one comes earlier anyway: it must be ready.
      const behind = { ...(compare(before, result) > 0 ? before : result) };
      const sameStep =
        behind.phase === before.phase &&
        behind.weight === before.weight &&
        behind.kindClass === before.kindClass;
      const depth = Math.max(result.depth, sameStep ? before.depth + 1 : 1);
      result = { ...behind, depth };
    }
    settled.set(key, result);
    return result;
  };
  for (const [key, place] of places) settle(key, place);
  return settled;
};

const afterOf = (
  before: Place | undefined,
  place: Place,
  awaited: { readonly definitions: boolean },
): StepAfter => {
  if (before === undefined) return "nothing";
  const nextWave =
    before.phase !== PHASES.first &&
    (before.phase !== place.phase || before.weight !== place.weight);
  if (nextWave || place.depth > 0 || place.kindClass === LAST) return "ready";
  return awaited.definitions ? "established" : "nothing";
};

/**
 * The steps in order. `BadInput`: a dependency that goes round in a circle, or names nothing of
 * the set; a wave, weight or reference that is malformed.
 */
export const steps = <E extends Orderable>(
  entries: ReadonlyArray<E>,
): Either.Either<ReadonlyArray<Step<E>>, BadInput> =>
  Either.gen(function* () {
    const dependencies = yield* dependenciesOf(entries.map(({ entry }) => entry));
    const cycle = cycleIn(dependencies);
    if (cycle !== undefined) {
      const first = entries.find(({ entry }) => keyOf(entry) === cycle[0]);
      return yield* Either.left(
        new BadInput({
          message: `config.kubernetes.io/depends-on goes round in a circle: ${cycle.join(" → ")}`,
          ...(first === undefined
            ? {}
            : { source: first.entry.source, object: KubeObject.refOf(first.entry.object) }),
          field: 'metadata.annotations["config.kubernetes.io/depends-on"]',
        }),
      );
    }
    const bases = new Map<string, Place>();
    for (const item of entries) bases.set(keyOf(item.entry), yield* placeOf(item));
    const places = withDependencies(bases, dependencies);
    const groups = new Map<string, { readonly place: Place; readonly entries: Array<E> }>();
    for (const item of entries) {
      const place = places.get(keyOf(item.entry));
      if (place === undefined) continue;
      const name = `${place.phase}/${place.weight}/${place.kindClass}/${place.depth}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { place, entries: [item] });
      else group.entries.push(item);
    }
    let before: Place | undefined;
    let definitions = false;
    return [...groups.values()]
      .sort((one, other) => compare(one.place, other.place))
      .map((group): Step<E> => {
        const after = afterOf(before, group.place, { definitions });
        if (after !== "nothing") definitions = false;
        definitions ||= group.entries.some(({ entry }) => isDefinition(entry.object));
        before = group.place;
        return { entries: group.entries, after };
      });
  });

const keyOf = ({ object }: ManifestEntry): string => KubeObject.refKey(KubeObject.refOf(object));
