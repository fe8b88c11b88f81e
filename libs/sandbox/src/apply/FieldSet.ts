/**
 * Sets of field paths, as structured-merge-diff has them: what a manager owns. A path element is
 * kept in its FieldsV1 form (`f:name`, `k:{"name":"web"}`, `v:"x"`), so that a set is written and
 * read without translation. Operations return new sets.
 */
import { isObject, type Json, type JsonObject } from "../Json.js";
import type { Type } from "../schema/Schema.js";

export class FieldSet {
  constructor(
    readonly members: Set<string> = new Set(),
    readonly children: Map<string, FieldSet> = new Map(),
  ) {}

  get empty(): boolean {
    if (this.members.size > 0) return false;
    for (const sub of this.children.values()) if (!sub.empty) return false;
    return true;
  }

  /** Adds in place; only for a set that is being built. */
  insert(path: readonly string[]): void {
    const [first, ...rest] = path;
    if (first === undefined) return;
    if (rest.length === 0) {
      this.members.add(first);
      return;
    }
    let next = this.children.get(first);
    if (!next) this.children.set(first, (next = new FieldSet()));
    next.insert(rest);
  }

  child(element: string): FieldSet | undefined {
    return this.children.get(element);
  }

  union(other: FieldSet): FieldSet {
    const children = new Map(this.children);
    for (const [element, sub] of other.children) {
      const mine = children.get(element);
      children.set(element, mine ? mine.union(sub) : sub);
    }
    return new FieldSet(new Set([...this.members, ...other.members]), children);
  }

  intersection(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const m of this.members) if (other.members.has(m)) out.members.add(m);
    for (const [element, sub] of this.children) {
      const theirs = other.children.get(element);
      const both = theirs && sub.intersection(theirs);
      if (both && !both.empty) out.children.set(element, both);
    }
    return out;
  }

  difference(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const m of this.members) if (!other.members.has(m)) out.members.add(m);
    for (const [element, sub] of this.children) {
      const theirs = other.children.get(element);
      const rest = theirs ? sub.difference(theirs) : sub;
      if (!rest.empty) out.children.set(element, rest);
    }
    return out;
  }

  /** Without the paths of the other set and everything under them. */
  recursiveDifference(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const m of this.members) if (!other.members.has(m)) out.members.add(m);
    for (const [element, sub] of this.children) {
      if (other.members.has(element)) continue;
      const theirs = other.children.get(element);
      const rest = theirs ? sub.recursiveDifference(theirs) : sub;
      if (!rest.empty) out.children.set(element, rest);
    }
    return out;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** The declared fields above the set's paths become members too. */
  withNamedFields(type: Type): FieldSet {
    const out = new FieldSet(new Set(this.members));
    for (const [element, sub] of this.children) {
      if (element.startsWith("f:") && type.tag === "struct" && type.fields.has(element.slice(2)))
        out.members.add(element);
      out.children.set(element, sub.withNamedFields(descend(type, element)));
    }
    return out;
  }

  /** Every path, in FieldsV1 elements. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    for (const m of [...this.members].sort(order)) yield [...prefix, m];
    for (const [element, sub] of [...this.children].sort(([a], [b]) => order(a, b)))
      yield* sub.paths([...prefix, element]);
  }

  toJson(): JsonObject {
    const out: JsonObject = {};
    const elements = [...new Set([...this.members, ...this.children.keys()])].sort(order);
    for (const element of elements) {
      const sub = this.children.get(element);
      if (sub === undefined || sub.empty) {
        if (this.members.has(element)) out[element] = {};
        continue;
      }
      out[element] = this.members.has(element) ? { ".": {}, ...sub.toJson() } : sub.toJson();
    }
    return out;
  }

  static fromJson(json: JsonObject | undefined): FieldSet {
    const out = new FieldSet();
    for (const [element, sub] of Object.entries(json ?? {})) {
      if (element === "." || !isObject(sub)) continue;
      const keys = Object.keys(sub);
      if (keys.length === 0 || sub["."] !== undefined) out.members.add(element);
      if (keys.some((k) => k !== ".")) out.children.set(element, FieldSet.fromJson(sub));
    }
    return out;
  }
}

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };
const order = (a: string, b: string): number => {
  const [left, right] = [RANK[a[0] ?? ""] ?? 9, RANK[b[0] ?? ""] ?? 9];
  return left !== right ? left - right : a < b ? -1 : a > b ? 1 : 0;
};

/** The type that a path element leads to. */
export const descend = (type: Type, element: string): Type => {
  if (element.startsWith("f:")) {
    if (type.tag === "struct") return type.fields.get(element.slice(2))?.type ?? { tag: "any" };
    if (type.tag === "dict") return type.of;
    return { tag: "any" };
  }
  return type.tag === "list" ? type.of : { tag: "any" };
};

/** `.spec.template.spec.containers[name="web"].image`, as Kubernetes writes a path. */
export const pathText = (path: readonly string[]): string =>
  path
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith("f:")) return `.${rest}`;
      if (element.startsWith("k:")) {
        const keys = Object.entries(JSON.parse(rest) as Record<string, Json>);
        return `[${keys.map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(",")}]`;
      }
      return element.startsWith("v:") ? `[=${rest}]` : `[${rest}]`;
    })
    .join("");
