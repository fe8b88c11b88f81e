export * as Deployer from "./Deployer.js";
export * as Refusal from "./Refusal.js";
