/**
 * The book of one cluster while lessons are learnt or taken back: read once, changed in memory,
 * and written once at the end of the transaction, which holds the write lock all the while.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";
import * as Lesson from "../Lesson.js";
import * as Pairs from "../pairs/Pairs.js";
import * as Features from "../risk/Features.js";
import * as Model from "../risk/Model.js";
import * as Prior from "../risk/Prior.js";
import * as Rates from "../risk/Rates.js";
import type { Situation } from "../risk/Situation.js";
import type { Checkpoint } from "./checkpoints.js";
import * as Checkpoints from "./checkpoints.js";
import * as Edges from "./edges.js";
import * as PairRows from "./pairRows.js";
import * as Places from "./places.js";
import {
  changeOf,
  chunked,
  type ClusterRow,
  isAfter,
  type Place,
  type Position,
  positionOf,
  rowsAlike,
  type Told,
  tuples,
  version,
} from "./rows.js";

/** A lesson with what it takes to learn it. */
export interface Prepared<Row extends Told = Told> {
  readonly row: Row;
  readonly situation: Situation;
  readonly slots: Features.Slots;
  /** Where the rates are that it reads and adds to. */
  readonly cells: ReadonlyArray<Cell>;
  /** This service after each of those that it came after, in the situation's order. */
  readonly pairs: ReadonlyArray<PairRows.PairFigures>;
}

/** A rate that is changed in place. */
interface Cell {
  readonly key: string;
  /** Undefined for what was never counted. */
  rate: Rates.Mutable | undefined;
  /** The rate as of the instant that was asked for last. */
  readonly view: Rates.Mutable;
  isChanged: boolean;
}

/** What learning a lesson came to: kept with it, so that it can be taken back. */
export interface Learnt {
  /** What the model gave it before its outcome was known, pairs aside. */
  readonly expected: number;
  /** How much of a failure counts against the service itself; 0 for a success. */
  readonly blame: number;
  /** What the services before it that said most added, by their ids: JSON of `Pairs.Part`s; null for nothing. */
  readonly heard: string | null;
}

interface Counters {
  learnt: number;
  failed: number;
}
interface ServiceCounters extends Counters {
  blamed: number;
  expected: number;
  weight: number;
}

/** What was known before the deploy of this lesson. */
export const situationOf = (row: Told, place: Place): Situation => ({
  service: place.service,
  namespace: place.namespace,
  at: row.started,
  change: changeOf(row),
  bot: row.bot === null ? undefined : row.bot === 1,
  isRevert: row.revert === 1,
  gapMs: row.gap ?? undefined,
  together: row.together === "" ? [] : row.together.split(","),
  lastFailed: [...row.last].map((letter) => letter === "F"),
});

export const weightOf = (row: Told): number =>
  Lesson.weightOf({ failed: row.failed === 1, reason: row.reason ?? undefined });

export class Book {
  readonly #sql: SqlClient;
  readonly #places = new Map<number, Place>();
  readonly #rates = new Map<string, Cell>();
  /** By the service that came after, then by the one before. */
  readonly #pairs = new Map<number, Map<number, PairRows.PairFigures>>();
  readonly #totals = new Map<number, Pairs.Counts>();
  readonly #services = new Map<number, ServiceCounters>();
  readonly #namespaces = new Map<number, Counters>();
  readonly #breaks = new Map<
    string,
    { service: number; reason: string } & Counters & { weight: number }
  >();
  readonly #cluster: Counters;
  readonly #checkpoints = new Map<number, Checkpoint>();
  model: Model.Model;
  /** All lessons up to here are learnt, and none after it. */
  position: Position;

  constructor(
    sql: SqlClient,
    readonly cluster: ClusterRow,
  ) {
    this.#sql = sql;
    this.#cluster = { learnt: cluster.learnt, failed: cluster.failed };
    this.model = Checkpoints.modelOf(cluster.model);
    this.position = positionOf(cluster);
  }

