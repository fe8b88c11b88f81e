/** A deploy from a program: `node deploy.js path/to/manifests`. */
import { NodeContext, NodeHttpClient, NodeRuntime } from "@effect/platform-node";
