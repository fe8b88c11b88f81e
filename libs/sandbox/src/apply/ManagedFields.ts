/**
 * Who owns which fields of an object: the rules of server-side apply. `apply` merges a manager's
 * configuration and finds conflicts; `update` gives the fields that a write changed to its manager.
 */
import { ApiError } from "../ApiError.js";
import {
  clone,
  fieldsOf,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  type ManagedFieldsEntry,
} from "../Json.js";
import type { StructType, Type } from "../schema/Schema.js";
import { FieldSet, pathText } from "./FieldSet.js";
import { compare, merge, remove, toFieldSet, type Comparison } from "./Typed.js";

export interface Writer {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource?: string;
}
interface Managed {
  readonly writer: Writer;
  readonly set: FieldSet;
  readonly time?: string;
}
/** Managers by writer; what two of them share is owned by both. */
type Managers = Map<string, Managed>;

const keyOf = (w: Writer): string =>
  JSON.stringify([w.manager, w.operation, w.apiVersion, w.subresource ?? ""]);

const decode = (entries: readonly ManagedFieldsEntry[] | undefined): Managers => {
  const out: Managers = new Map();
  for (const e of entries ?? []) {
    if (e.operation === undefined) continue;
    const writer: Writer = {
      manager: e.manager ?? "",
      operation: e.operation,
      apiVersion: e.apiVersion ?? "",
      ...(e.subresource ? { subresource: e.subresource } : {}),
    };
    out.set(keyOf(writer), {
      writer,
      set: FieldSet.fromJson(e.fieldsV1),
      ...(e.time ? { time: e.time } : {}),
    });
  }
  return out;
};

const encode = (managers: Managers): ManagedFieldsEntry[] =>
  [...managers.values()]
    .filter((m) => !m.set.empty)
    .sort((a, b) => {
      const rank = (m: Managed): string[] => [
        m.writer.operation,
        m.time ?? "",
        m.writer.manager,
        m.writer.apiVersion,
        m.writer.subresource ?? "",
      ];
      const [left, right] = [rank(a), rank(b)];
      for (let i = 0; i < left.length; i++) {
        const [l = "", r = ""] = [left[i], right[i]];
        if (l !== r) return l < r ? -1 : 1;
      }
      return 0;
    })
    .map(({ writer, set, time }) => ({
      manager: writer.manager,
      operation: writer.operation,
      apiVersion: writer.apiVersion,
      ...(time ? { time } : {}),
      fieldsType: "FieldsV1",
      fieldsV1: set.toJson(),
      ...(writer.subresource ? { subresource: writer.subresource } : {}),
    }));

/** Fields that nobody owns: the server's own, and the other half where status is a subresource. */
const NOBODYS = new FieldSet(
  new Set(["f:apiVersion", "f:kind"]),
  new Map([
    [
      "f:metadata",
      new FieldSet(
        new Set(
          [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
          ].map((f) => `f:${f}`),
        ),
      ),
    ],
  ]),
);
const STRIPPED = new FieldSet(NOBODYS.members, new Map([...NOBODYS.children]));
STRIPPED.members.add("f:metadata");

const owned = (set: FieldSet, reset: FieldSet): FieldSet =>
  set.difference(STRIPPED).recursiveDifference(reset);

/** An object without its managed fields, as JSON: what is merged and compared. */
const bare = (object: KubeObject): JsonObject => {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...fieldsOf(object), metadata: metadata as unknown as JsonObject };
};

const conflictsOf = (
  changed: FieldSet,
  managers: Managers,
  self: string,
): Map<string, FieldSet> => {
  const out = new Map<string, FieldSet>();
  for (const [key, { set }] of managers) {
    if (key === self) continue;
    const both = set.intersection(changed);
    if (!both.empty) out.set(key, both);
  }
  return out;
};

const without = (managers: Managers, key: string, gone: FieldSet): void => {
  const there = managers.get(key);
  if (!there) return;
  const set = there.set.difference(gone);
  if (set.empty) managers.delete(key);
  else managers.set(key, { ...there, set });
};

const named = (w: Writer, time: string | undefined): string => {
  const who = `${JSON.stringify(w.manager)}${w.subresource ? ` with subresource ${JSON.stringify(w.subresource)}` : ""}`;
  if (w.operation === "Apply") return who;
  return `${who} using ${w.apiVersion}${time ? ` at ${time}` : ""}`;
};

const conflictError = (conflicts: Map<string, FieldSet>, managers: Managers): ApiError => {
  const all = [...conflicts]
    .flatMap(([key, set]) => {
      const m = managers.get(key);
      return m
        ? [...set.paths()].map((p) => ({ who: named(m.writer, undefined), field: pathText(p) }))
        : [];
    })
    .sort((a, b) => (a.who === b.who ? 0 : a.who < b.who ? -1 : 1));
  const groups = new Map<string, string[]>();
  for (const { who, field } of all) groups.set(who, [...(groups.get(who) ?? []), field]);
  const lines =
    all.length === 1
      ? `conflict with ${all[0]?.who ?? ""}: ${all[0]?.field ?? ""}`
      : [...groups]
          .map(
            ([who, fields]) => `conflicts with ${who}:\n${fields.map((f) => `- ${f}`).join("\n")}`,
          )
          .join("\n");
  return new ApiError(
    409,
    "Conflict",
    `Apply failed with ${all.length} conflict${all.length === 1 ? "" : "s"}: ${lines}`,
    {
      causes: all.map(({ who, field }) => ({
        reason: "FieldManagerConflict",
        message: `conflict with ${who}`,
        field,
      })),
    },
  );
};

