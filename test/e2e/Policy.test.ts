/**
 * The policy of `nopea.yaml`, as a user meets it: a deploy in a freeze window is refused unless it
 * is overridden, which is on record; a policy that can't be read stops every deploy; a strategy
 * that can't be carried out touches nothing.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { describeCluster } from "../harness/Cluster.js";
import { configMap, deployment, folder, madeIn, session, yaml } from "./support.js";

/** Open whenever this runs. */
const always = {
  name: "no deploys",
  schedule: "0 0 * * *",
  duration: "48h",
  time_zone: "Asia/Kolkata",
};

/** A folder with the documents and a `nopea.yaml`; JSON is YAML. */
const shop = (policy: unknown, ...documents: ReadonlyArray<unknown>) =>
  folder({ "nopea.yaml": JSON.stringify({ policy }), "set/a.yaml": yaml(...documents) });

const deploy = ["deploy", "-f", "set", "-s", "web"];

describeCluster(
  "the policy",
  (cluster) => {
    it("refuses a deploy in a freeze window and touches nothing", async () => {
      const { json, run } = session(cluster);
      const cwd = shop(
        { namespaces: { [cluster.namespace]: { freeze: [always] } } },
        configMap("settings"),
      );
      const { code, answer } = await json(deploy, { cwd });
      expect(code).toBe(4);
      expect(answer).toMatchObject({ error: "freeze_window", code: "freeze_window" });
      expect(answer.message).toContain('"no deploys"');
      expect(answer.message).toContain(`policy.namespaces.${cluster.namespace}.freeze[0]`);
      expect(answer.message).toContain("Asia/Kolkata");
      expect(answer.advice).toContain("--override-freeze");
      expect(await madeIn(cluster)).toEqual([]);

      const dry = await json(["diff", "-f", "set", "-s", "web"], { cwd });
      expect(dry.code).toBe(1);
      expect(dry.answer.warnings.join()).toMatch(/would be refused now.*"no deploys"/);
      expect((await run(["status", "web"], { cwd })).code).toBe(3);
    });

    it("deploys all the same where that is asked for, and records it", async () => {
      const { json } = session(cluster);
      const cwd = shop({ freeze: [always] }, configMap("settings"));
      const { code, answer } = await json([...deploy, "--override-freeze"], { cwd });
      expect(code).toBe(0);
      expect(answer).toMatchObject({
        override_freeze: true,
        strategy: "direct",
        choice: { rule: "default", threshold: 0.15 },
      });
      expect(answer.who.name).toBeTruthy();
      expect(answer.warnings.join()).toContain(`overridden by ${answer.who.name}`);

      const secrets = await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}/secrets`);
      const [record] = secrets.body.items;
      const section = (name: string) =>
        JSON.parse(gunzipSync(Buffer.from(record.data[`${name}.gz`], "base64")).toString());
      expect(section("set")).toMatchObject({ override_freeze: true, who: answer.who });
      expect(section("result").result).toMatchObject({ override_freeze: true });

      // Where there is nothing to override, there is nothing to record.
      const open = shop({}, configMap("settings", { a: "2" }));
      const later = await json([...deploy, "--override-freeze"], { cwd: open });
      expect(later.code).toBe(0);
      expect(later.answer.override_freeze).toBeUndefined();
    });

    it("refuses every deploy by a policy that can't be read, and names the key", async () => {
      const { json } = session(cluster);
      const cwd = shop(
        { namespaces: { prod: { freeze: [always, { ...always, time_zone: "Mars/Base" }] } } },
        configMap("settings"),
      );
      const bad = await json(deploy, { cwd });
      expect(bad.code).toBe(2);
      expect(bad.answer).toMatchObject({ code: "bad_input" });
      expect(bad.answer.message).toContain(join(cwd, "nopea.yaml"));
      expect(bad.answer.message).toContain("policy.namespaces.prod.freeze[1].time_zone");

      const overlapping = { services: { web: { freeze: [always, always] } } };
      writeFileSync(join(cwd, "nopea.yaml"), JSON.stringify({ policy: overlapping }));
      const overlap = await json(deploy, { cwd });
      expect(overlap.code).toBe(2);
      expect(overlap.answer.message).toContain("policy.services.web.freeze[1]: overlaps");
      expect(await madeIn(cluster)).toEqual([]);
    });

    it("refuses a strategy of the policy that nothing can carry out, and touches nothing", async () => {
      const { json } = session(cluster);
      const cwd = shop({ services: { web: { strategy: "canary" } } }, deployment("web", "web:v1"));
      const { code, answer } = await json(deploy, { cwd });
      expect(code).toBe(4);
      expect(answer).toMatchObject({ code: "refused", reason: "engine_unavailable" });
      expect(answer.message).toContain("policy.services.web.strategy");
      expect(await madeIn(cluster)).toEqual([]);

      const asked = await json([...deploy, "--strategy", "direct"], { cwd });
      expect(asked.code).toBe(0);
      expect(asked.answer.choice).toMatchObject({ rule: "asked" });
    });
  },
  ["sandbox"],
  5,
);
