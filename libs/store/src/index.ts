export * as DeployRow from "./DeployRow.js";
export * as Deploys from "./Deploys.js";
export * as Restoration from "./Restoration.js";
export * as SecretDigest from "./SecretDigest.js";
export * as Spool from "./Spool.js";
export * as Store from "./Store.js";
export * as StoreError from "./StoreError.js";
