export type { ApiResource } from "./connection/ApiResource.js";
export * as Cluster from "./connection/Cluster.js";
export * as ClusterError from "./connection/ClusterError.js";
export * as Clusters from "./connection/Clusters.js";
export type { WatchEvent } from "./connection/Watch.js";

export * as Manifests from "./documents/Manifests.js";
export * as ManifestSet from "./documents/ManifestSet.js";
export * as Marks from "./documents/Marks.js";
export * as Ordering from "./documents/Ordering.js";

export * as FieldSet from "./fields/FieldSet.js";
export * as ThreeWay from "./fields/ThreeWay.js";

export * as Applier from "./planning/Applier.js";
export * as Change from "./planning/Change.js";
export * as ConfigReaders from "./planning/ConfigReaders.js";
export { inLanes } from "./planning/lanes.js";
export * as Planner from "./planning/Planner.js";

export * as History from "./history/History.js";

export * as Leases from "./leases/Leases.js";
export * as ProcessIdentity from "./leases/ProcessIdentity.js";

export * as Waiter from "./waiting/Waiter.js";
