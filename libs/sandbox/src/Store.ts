/**
 * The objects, their resource versions, and the history that watches read. Every write gets the
 * next version and one event; what is stored is never changed in place.
 */
import type { KubeObject } from "./Json.js";
import type { Resource } from "./schema/Resources.js";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";
export interface Change {
  readonly type: EventType;
  readonly version: number;
  readonly object: KubeObject;
  /** What it was before: a selector may have matched that. */
  readonly before?: KubeObject;
}
export type Listener = (change: Change, resource: Resource) => void;

interface Table {
  readonly objects: Map<string, KubeObject>;
  history: Change[];
  readonly listeners: Set<Listener>;
}
/** As many events as a watch can go back to. */
const HISTORY = 20_000;

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
/** One table for all versions of a resource. */
const tableOf = (r: Resource): string => `${r.group}/${r.plural}`;

export class Store {
  private version = 100;
  /** Watches from before this version are answered 410. */
  private floor = 0;
  private readonly tables = new Map<string, Table>();
  private readonly everyone = new Set<Listener>();

  get current(): number {
    return this.version;
  }
  get oldest(): number {
    return this.floor;
  }

  private table(resource: Resource): Table {
    const key = tableOf(resource);
    let table = this.tables.get(key);
    if (!table)
      this.tables.set(key, (table = { objects: new Map(), history: [], listeners: new Set() }));
    return table;
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.table(resource).objects.get(keyOf(namespace, name));
  }

  /** In the order of namespace and name, as etcd's keys are. */
  list(resource: Resource, namespace?: string): KubeObject[] {
    const all = this.table(resource).objects;
    const keys = [...all.keys()];
    const mine = namespace === undefined ? keys : keys.filter((k) => k.startsWith(`${namespace}/`));
    return mine.sort().flatMap((k) => all.get(k) ?? []);
  }
  /** The same, in no order. */
  values(resource: Resource): Iterable<KubeObject> {
    return this.table(resource).objects.values();
  }

  /** Creates or replaces; the stored object carries the new version. */
  put(resource: Resource, object: KubeObject): KubeObject {
    const table = this.table(resource);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = table.objects.get(key);
    const version = ++this.version;
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    };
    table.objects.set(key, stored);
    this.tell(
      resource,
      table,
      before
        ? { type: "MODIFIED", version, object: stored, before }
        : { type: "ADDED", version, object: stored },
    );
    return stored;
  }

  delete(resource: Resource, object: KubeObject): KubeObject {
    const table = this.table(resource);
    const version = ++this.version;
    table.objects.delete(keyOf(object.metadata.namespace, object.metadata.name));
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.tell(resource, table, { type: "DELETED", version, object: last, before: object });
    return last;
  }

  private tell(resource: Resource, table: Table, change: Change): void {
    table.history.push(change);
    if (table.history.length > HISTORY * 1.5) {
      table.history = table.history.slice(-HISTORY);
      this.floor = Math.max(this.floor, (table.history[0]?.version ?? 1) - 1);
    }
    for (const listener of [...table.listeners]) listener(change, resource);
    for (const listener of this.everyone) listener(change, resource);
  }

  since(resource: Resource, version: number): Change[] {
    const { history } = this.table(resource);
    let first = history.length;
    while (first > 0 && (history[first - 1]?.version ?? 0) > version) first--;
    return history.slice(first);
  }

  watch(resource: Resource, listener: Listener): () => void {
    const { listeners } = this.table(resource);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
  watchAll(listener: Listener): void {
    this.everyone.add(listener);
  }

  /** Forgets the history: a watch from any earlier version is then answered 410. */
  compact(): void {
    this.floor = ++this.version;
    for (const table of this.tables.values()) table.history = [];
  }
}
