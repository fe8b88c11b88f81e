/** The room's services, wired: what is left to ask for is the store's, memory's and the cluster's. */
import type { Leases, ProcessIdentity } from "@nopea/k8s";
import type { Memory } from "@nopea/memory";
import type { Deploys, SecretDigest, Spool, Store } from "@nopea/store";
import { Layer } from "effect";
import * as Deployer from "./Deployer.js";
import * as Inspection from "./Inspection.js";
import * as Intake from "./Intake.js";
import * as Outcomes from "./Outcomes.js";
import * as Recovery from "./Recovery.js";

export type Needs =
  | Store.Store
  | Memory.Memory
  | Deploys.Deploys
  | Spool.Spool
  | SecretDigest.SecretDigest
  | Leases.Leases
  | ProcessIdentity.ProcessIdentity;

export type Services =
  Deployer.Deployer | Inspection.Inspector | Intake.Intake | Outcomes.Outcomes | Recovery.Recovery;

export const layer: Layer.Layer<Services, never, Needs> = Layer.mergeAll(
  Deployer.layer,
  Inspection.layer,
  Intake.layer,
).pipe(Layer.provideMerge(Recovery.layer), Layer.provideMerge(Outcomes.layer));
