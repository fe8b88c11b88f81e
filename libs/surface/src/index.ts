export { Refusal } from "@nopea/deploy";
export { ClusterError, Manifests } from "@nopea/k8s";
export { StoreError } from "@nopea/store";
export * as Deployment from "./Deployment.js";
export { NotFound } from "./NotFound.js";
export * as Operation from "./Operation.js";
export * as Operations from "./Operations.js";
export * as Surface from "./Surface.js";
