/** The room's services, wired: what is left to ask for is the store's and the cluster's. */
import type { Leases, ProcessIdentity } from "@nopea/k8s";
import type { Deploys, SecretDigest, Spool } from "@nopea/store";
import { Layer } from "effect";
import * as Deployer from "./Deployer.js";
import * as Outcomes from "./Outcomes.js";
import * as Recovery from "./Recovery.js";

export type Needs =
  | Deploys.Deploys
  | Spool.Spool
  | SecretDigest.SecretDigest
  | Leases.Leases
  | ProcessIdentity.ProcessIdentity;

export const layer: Layer.Layer<
  Deployer.Deployer | Outcomes.Outcomes | Recovery.Recovery,
  never,
  Needs
> = Deployer.layer.pipe(Layer.provideMerge(Recovery.layer), Layer.provideMerge(Outcomes.layer));
