/**
 * Every way to fail that the test-bed's pods know, named by the built CLI: in the first, the
 * second and an init container. Each deploy has a service of its own, so that all of them wait at
 * the same time.
 */
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { type Case, everywhere, expectReasons, outcomes } from "./reasonCases.js";
import { deployment } from "./support.js";

const job = (name: string): Json => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "app", image: "example/app:job-fails" }],
      },
    },
  },
});

const terminal: ReadonlyArray<Case> = [
  ...everywhere("pull-fails", "image_not_found"),
  ...everywhere("bad-name", "image_reference_invalid"),
  ...everywhere("start-fails", "container_start_failed"),
  ...everywhere("crashes", "crash_loop"),
  ...everywhere("oom", "out_of_memory"),
  { name: "job", objects: [job("job")], reason: "job_failed" },
];

const atTheEnd: ReadonlyArray<Case> = [
  ...everywhere("never-ready", "probe_failing", ["first", "second"]),
  ...everywhere("killed-by-probe", "probe_failing", ["first"]),
  {
    name: "large",
    objects: [
      (() => {
        const object: Json = deployment("large", "example/app:1.0.0");
        object.spec.template.spec.containers[0].resources = { requests: { cpu: "100" } };
        return object;
      })(),
    ],
    reason: "unschedulable",
  },
].map((item) => ({ ...item, flags: ["--timeout", "6s"] }));

describeCluster(
  "reasons",
  (cluster) => {
    it(
      "names what waiting can't mend, wherever the container stands",
      { timeout: 200_000 },
      async () => {
        const answers = await outcomes(cluster, terminal);
        expectReasons(answers, terminal);
        const logs = answers["crashes-second"]?.error.evidence.filter(
          (item: Json) => item.kind === "log",
        );
        expect(JSON.stringify(logs)).toContain("cannot connect to database db:5432");
      },
    );

    it("names the cause that stood when the time was over", { timeout: 120_000 }, async () => {
      expectReasons(await outcomes(cluster, atTheEnd), atTheEnd);
    });
  },
  undefined,
  4,
);
