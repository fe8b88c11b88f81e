/** The example program, as someone else would write it, on the sandbox. */
import { afterEach, expect, it, vi } from "vitest";
import { run } from "../../examples/library/deploy.js";
import { describeCluster } from "../harness/Cluster.js";
import { configMap, folder, yaml } from "./support.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

describeCluster(
  "the example program",
  (cluster) => {
    it("deploys, and sees its attempts", async () => {
      vi.stubEnv("KUBECONFIG", cluster.kubeconfig);
      vi.stubEnv("NOPEA_STATE", folder());
      vi.stubEnv("NOPEA_NAMESPACE", cluster.namespace);
      const set = folder({ "web.yaml": yaml(configMap("web")) });
      const first = await run(set, "web");
      expect(first).toMatchObject({ status: { _tag: "Some", value: "completed" }, attempts: 1 });
      const again = await run(set, "web");
      expect(again).toMatchObject({ status: { _tag: "Some", value: "completed" }, attempts: 2 });
    });
  },
  ["sandbox"],
);
