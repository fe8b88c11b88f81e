/** A deploy goes on through a real restart of the API server; on a test-bed of its own, for others' sake. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, it, vi } from "vitest";
import { missing } from "../../tools/testbed/programs.mjs";
import { down, restartApiServer, up } from "../../tools/testbed/testbed.mjs";
import { REAL } from "../harness/Cluster.js";
import { runNopea } from "../harness/Nopea.js";
import { folder, set, web } from "./support.js";

/** A Lease is renewed every 5 s, and lost after 10. */
const RENEWED_WITHIN_MS = 5_000;

const absent = "missing" in inject("testbed") || missing().length > 0;

describe.skipIf(absent)(`an API server that restarts ${REAL}`, () => {
  it("is waited for: the deploy completes, and who watches sees it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "nopea-own-testbed-"));
    try {
      const kubeconfig = await up(dir, { owner: process.pid });
      const env = { KUBECONFIG: kubeconfig, NOPEA_STATE: folder() };
      const args = ["-s", "web", "-f", set(web("registry.example/web:slow")), "-o", "json"];
      let watched = "";
      let stop = () => {};
      const watching = runNopea(["status", "--watch", "-n", "default"], {
        env,
        onStart: (child) => {
          stop = () => void child.kill("SIGINT");
          child.stdout?.on("data", (text: string) => (watched += text));
        },
      });
      await vi.waitFor(() => expect(watched).toContain("no service is known"), 20_000);
      let outage: Promise<number> | undefined;
      const restart = async () => {
        const from = performance.now();
        await restartApiServer(dir, { crash: true });
        return performance.now() - from;
      };
      const ran = await runNopea(["deploy", ...args], {
        env,
        onStart: (child) => {
          let seen = "";
          child.stderr?.on("data", (text: string) => {
            seen += text;
            if (/applied 2 objects/.test(seen)) outage ??= restart();
          });
        },
      });
      expect(outage, ran.stderr).toBeDefined();
      const answer = JSON.parse(ran.stdout);
      // A Lease that may have gone 10 s without renewal is lost by rule; the next deploy goes on.
      if (((await outage) ?? 0) > RENEWED_WITHIN_MS && ran.code !== 0) {
        expect(answer).toMatchObject({ status: "failed", reason: "interrupted" });
      } else {
        expect(answer, ran.stdout + ran.stderr).toMatchObject({
          status: "completed",
          verified: true,
        });
      }
      const next = await runNopea(["deploy", ...args], { env });
      expect(JSON.parse(next.stdout), next.stderr).toMatchObject({ status: "completed" });
      const ended = `deploy ${answer.deploy_id} ${answer.status}`;
      await vi.waitFor(() => expect(watched).toContain(ended), 20_000);
      stop();
      expect(await watching).toMatchObject({ code: 130 });
      expect(watched).toContain("warning: as it was last seen: ");
      expect(watched).toContain("the cluster answers");
      const history = await runNopea(["history", "web", "-o", "json"], { env });
      expect(JSON.parse(history.stdout).deployments).toMatchObject([
        { status: "completed" },
        { deploy_id: answer.deploy_id, status: answer.status },
      ]);
    } finally {
      await down(dir, { purge: true });
    }
  });
});
