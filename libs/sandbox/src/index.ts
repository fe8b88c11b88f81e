export { startSandbox, type Sandbox, type SandboxOptions, type SandboxUser } from "./Sandbox.js";
export type { Deny } from "./http/Access.js";