  /**
   * The rates as they stand when an outcome becomes known: a function of the lessons learnt so far
   * alone, whichever were learnt and taken back since.
   */
  #ratesAt(instant: number): Rates.Rates {
    return (key) => {
      const cell = this.#rates.get(key);
      return cell?.rate && Rates.asOf(cell.rate, key, instant, cell.view);
    };
  }

  /** Reads what learning these lessons, or taking them back, needs. */
  prepare<Row extends Told>(rows: ReadonlyArray<Row>) {
    return Effect.gen(this, function* () {
      yield* this.#readPlaces(rows.map(({ service }) => service));
      const cells: Array<Cell> = [];
      const pairs: Array<PairRows.PairFigures> = [];
      const prepared = rows.map((row): Prepared<Row> => {
        const place = this.#places.get(row.service);
        if (place === undefined) throw new Error(`lesson ${row.id} is of no service`);
        const situation = situationOf(row, place);
        const used = [this.#cell(Rates.CLUSTER, cells), this.#cell(Rates.CLUSTER_MONTH, cells)];
        // The strings that are known already: found by their identity from here on.
        const slots = Features.slotsOf(situation).map((key) => {
          if (key === undefined) return undefined;
          const cell = this.#cell(key, cells);
          used.push(cell);
          return cell.key;
        });
        return {
          row,
          situation,
          slots,
          cells: used,
          pairs: this.#pairsOf(row.service, situation.together, pairs),
        };
      });
      // Where nothing is learnt there is nothing to read: a store that begins with many ledgers.
      if (this.cluster.learnt > 0) {
        yield* this.#readRates(cells);
        yield* PairRows.read(this.#sql, pairs);
      }
      yield* this.#readTotals(rows);
      return prepared;
    });
  }

  /** What is not read yet is added to `unread`. */
  #cell(key: string, unread: Array<Cell>): Cell {
    const known = this.#rates.get(key);
    if (known !== undefined) return known;
    const cell = { key, rate: undefined, view: Rates.nothing(), isChanged: false };
    this.#rates.set(key, cell);
    unread.push(cell);
    return cell;
  }

  #pairsOf(
    service: number,
    together: ReadonlyArray<string>,
    unread: Array<PairRows.PairFigures>,
  ): ReadonlyArray<PairRows.PairFigures> {
    const others = at(this.#pairs, service, () => new Map<number, PairRows.PairFigures>());
    return together.map((other) => {
      const before = Number(other);
      const known = others.get(before);
      if (known !== undefined) return known;
      const pair = PairRows.unseen({ before, after: service });
      others.set(before, pair);
      unread.push(pair);
      return pair;
    });
  }

  #readPlaces(ids: ReadonlyArray<number>) {
    const missing = ids.filter((id) => !this.#places.has(id));
    return missing.length === 0
      ? Effect.void
      : Effect.map(Places.byId(this.#sql, missing), (places) => {
          for (const [id, place] of places) this.#places.set(id, place);
        });
  }

  #readRates(missing: ReadonlyArray<Cell>) {
    return Effect.forEach(
      chunked(missing, rowsAlike),
      (cells) =>
        Effect.map(
          readRates(
            this.#sql,
            this.cluster.id,
            cells.map(({ key }) => key),
          ),
          (found) => {
            for (const cell of cells) cell.rate = found.get(cell.key);
          },
        ),
      { discard: true },
    );
  }

  #readTotals(rows: ReadonlyArray<Told>) {
    const missing = new Set<number>();
    for (const { service } of rows) if (!this.#totals.has(service)) missing.add(service);
    return Effect.map(PairRows.totals(this.#sql, missing), (totals) => {
      for (const [id, counts] of totals) this.#totals.set(id, counts);
    });
  }

  /** What each service that this deploy came after would add to its score; only those that do. */
  #partsOf({ row, pairs }: Prepared): ReadonlyArray<Pairs.Part> {
    const all = this.#totals.get(row.service);
    return all === undefined ? [] : PairRows.partsOf(pairs, all);
  }

  /** Adds a lesson to all counts (`sign` 1), or takes it back (-1) as it was added. */
  add(prepared: Prepared, learnt: Learnt, sign: 1 | -1): void {
    const { heard } = learnt;
    this.#add(
      prepared,
      learnt,
      heard === null ? [] : (JSON.parse(heard) as ReadonlyArray<Pairs.Part>),
      sign,
    );
  }

  #add(
    { row, cells, pairs }: Prepared,
    { expected, blame }: Pick<Learnt, "expected" | "blame">,
    heard: ReadonlyArray<Pairs.Part>,
    sign: 1 | -1,
  ): void {
    const weight = weightOf(row);
    const failed = row.failed * sign;
    // What the platform or an operator caused is nothing that a pair could explain.
    const blamed = row.failed === 1 && weight === 1;
    for (const cell of cells) {
      cell.rate = Rates.add(cell.rate, cell.key, row.started, blame, sign * weight, cell.rate);
      cell.isChanged = true;
    }

    const edge = sign * Edges.weightAt(row.started);
    const service = at(this.#services, row.service, () => ({
      learnt: 0,
      failed: 0,
      blamed: 0,
      expected: 0,
      weight: 0,
    }));
    service.learnt += sign;
    service.failed += failed;
    service.blamed += blamed ? sign : 0;
    service.expected += sign * expected;
    service.weight += edge;
    const namespace = at(this.#namespaces, row.namespace, () => ({ learnt: 0, failed: 0 }));
    namespace.learnt += sign;
    namespace.failed += failed;
    this.#cluster.learnt += sign;
    this.#cluster.failed += failed;
    if (row.failed === 1 && row.reason !== null) {
      const { service: id, reason } = { service: row.service, reason: row.reason };
      const broken = at(this.#breaks, `${id} ${reason}`, () => ({
        service: id,
        reason,
        learnt: 0,
        failed: 0,
        weight: 0,
      }));
      broken.failed += sign;
      broken.weight += weight * edge;
    }

    const change = { position: row, blamed, well: row.failed === 0, weight: edge, sign };
    const all = this.#totals.get(row.service);
    if (all !== undefined)
      this.#totals.set(row.service, {
        n: all.n + sign,
        f: all.f + (blamed ? sign : 0),
        e: all.e + sign * expected,
      });
    for (const pair of pairs) {
      const without =
        heard.length === 0 ? expected : Pairs.expectedWithout(String(pair.before), expected, heard);
      PairRows.change(pair, change, without);
    }
  }

  #allPairs(): ReadonlyArray<PairRows.PairFigures> {
    return [...this.#pairs.values()].flatMap((others) => [...others.values()]);
  }

  /** Where runs of good deploys can't be told from the counts, they are counted among the lessons up to here. */
  recount(until: Position) {
    const uncertain = this.#allPairs().filter((pair) => pair.isUncertain);
    return PairRows.recount(this.#sql, uncertain, until);
  }

  /** Learns the next lesson in the order of reveal. */
  learn(prepared: Prepared): Learnt {
    const learnt = this.learnLate(prepared);
    this.position = { revealed: prepared.row.revealed, id: prepared.row.id };
    const count = this.#cluster.learnt;
    if (Checkpoints.isDue(count))
      this.#checkpoints.set(count, { ...this.position, learnt: count, model: this.model });
    return learnt;
  }

  /** Learns a lesson that lies before what is learnt. */
  learnLate(prepared: Prepared): Learnt {
    const { row, situation, slots } = prepared;
    const heard = Pairs.loudest(this.#partsOf(prepared));
    const parts = heard.length > 1 ? heard.slice(0, 1) : heard;
    const rates = this.#ratesAt(row.revealed);
    const failed = row.failed === 1;
    const weight = weightOf(row);
    const x = Features.featuresOf(situation, rates, Prior.shipped.offsets, slots);
    const { alone, probability, model } = Model.reveal(this.model, x, parts, failed, weight);
    this.model = model;
    const learnt = {
      expected: alone,
      // What a pair explains counts against the service only as far as it would have failed anyway.
      blame: failed ? Pairs.blameOf(alone, probability) : 0,
      heard: heard.length === 0 ? null : JSON.stringify(heard),
    };
    this.#add(prepared, learnt, heard, 1);
    return learnt;
  }

  /** Goes back to an earlier state of the model; the lessons since then have been taken back. */
  rewind({ model, revealed, id }: Pick<Checkpoint, "model" | "revealed" | "id">) {
    this.model = model;
    this.position = { revealed, id };
    for (const [count, checkpoint] of this.#checkpoints)
      if (isAfter(checkpoint, this.position)) this.#checkpoints.delete(count);
    return Checkpoints.dropAfter(this.#sql, this.cluster.id, this.position);
  }

  /** Writes all that has changed. */
  close() {
    const sql = this.#sql;
    return Effect.gen(this, function* () {
      const { id } = this.cluster;
      yield* writeRates(sql, id, [...this.#rates.values()]);
      yield* this.#writeCounters();
      const tested = yield* PairRows.write(sql, id, this.#allPairs(), this.#totals);
      const { learnt, failed } = this.#cluster;
      yield* sql`UPDATE memory_clusters SET ${sql.update({
        version,
        learnt,
        failed,
        revealed: this.position.revealed,
        lesson: this.position.id,
        model: Checkpoints.textOf(this.model),
        tested: this.cluster.tested + tested,
      })} WHERE id = ${id}`;
      yield* Checkpoints.write(sql, id, [...this.#checkpoints.values()], learnt);
    });
  }

  #writeCounters() {
    const sql = this.#sql;
    return Effect.gen(this, function* () {
      for (const rows of chunked([...this.#services], rowsAlike))
        yield* sql`WITH d (id, learnt, failed, blamed, expected, weight) AS (VALUES ${tuples(
          sql,
          rows.map(([id, it]) => [id, it.learnt, it.failed, it.blamed, it.expected, it.weight]),
        )})
        UPDATE memory_services SET learnt = memory_services.learnt + d.learnt,
          failed = memory_services.failed + d.failed,
          blamed = memory_services.blamed + d.blamed,
          expected = memory_services.expected + d.expected,
          weight = memory_services.weight + d.weight
        FROM d WHERE memory_services.id = d.id`;
      for (const rows of chunked([...this.#namespaces], rowsAlike))
        yield* sql`WITH d (id, learnt, failed) AS (VALUES ${tuples(
          sql,
          rows.map(([id, it]) => [id, it.learnt, it.failed]),
        )})
        UPDATE memory_namespaces SET learnt = memory_namespaces.learnt + d.learnt,
          failed = memory_namespaces.failed + d.failed
        FROM d WHERE memory_namespaces.id = d.id`;
      for (const rows of chunked([...this.#breaks.values()], rowsAlike)) {
        yield* sql`INSERT INTO memory_breaks ${sql.insert(
          rows.map(({ service, reason, failed, weight }) => ({ service, reason, failed, weight })),
        )} ON CONFLICT (service, reason) DO UPDATE SET
          failed = memory_breaks.failed + excluded.failed,
          weight = memory_breaks.weight + excluded.weight`;
        if (rows.some(({ failed }) => failed < 0))
          yield* sql`DELETE FROM memory_breaks WHERE failed <= 0
            AND ${sql.in("service", [...new Set(rows.map(({ service }) => service))])}`;
      }
    });
  }
}

const at = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

export const readRates = (sql: SqlClient, cluster: number, keys: ReadonlyArray<string>) =>
  Effect.map(
    sql<Rates.Rate & { readonly key: string }>`SELECT key, at, long_n AS "longN",
        long_f AS "longF", short_n AS "shortN", short_f AS "shortF" FROM memory_rates
      WHERE cluster = ${cluster} AND ${sql.in("key", keys)}`,
    (rows): ReadonlyMap<string, Rates.Rate> => new Map(rows.map((row) => [row.key, row])),
  );

/** Less than this much of an outcome is what rounding left of those that were taken back. */
const nothing = 1e-9;

const writeRates = (sql: SqlClient, cluster: number, cells: ReadonlyArray<Cell>) =>
  Effect.gen(function* () {
    const rows: Array<Readonly<Record<string, number | string>>> = [];
    const gone: Array<string> = [];
    for (const { key, rate, isChanged } of cells) {
      if (!isChanged || rate === undefined) continue;
      if (rate.longN < nothing) {
        gone.push(key);
        continue;
      }
      const { at, longN, longF, shortN, shortF } = rate;
      rows.push({
        cluster,
        key,
        at,
        long_n: longN,
        long_f: longF,
        short_n: shortN,
        short_f: shortF,
      });
    }
    for (const some of chunked(rows, rowsAlike))
      yield* sql`INSERT INTO memory_rates ${sql.insert(some)}
        ON CONFLICT (cluster, key) DO UPDATE SET at = excluded.at, long_n = excluded.long_n,
          long_f = excluded.long_f, short_n = excluded.short_n, short_f = excluded.short_f`;
    for (const some of chunked(gone, rowsAlike))
      yield* sql`DELETE FROM memory_rates WHERE cluster = ${cluster} AND ${sql.in("key", some)}`;
  });
