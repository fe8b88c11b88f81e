/**
 * Context and explain on a machine that has no store to be had: the state folder is none, or the
 * native module isn't there. What the cluster remembers is said all the same.
 */
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { binary } from "../harness/Nopea.js";
import { folder, session, set, web } from "./support.js";

/** The command line as it is installed without its optional dependency. */
const withoutModule = (): string => {
  const built = dirname(dirname(binary));
  const copy = folder();
  for (const part of ["bin", "dist", "package.json"]) {
    cpSync(join(built, part), join(copy, part), { recursive: true });
  }
  return join(copy, "bin", "nopea.cjs");
};

/** Two deploys that went well, then two that failed alike, by a machine that has a store. */
const remembered = async (cluster: Cluster) => {
  const { run } = session(cluster);
  for (const image of ["web:1.0.0", "web:1.1.0", "web:bad-name", "shop:bad-name"]) {
    const ran = await run(["deploy", "-f", set(web(`example.org/${image}`)), "-s", "web"]);
    expect(ran.code, ran.stderr).toBe(image.endsWith("bad-name") ? 1 : 0);
  }
};

const logOdds = ({ probability, drivers }: Json) => [
  drivers.reduce((sum: number, each: Json) => sum + each.log_odds, 0),
  Math.log(probability / (1 - probability)),
];

/** Nobody may make a folder there, root neither. */
const nowhere = () => join(folder({ taken: "a file" }), "taken");

describeCluster(
  "without a store",
  (cluster) => {
    const withoutFolder = () => ({ env: { NOPEA_STATE: nowhere() } });

    it("is told from the ledgers what an empty state folder would say", async () => {
      await remembered(cluster);
      const { json, run } = session(cluster);
      const { answer: fresh } = await json(["context", "web"]);
      const noFolder = withoutFolder();
      const noModule = { binary: withoutModule() };

      const ofNamespace = await json(["context", "web"], noFolder);
      expect(ofNamespace.code, ofNamespace.stdout).toBe(0);
      const { degraded, warnings, risk, ...said } = ofNamespace.answer;
      expect(degraded).toEqual(["memory"]);
      expect(warnings).toHaveLength(2);
      expect(warnings[0]).toMatch(/^the store .*nopea\.db can't be used: /);
      expect(warnings[1]).toBe(`answered from the ledgers of ${cluster.namespace} alone`);
      expect(said).toMatchObject({
        known: true,
        last_outcomes: fresh.last_outcomes,
        dependencies: [],
      });
      expect(said.failure_patterns.map(({ error }: Json) => error)).toEqual(
        fresh.failure_patterns.map(({ error }: Json) => error),
      );
      expect(risk.based_on).toEqual({ service: 4, namespace: 4, cluster: 4 });
      expect(risk.probability).toBeCloseTo(fresh.risk.probability, 3);

      const ofLedger = await json(["context", "web"], noModule);
      expect(ofLedger.code, ofLedger.stdout).toBe(0);
      const { answer } = ofLedger;
      expect(answer.degraded).toEqual(["memory"]);
      expect(answer.warnings[0]).toContain("better-sqlite3");
      expect(answer.warnings[1]).toBe("answered from the ledger of web alone");
      expect(answer.last_outcomes).toEqual(fresh.last_outcomes);
      expect(answer.risk.based_on.service).toBe(4);
      // The only service of its cluster: nothing that others' deploys could tell is lacking.
      expect(answer.risk.probability).toBeCloseTo(fresh.risk.probability, 3);
      const [sum, whole] = logOdds(answer.risk);
      expect(sum).toBeCloseTo(whole ?? NaN, 9);
      expect(answer.failure_patterns).toHaveLength(1);
      for (const [index, pattern] of answer.failure_patterns.entries()) {
        const other = fresh.failure_patterns[index];
        expect(pattern.error).toBe(other.error);
        expect(pattern.confidence).toBeCloseTo(other.confidence, 3);
        expect(pattern.evidence).toEqual(other.evidence);
      }
      const text = await run(["context", "web"], noModule);
      expect(text.stdout).toContain("2 of the 4 deploys in its ledger failed");
      expect(text.stdout).not.toContain("no other service");

      const services = await json(["services"], noFolder);
      expect(services.code, services.stdout).toBe(0);
      expect(services.answer).toMatchObject({
        services: [{ service: "web", deploys: 4, status: "failed" }],
        degraded: ["memory"],
      });
    });

    it("explains what a deploy then does", async () => {
      await remembered(cluster);
      const { json } = session(cluster);
      for (const [image, options] of [
        ["web:1.2.0", withoutFolder()],
        ["web:1.3.0", { binary: withoutModule() }],
      ] as const) {
        const explained = await json(["explain", "web"], options);
        expect(explained.code, explained.stdout).toBe(0);
        expect(explained.answer).toMatchObject({
          known: true,
          strategy: "direct",
          choice: { rule: "learnt" },
          degraded: ["memory"],
        });
        expect(explained.answer.risk.probability).toBeGreaterThan(0.15);
        const path = set(web(`example.org/${image}`));
        const judged = await json(["explain", "web", "-f", path], options);
        expect(judged.answer).toMatchObject({ strategy: "direct", degraded: ["memory"] });
        expect(judged.answer.choice.rule).toBe("learnt");
        const deployed = await json(["deploy", "-f", path, "-s", "web"], options);
        expect(deployed.code, deployed.stdout).toBe(0);
        expect(deployed.answer.choice).toEqual(judged.answer.choice);
        expect(deployed.answer.risk.probability).toBeCloseTo(judged.answer.risk.probability, 3);
      }
    });

    it("forget goes into the ledger, where every machine finds it", async () => {
      await remembered(cluster);
      const { json } = session(cluster);
      const options = { binary: withoutModule() };
      const forgot = await json(["memory", "forget", "web", "--yes"], options);
      expect(forgot.code, forgot.stdout).toBe(0);
      expect(forgot.answer).toMatchObject({ forgotten: 4, degraded: ["memory"] });
      for (const at of [options, {}]) {
        const { answer } = await json(["context", "web"], at);
        expect(answer).toMatchObject({
          known: false,
          last_outcomes: [],
          learn_after: forgot.answer.learn_after,
        });
      }
    });

    it("what has no cluster to ask either fails by name", async () => {
      const { json } = session(cluster);
      const ran = await json(["context", "web", "--offline"], withoutFolder());
      expect(ran.code).toBe(4);
      expect(ran.answer.code).toBe("store_unavailable");
    });

    it("leaves what waits in the spool where it is", async () => {
      await remembered(cluster);
      const { json, state } = session(cluster);
      mkdirSync(state, { recursive: true });
      const options = { binary: withoutModule() };
      const deployed = await json(
        ["deploy", "-f", set(web("example.org/web:1.2.0")), "-s", "web"],
        options,
      );
      expect(deployed.answer.degraded).toEqual(["memory"]);
      const waiting = readdirSync(join(state, "spool"));
      const ran = await json(["context", "web"], options);
      expect(ran.answer.last_outcomes[0].deploy_id).toBe(deployed.answer.deploy_id);
      expect(readdirSync(join(state, "spool"))).toEqual(waiting);
      expect(waiting).toHaveLength(1);
    });
  },
  ["sandbox"],
);
