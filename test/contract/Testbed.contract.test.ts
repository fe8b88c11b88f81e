/** The test-bed itself: its API server can be restarted under a client, and it ends with its owner. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { down, restartApiServer, up } from "../../tools/testbed/testbed.mjs";
import { missing } from "../../tools/testbed/programs.mjs";
import { Api, eventually } from "../harness/Api.js";
import { REAL } from "../harness/Cluster.js";
import { configMap } from "./objects.js";

const absent = "missing" in inject("testbed") || missing().length > 0;

describe.skipIf(absent)(`a test-bed of one's own ${REAL}`, () => {
  it("keeps address and objects when its API server restarts, and ends with its owner", async () => {
    const dir = mkdtempSync(join(tmpdir(), "nopea-own-testbed-"));
    const owner = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
      stdio: "ignore",
    });
    try {
      const api = new Api(await up(dir, { owner: owner.pid as number }));
      const path = "/api/v1/namespaces/default/configmaps";
      const { body } = await api.post(path, configMap("kept"));
      const watch = await api.watch(path, "&resourceVersion=0");
      await restartApiServer(dir);
      await expect(watch.next(({ type }) => type === "ERROR")).rejects.toThrow("the watch ended");
      expect((await api.get(`${path}/kept`)).body.metadata.uid).toBe(body.metadata.uid);
      owner.kill("SIGKILL");
      await eventually(
        async () => existsSync(dir),
        (exists) => !exists,
        20_000,
      );
    } finally {
      owner.kill("SIGKILL");
      await down(dir, { purge: true });
    }
  });
});
