/**
 * Reasons that may mend themselves, and end the wait after their window: on the real cluster alone;
 * the sandbox's pods are held against it by the contract suite. The windows that are the longest are
 * set shorter, as a user would, in `nopea.yaml`.
 */
import { expect, it } from "vitest";
import { describeCluster } from "../harness/Cluster.js";
import { type Case, everywhere, expectReasons, outcomes } from "./reasonCases.js";
import { folder } from "./support.js";

const asTheyAre: ReadonlyArray<Case> = [
  ...everywhere("pull-denied", "image_pull_denied"),
  ...everywhere("bad-config", "container_config_missing", ["first"]),
];

const windows = { container_config_missing: "4s", volume_unavailable: "4s", probe_failing: "4s" };
const asSet: ReadonlyArray<Case> = [
  ...everywhere("bad-config", "container_config_missing"),
  ...everywhere("mount-fails", "volume_unavailable", ["first"]),
  ...everywhere("never-ready", "probe_failing", ["second"]),
];

describeCluster(
  "reasons with a window",
  (cluster) => {
    it("names what does not mend within its window", async () => {
      expectReasons(await outcomes(cluster, asTheyAre), asTheyAre);
    });

    it("takes the windows of nopea.yaml", async () => {
      const cwd = folder({ "nopea.yaml": JSON.stringify({ windows }) });
      const answers = await outcomes(cluster, asSet, { cwd });
      expectReasons(answers, asSet);
      // Less than the shortest of the defaults.
      for (const { duration_ms } of Object.values(answers)) {
        expect(duration_ms).toBeGreaterThan(4_000);
        expect(duration_ms).toBeLessThan(30_000);
      }
    });
  },
  ["real"],
);
