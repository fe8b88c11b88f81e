/** What was deployed before nopea came, taught to it; and all that it has learnt, given out again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import { deployment, folder, session, set, yaml } from "./support.js";

const line = (more: object = {}): string =>
  JSON.stringify({
    service: "web",
    namespace: "shop",
    time: "2026-01-01T10:00:00Z",
    change_kind: "image",
    semver: "minor",
    files_changed: 1,
    lines_changed: 2,
    co_services: [],
    bot: true,
    is_revert: false,
    outcome: "ok",
    ...more,
  });

const text = (...lines: ReadonlyArray<string>): string => lines.map((each) => `${each}\n`).join("");

const mixed = text(
  line(),
  "{ broken",
  line({ time: "2026-01-03T10:00:00Z", outcome: "failed", failed_after_min: 5 }),
  line({ time: "2999-01-01T00:00:00Z" }),
  line(),
  line({ time: "2026-01-02T10:00:00Z" }),
  line({ outcome: undefined }),
);

describeCluster(
  "memory import of lines",
  (cluster) => {
    it("takes the good ones, names the others by line and why, and takes nothing twice", async () => {
      const { json, run } = session(cluster);
      const first = await json(["memory", "import", "--from-stdin"], { stdin: mixed });
      expect(first.code, first.stderr).toBe(0);
      expect(first.answer).toMatchObject({
        taken: 3,
        known: 0,
        skipped: [
          { line: 2, why: "it is no JSON" },
          { line: 4, why: "its time is in the future" },
          { line: 5, why: "it is the same as line 1" },
          { line: 7, why: 'it lacks "outcome"' },
        ],
        warnings: ["line 6 was taken, but it is older than a line before it"],
      });
      const again = await json(["memory", "import", "-f", "-"], { stdin: mixed });
      expect(again.answer).toMatchObject({ taken: 0, known: 3 });
      const shown = await run(["memory", "import", "--from-stdin"], { stdin: mixed });
      expect(shown.stdout.split("\n").slice(0, 2)).toEqual([
        "0 deploys learnt, 3 known already, 4 skipped",
        "  line 2: it is no JSON",
      ]);
    });

    it("learns a deploy anew that turned out to have ended otherwise, once", async () => {
      const { json, run } = session(cluster);
      const importing = (more: object) =>
        json(["memory", "import", "--from-stdin"], { stdin: text(line(more)) });
      expect((await importing({})).answer).toMatchObject({ taken: 1, revised: 0, known: 0 });
      const failed = { outcome: "failed", failed_after_min: 90, reason: "out_of_memory" };
      expect((await importing(failed)).answer).toMatchObject({ taken: 0, revised: 1, known: 0 });
      expect((await importing(failed)).answer).toMatchObject({ taken: 0, revised: 0, known: 1 });
      const context = await json(["context", "web", "-n", "shop"]);
      expect(context.answer).toMatchObject({
        risk: { based_on: { service: 1 } },
        last_outcomes: [{ outcome: "failed", reason: "out_of_memory" }],
      });
      const shown = await run(["memory", "import", "--from-stdin"], { stdin: text(line()) });
      expect(shown.stdout).toBe(
        "0 deploys learnt, 1 learnt anew (it ended otherwise than was known)\n",
      );
      const out = await run(["memory", "export", "-n", "shop"]);
      expect(
        out.stdout
          .trimEnd()
          .split("\n")
          .map((each) => JSON.parse(each).outcome),
      ).toEqual(["ok"]);
    });

    it("gives out what another store takes in, and gives out the same", async () => {
      const one = session(cluster);
      await one.run(["memory", "import", "--from-stdin"], { stdin: mixed });
      const out = await one.run(["memory", "export", "-n", "shop"]);
      const deploys: ReadonlyArray<Json> = out.stdout
        .trimEnd()
        .split("\n")
        .map((each) => JSON.parse(each));
      expect(deploys.map(({ time, outcome }) => [time, outcome])).toEqual([
        ["2026-01-01T10:00:00.000Z", "ok"],
        ["2026-01-02T10:00:00.000Z", "ok"],
        ["2026-01-03T10:00:00.000Z", "failed"],
      ]);
      const other = session(cluster);
      const path = join(folder({ "deploys.jsonl": out.stdout }), "deploys.jsonl");
      const taken = await other.json(["memory", "import", "-f", path]);
      expect(taken.answer).toMatchObject({ taken: 3, skipped: [], warnings: [] });
      await other.run(["memory", "export", "-n", "shop", "--write", path]);
      expect(readFileSync(path, "utf8")).toBe(out.stdout);
      expect((await one.json(["memory", "import", "-f", path])).answer).toMatchObject({
        taken: 0,
        known: 3,
      });
    });

    it("refuses input that makes no sense with exit code 2", async () => {
      const { run } = session(cluster);
      for (const [args, stdin, message] of [
        [["--from-stdin"], "{}\n", 'line 1: it lacks "service"'],
        [["-f", "nowhere.jsonl"], "", "nowhere.jsonl can't be read"],
        [["-f", "a.jsonl", "--from-stdin"], "", "both -f and --from-stdin"],
        [["-A", "--from-stdin"], line(), "lines name their own namespaces"],
      ] as const) {
        const ran = await run(["memory", "import", ...args], { stdin });
        expect(ran.code, args.join(" ")).toBe(2);
        expect(`${ran.stdout}${ran.stderr}`).toContain(message);
      }
    });
  },
  ["sandbox"],
);

describeCluster(
  "memory import of a cluster",
  (cluster) => {
    it("learns from revisions that others made, once, and not from nopea's own deploys", async () => {
      const { api, namespace } = cluster;
      const { json } = session(cluster);
      const web = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
      await api.post(
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        deployment("web", "example.org/web:1.0.0"),
      );
      const deployed = await json([
        ...["deploy", "-f", set(yaml(deployment("api", "example.org/api:1")))],
        ...["-s", "backend"],
      ]);
      expect(deployed.code, deployed.stdout).toBe(0);
      await expect
        .poll(async () => (await api.get(web)).body.status?.availableReplicas, { timeout: 20_000 })
        .toBe(1);
      const first = await json(["memory", "import"]);
      expect(first.answer).toMatchObject({ taken: 1, known: 1, skipped: [], warnings: [] });
      await api.merge(web, {
        spec: {
          template: { spec: { containers: [{ name: "app", image: "example.org/web:bad-name" }] } },
        },
      });
      await expect
        .poll(async () => (await json(["memory", "import"])).answer.taken, { timeout: 20_000 })
        .toBe(1);
      const context = await json(["context", "web"]);
      expect(JSON.stringify(context.answer)).toContain("image_reference_invalid");
      expect((await json(["memory", "import", "-A"])).answer.skipped).toEqual([]);
    });

    it("learns a revision anew that was imported as good, and was gone back from", async () => {
      const { json } = session(cluster);
      const { api, namespace } = cluster;
      const web = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
      const roll = (image: string) =>
        api.merge(web, {
          spec: { template: { spec: { containers: [{ name: "app", image }] } } },
        });
      const taken = (wanted: object) =>
        expect
          .poll(async () => (await json(["memory", "import"])).answer, { timeout: 20_000 })
          .toMatchObject(wanted);
      await api.post(
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        deployment("web", "example.org/web:1.0.0"),
      );
      await taken({ taken: 1, revised: 0 });
      await roll("example.org/web:1.1.0");
      await taken({ taken: 1, revised: 0 });
      expect((await json(["context", "web"])).answer.last_outcomes).toMatchObject([
        { outcome: "completed" },
        { outcome: "completed" },
      ]);
      await roll("example.org/web:1.0.0");
      await taken({ revised: 1 });
      await taken({ taken: 0, revised: 0 });
      const { answer } = await json(["context", "web"]);
      expect(answer.last_outcomes.map(({ outcome }: Json) => outcome)).toContain("failed");
    });

    it("says by name what this account may not read, and goes on", async () => {
      const { run } = session(cluster);
      const ran = await run(["memory", "import", "--context", "stranger"]);
      expect(ran.code).toBe(0);
      expect(ran.stdout).toContain("ReplicaSets of Deployments: ");
      expect(ran.stdout).toContain("releases of Helm: ");
    });
  },
  ["real"],
);
