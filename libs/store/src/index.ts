export * as DeployRow from "./DeployRow.js";
export * as Deploys from "./Deploys.js";
export * as StoreError from "./StoreError.js";
