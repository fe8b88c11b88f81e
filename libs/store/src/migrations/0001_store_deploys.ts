/**
 * The first tables. A deploy's JSON columns (`change`, `who`, `result`) are what `DeployRow`
 * encodes; `seq` is the order of the queue; `services` counts, so that a list of services
 * doesn't read every deploy.
 */
import type { Migration } from "./Migration.js";

const dialects = {
  sqlite: { serial: "INTEGER PRIMARY KEY AUTOINCREMENT", bytes: "BLOB" },
  pg: { serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", bytes: "BYTEA" },
};

const ref = "cluster TEXT NOT NULL, namespace TEXT NOT NULL, service TEXT NOT NULL";

const statements = ({ serial, bytes }: { readonly serial: string; readonly bytes: string }) => [
  `CREATE TABLE deploys (
    seq ${serial},
    id TEXT NOT NULL UNIQUE,
    ${ref},
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    owner TEXT NOT NULL,
    strategy TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT,
    reason TEXT,
    restored INTEGER,
    rollback_of TEXT,
    unchanged INTEGER NOT NULL,
    change TEXT,
    who TEXT,
    digest TEXT,
    result TEXT
  )`,
  `CREATE INDEX deploys_history ON deploys (cluster, namespace, service, id)
    WHERE state <> 'refused'`,
  `CREATE INDEX deploys_open ON deploys (cluster, namespace, service, seq)
    WHERE state IN ('accepted', 'running', 'settling')`,
  `CREATE TABLE services (
    ${ref},
    deploys INTEGER NOT NULL,
    PRIMARY KEY (cluster, namespace, service)
  )`,
  `CREATE TABLE progress (
    deploy TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (deploy, seq)
  )`,
  `CREATE TABLE ledger_copies (
    ${ref},
    resource_version TEXT NOT NULL,
    ledger TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (cluster, namespace, service)
  )`,
  `CREATE TABLE last_applied (
    ${ref},
    objects ${bytes} NOT NULL,
    PRIMARY KEY (cluster, namespace, service)
  )`,
  `CREATE TABLE clusters (
    server TEXT NOT NULL,
    fallback_id TEXT NOT NULL,
    id TEXT NOT NULL,
    context_name TEXT NOT NULL,
    PRIMARY KEY (server, fallback_id)
  )`,
];

export const storeDeploys: Migration = {
  version: 1,
  name: "store_deploys",
  statements: (dialect) => statements(dialects[dialect]),
};
