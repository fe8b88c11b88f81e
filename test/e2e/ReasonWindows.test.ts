/**
 * Reasons that may mend themselves, and end the wait after their window: all at the same time, for
 * the longest of the windows is two minutes. On the real cluster alone; the sandbox's pods are held
 * against it by the contract suite.
 */
import { it } from "vitest";
import { describeCluster } from "../harness/Cluster.js";
import { type Case, everywhere, expectReasons, outcomes } from "./reasonCases.js";

const windowed: ReadonlyArray<Case> = [
  ...everywhere("pull-denied", "image_pull_denied"),
  ...everywhere("bad-config", "container_config_missing"),
  ...everywhere("mount-fails", "volume_unavailable", ["first"]),
];

describeCluster(
  "reasons with a window",
  (cluster) => {
    it("names what does not mend within its window", { timeout: 240_000 }, async () => {
      expectReasons(await outcomes(cluster, windowed, windowed.length), windowed);
    });
  },
  ["real"],
);
