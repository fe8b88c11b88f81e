/**
 * What memory learns from and what it has learnt. `memory_lessons` is the source: one neutral row
 * per deploy that taught something; every other figure here can be made again from it. Clusters,
 * namespaces and services have small integer ids, so that renaming a cluster is one row, and
 * lessons are small. The tables and their columns are described in libs/memory/README.md.
 */
import type { Migration } from "./Migration.js";

const dialects = {
  sqlite: { serial: "INTEGER PRIMARY KEY", real: "REAL", clustered: " WITHOUT ROWID" },
  pg: {
    serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    real: "DOUBLE PRECISION",
    clustered: "",
  },
};

const statements = ({ serial, real, clustered }: (typeof dialects)["sqlite" | "pg"]) => [
  `ALTER TABLE deploys ADD COLUMN learned INTEGER NOT NULL DEFAULT 0`,
  `CREATE INDEX deploys_unlearned ON deploys (ended_at, id)
    WHERE learned = 0 AND state = 'ended' AND unchanged = 0`,
  `CREATE TABLE memory_clusters (
    id ${serial},
    cluster TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    learnt BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    revealed BIGINT NOT NULL,
    lesson TEXT NOT NULL,
    model TEXT NOT NULL,
    tested BIGINT NOT NULL
  )`,
  `CREATE TABLE memory_namespaces (
    id ${serial},
    cluster BIGINT NOT NULL,
    namespace TEXT NOT NULL,
    learnt BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    UNIQUE (cluster, namespace)
  )`,
  `CREATE TABLE memory_services (
    id ${serial},
    namespace BIGINT NOT NULL,
    service TEXT NOT NULL,
    learn_after TEXT,
    learnt BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    blamed BIGINT NOT NULL,
    expected ${real} NOT NULL,
    weight ${real} NOT NULL,
    UNIQUE (namespace, service)
  )`,
  `CREATE TABLE memory_lessons (
    seq ${serial},
    cluster BIGINT NOT NULL,
    id TEXT NOT NULL,
    namespace BIGINT NOT NULL,
    service BIGINT NOT NULL,
    started BIGINT NOT NULL,
    revealed BIGINT NOT NULL,
    failed INTEGER NOT NULL,
    reason TEXT,
    kind TEXT,
    semver TEXT,
    objects BIGINT,
    lines BIGINT,
    strategy TEXT NOT NULL,
    bot INTEGER,
    revert INTEGER NOT NULL,
    source TEXT NOT NULL,
    gap BIGINT,
    together TEXT,
    last TEXT,
    expected ${real},
    blame ${real},
    heard TEXT,
    UNIQUE (cluster, id)
  )`,
  `CREATE INDEX memory_lessons_revealed ON memory_lessons (cluster, revealed, id)`,
  `CREATE INDEX memory_lessons_service ON memory_lessons (service, started, bot, failed)`,
  `CREATE INDEX memory_lessons_outcomes ON memory_lessons (service, revealed, id)`,
  `CREATE INDEX memory_lessons_namespace ON memory_lessons (namespace, started)`,
  `CREATE INDEX memory_lessons_failed ON memory_lessons (service, reason, started)
    WHERE failed = 1`,
  `CREATE TABLE memory_rates (
    cluster BIGINT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    long_n ${real} NOT NULL,
    long_f ${real} NOT NULL,
    short_n ${real} NOT NULL,
    short_f ${real} NOT NULL,
    PRIMARY KEY (cluster, key)
  )${clustered}`,
  `CREATE TABLE memory_models (
    cluster BIGINT NOT NULL,
    revealed BIGINT NOT NULL,
    lesson TEXT NOT NULL,
    learnt BIGINT NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (cluster, revealed, lesson)
  )`,
  `CREATE TABLE memory_pairs (
    cluster BIGINT NOT NULL,
    after BIGINT NOT NULL,
    before BIGINT NOT NULL,
    learnt BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    expected ${real} NOT NULL,
    weight ${real} NOT NULL,
    well_since BIGINT NOT NULL,
    failed_revealed BIGINT,
    failed_lesson TEXT,
    chance ${real},
    PRIMARY KEY (after, before)
  )${clustered}`,
  `CREATE INDEX memory_pairs_before ON memory_pairs (before, after)`,
  `CREATE INDEX memory_pairs_chance ON memory_pairs (cluster, chance) WHERE chance IS NOT NULL`,
  `CREATE TABLE memory_breaks (
    service BIGINT NOT NULL,
    reason TEXT NOT NULL,
    failed BIGINT NOT NULL,
    weight ${real} NOT NULL,
    PRIMARY KEY (service, reason)
  )${clustered}`,
  `CREATE INDEX memory_breaks_reason ON memory_breaks (reason, service)`,
];

export const memoryLessons: Migration = {
  version: 2,
  name: "memory_lessons",
  statements: (dialect) => statements(dialects[dialect]),
};
