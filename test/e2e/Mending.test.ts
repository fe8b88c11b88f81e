/** What looks like a failure and is none, and what is mended by the next deploy. */
import { expect, it } from "vitest";
import { describeCluster } from "../harness/Cluster.js";
import { outcomes, withTag } from "./reasonCases.js";

describeCluster(
  "what mends",
  (cluster) => {
    it("calls nothing a failure that mends itself", { timeout: 120_000 }, async () => {
      const cases = ["slow", "crashes-twice", "pull-limited", "1.0.0"].map((tag) => {
        const name = `fine-${tag.replaceAll(".", "-")}`;
        return { name, objects: [withTag(name, tag, "first")], reason: "" };
      });
      const answers = await outcomes(cluster, cases);
      expect(
        Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status])),
      ).toEqual(Object.fromEntries(cases.map(({ name }) => [name, "completed"])));
    });

    it("completes a fix that is deployed over a crash loop", { timeout: 120_000 }, async () => {
      const name = "mended";
      const broken = await outcomes(cluster, [
        { name, objects: [withTag(name, "crashes", "first")], reason: "" },
      ]);
      expect(broken[name]?.status).toBe("failed");
      const mended = await outcomes(cluster, [
        { name, objects: [withTag(name, "2.0.0", "first")], reason: "" },
      ]);
      expect(mended[name]).toMatchObject({ status: "completed", verified: true });
    });
  },
  undefined,
  4,
);
