/**
 * What memory makes of a service's deploys, as a user meets it: failures raise its risk and say
 * why, successes lower it, an empty disk says the same, what is forgotten is forgotten everywhere,
 * and the same name elsewhere is another service.
 */
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { configMap, deployment, folder, session, yaml } from "./support.js";

let releases = 0;
/** Each is a new one, with new pods. */
const deploy = (image: string) => {
  releases += 1;
  const web = deployment("web", image);
  const [container] = web.spec.template.spec.containers;
  Object.assign(container ?? {}, { env: [{ name: "RELEASE", value: `${releases}` }] });
  return ["deploy", "-f", folder({ "set.yaml": yaml(configMap("settings"), web) }), "-s", "web"];
};
const good = (n: number) => `registry.example/web:1.${n}.0`;
const bad = "registry.example/web:pull-fails";

/** Of what is said, all but how long ago things were. */
const said = (context: Json) => ({
  known: context.known,
  probability: context.risk.probability.toFixed(2),
  based_on: context.risk.based_on,
  patterns: context.failure_patterns.map(({ error, observations }: Json) => [error, observations]),
  outcomes: context.last_outcomes.map(({ deploy_id, outcome }: Json) => [deploy_id, outcome]),
});

describeCluster(
  "memory",
  (cluster) => {
    it("learns from failures and successes, and says the same on an empty disk", async () => {
      const { json, run } = session(cluster);
      const first = await json(["context", "web"]);
      expect(first.code).toBe(0);
      expect(first.answer).toMatchObject({ known: false, failure_patterns: [], last_outcomes: [] });
      expect(first.answer.risk.probability).toBeGreaterThan(0.005);
      expect(first.answer.risk.probability).toBeLessThan(0.15);

      expect((await run(deploy(good(0)))).code).toBe(0);
      for (const _ of [1, 2, 3]) {
        const failed = await run(deploy(bad));
        expect(failed.code).toBe(1);
      }
      const broken = (await json(["context", "web"])).answer;
      expect(broken.risk.probability).toBeGreaterThan(0.15);
      expect(broken.risk.drivers.map(({ text }: Json) => text).join()).toContain(
        "3 of the last 4 failed, all image_not_found",
      );
      expect(broken.failure_patterns[0]).toMatchObject({
        error: "image_not_found",
        observations: 3,
      });
      expect(broken.recommendations.length).toBeGreaterThan(0);

      const wanted = (await json(["explain", "web"])).answer;
      expect(wanted).toMatchObject({
        strategy: "direct",
        choice: { rule: "learnt", wanted: "canary", threshold: 0.15 },
      });
      const fix = await json(deploy(good(1)));
      expect(fix.answer).toMatchObject({
        status: "completed",
        strategy: "direct",
        choice: { rule: "learnt", wanted: "canary" },
      });
      expect(fix.answer.risk.probability).toBeGreaterThan(0.15);
      expect(fix.answer.warnings.join()).toContain("Argo Rollouts");

      const after = (await json(["context", "web"])).answer;
      expect(after.risk.probability).toBeLessThan(broken.risk.probability);
      expect(after.failure_patterns[0].confidence).toBeLessThan(
        broken.failure_patterns[0].confidence,
      );

      const elsewhere = (await session(cluster).json(["context", "web"])).answer;
      expect(said(elsewhere)).toEqual(said(after));
    });

    it("says the figures that add up to the risk", async () => {
      const { json, run } = session(cluster);
      for (const image of [good(0), bad, good(1)]) await run(deploy(image));
      const { risk } = (await json(["context", "web"])).answer;
      const sum = risk.drivers.reduce((total: number, { log_odds }: Json) => total + log_odds, 0);
      expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(risk.probability, 9);
    });

    it("forgets on every machine what is forgotten on one", async () => {
      const [here, there] = [session(cluster), session(cluster)];
      for (const image of [good(0), bad]) await here.run(deploy(image));
      expect((await there.json(["context", "web"])).answer.known).toBe(true);
      expect((await here.run(["memory", "forget", "web"])).code).toBe(2);
      const forgot = await here.json(["memory", "forget", "web", "--yes"]);
      expect(forgot.answer).toMatchObject({ service: "web", forgotten: 2 });
      for (const { json } of [here, there, session(cluster)]) {
        expect((await json(["context", "web"])).answer).toMatchObject({
          known: false,
          failure_patterns: [],
          risk: { based_on: { service: 0 } },
        });
        expect((await json(["history", "web"])).answer.deployments).toHaveLength(2);
      }
      await here.run(deploy(good(2)));
      expect((await there.json(["context", "web"])).answer.risk.based_on.service).toBe(1);
      expect((await here.run(["memory", "forget", "never-deployed", "--yes"])).code).toBe(3);
    });

    it("does not learn from what changes nothing", async () => {
      const { json, run } = session(cluster);
      const same = deploy(good(0));
      for (const _ of [1, 2, 3]) expect((await run(same)).code).toBe(0);
      expect((await json(["context", "web"])).answer.risk.based_on.service).toBe(1);
      expect((await json(["memory"])).answer).toMatchObject({
        health: "ok",
        lessons: 1,
        services: 1,
      });
    });
  },
  "either",
);