const isSame = (c: Comparison): boolean => c.added.empty && c.modified.empty && c.removed.empty;

export interface Applied {
  readonly object: KubeObject;
  readonly entries: ManagedFieldsEntry[];
}

/**
 * The live object with a manager's configuration applied. Fields that it owned and no longer
 * names are taken out, unless another owns them. Fails with the conflicts unless forced.
 */
export const apply = (
  live: KubeObject,
  config: KubeObject,
  type: StructType,
  writer: Writer,
  options: { readonly force: boolean; readonly now: string; readonly reset: FieldSet },
): Applied => {
  const managers = decode(live.metadata.managedFields);
  if (
    managers.size === 0 &&
    live.metadata.uid !== undefined &&
    live.metadata.managedFields === undefined
  ) {
    const before: Writer = {
      manager: "before-first-apply",
      operation: "Update",
      apiVersion: writer.apiVersion,
    };
    const everything = compare(undefined, bare(live), type).added;
    managers.set(keyOf(before), {
      writer: before,
      set: owned(everything, options.reset),
      time: options.now,
    });
  }
  const self = keyOf(writer);
  const current = bare(live);
  const wanted = bare(config);
  const last = managers.get(self);
  const set = owned(toFieldSet(wanted, type), options.reset);
  managers.set(self, { writer, set, ...(last?.time ? { time: last.time } : {}) });
  let merged = merge(current, wanted, type) as JsonObject;
  if (last && !last.set.empty) merged = prune(merged, type, last.set, managers);
  const changes = compare(current, merged, type);
  const ignored = (s: FieldSet): FieldSet => owned(s, options.reset);
  const touched = ignored(changes.modified.union(changes.added));
  const conflicts = conflictsOf(touched, managers, self);
  if (conflicts.size > 0 && !options.force) throw conflictError(conflicts, managers);
  for (const [key, both] of conflicts) without(managers, key, both);
  if (!changes.removed.empty)
    for (const key of [...managers.keys()])
      if (key !== self) without(managers, key, changes.removed);
  const mine = managers.get(self);
  // As the real one: an apply that changes nothing leaves its manager's time, or gives it none.
  if (mine && !isSame(changes)) managers.set(self, { ...mine, time: options.now });
  if (mine?.set.empty) managers.delete(self);
  return { object: merged as unknown as KubeObject, entries: encode(managers) };
};

const prune = (merged: JsonObject, type: Type, last: FieldSet, managers: Managers): JsonObject => {
  const full = (s: FieldSet): FieldSet => s.withNamedFields(type);
  const pruned = remove(merged, type, full(last)) ?? {};
  let kept = new FieldSet();
  for (const m of managers.values()) kept = kept.union(m.set);
  const mergedSet = full(toFieldSet(merged, type));
  const addedBack =
    remove(merged, type, mergedSet.difference(full(toFieldSet(pruned, type)).union(full(kept)))) ??
    {};
  const result =
    remove(
      merged,
      type,
      mergedSet.difference(full(toFieldSet(addedBack, type))).intersection(full(last)),
    ) ?? {};
  return isObject(result) ? result : {};
};

/** The managed fields after a write that is no apply: what it changed is its manager's. */
export const update = (
  live: KubeObject | undefined,
  next: KubeObject,
  type: StructType,
  writer: Writer,
  options: { readonly now: string; readonly reset: FieldSet; readonly base: Json },
): ManagedFieldsEntry[] | undefined => {
  const sent = next.metadata.managedFields;
  const asked = sent === undefined ? live?.metadata.managedFields : sent;
  // An empty list, or one empty entry, resets the owners.
  if (sent !== undefined && sent.every((e) => e.operation === undefined) && live) return undefined;
  if (live && (asked === undefined || asked.length === 0)) return undefined;
  const managers = decode(asked);
  const before = live ? bare(live) : (clone(options.base) as JsonObject);
  const changes = compare(before, bare(next), type);
  const self = keyOf(writer);
  const touched = owned(changes.modified.union(changes.added), options.reset);
  for (const [key, both] of conflictsOf(touched, managers, "")) without(managers, key, both);
  if (!changes.removed.empty)
    for (const key of [...managers.keys()]) without(managers, key, changes.removed);
  if (!touched.empty) {
    const mine = managers.get(self);
    managers.set(self, {
      writer,
      set: mine ? mine.set.union(touched) : touched,
      time: options.now,
    });
  }
  return encode(managers);
};
