/** Ledgers as a test needs them. */
import type { DeployId, KubeObject, Service, Timestamp } from "@nopea/domain";
import type { Ledger } from "../../src/index.js";

/** The n-th deploy's id: they sort as they count. */
export const id = (n: number): DeployId.DeployId =>
  `01J0000000000000000000${String(n).padStart(4, "0")}` as DeployId.DeployId;

export const time = (n: number): Timestamp.Timestamp =>
  new Date(Date.UTC(2026, 10, 24) + n * 1_000).toISOString() as Timestamp.Timestamp;

export const cluster = "11111111-2222-3333-4444-555555555555" as Service.ClusterId;

export const object = (name: string, uid?: string): KubeObject.ObjectRef => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "shop",
  name,
  ...(uid === undefined ? {} : { uid }),
});

export const entry = (n: number, more: Partial<Ledger.OutcomeEntry> = {}): Ledger.OutcomeEntry => ({
  id: id(n),
  accepted: time(n),
  ended: time(n + 1),
  outcome: "completed",
  strategy: "direct",
  ...more,
});

export const inFlight = (n: number, more: Partial<Ledger.InFlight> = {}): Ledger.InFlight => ({
  id: id(n),
  holder: "host",
  since: time(n),
  deadline: time(n + 3_600),
  left: false,
  record: { name: `nopea-web-${id(n).toLowerCase()}`, parts: 1, digest: "sha256:00" },
  ...more,
});

export const ledger = (more: Partial<Ledger.Ledger> = {}): Ledger.Ledger => ({
  version: 1,
  cluster,
  current: id(1),
  records: [`nopea-web-${id(1).toLowerCase()}-1`],
  inventory: [{ ...object("settings"), uid: "u1", inSet: true }],
  outcomes: [entry(1)],
  ...more,
});
