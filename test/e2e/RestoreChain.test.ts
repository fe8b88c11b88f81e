/** What happens to the store's file: deploys go through all the same, and after repair no outcome is missing. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Json } from "../harness/Api.js";
import { describeCluster } from "../harness/Cluster.js";
import type { RunOptions } from "../harness/Nopea.js";
import { configMap, folder, session, yaml } from "./support.js";

const runs = (program: string, ...args: ReadonlyArray<string>): boolean => {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** A root whom file modes bind as they bind others. */
const BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const isRoot = process.getuid?.() === 0;
const unbound = isRoot && !runs(BOUND[0] ?? "", ...BOUND.slice(1), "true");

/** A disk of 3 MiB, where one may be mounted. */
const mount = (path: string) => runs("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path);
const hasMount = (() => {
  const path = folderForNow();
  try {
    return mount(path) && runs("umount", path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
})();

function folderForNow(): string {
  const path = join(tmpdir(), `nopea-mount-${process.pid}`);
  mkdirSync(path, { recursive: true });
  return path;
}

describeCluster(
  "the store's file",
  (cluster) => {
    const begin = (state?: string) => {
      const { json, state: home } = session(cluster, state);
      const file = join(home, "nopea.db");
      return {
        json,
        home,
        file,
        /** Another set for each `greeting`. */
        deploy: async (greeting: string, options?: RunOptions, service = "web") => {
          const path = folder({ "a.yaml": yaml(configMap(service, { greeting })) });
          const ran = await json(["deploy", "-f", path, "-s", service], options);
          expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(0);
          expect(ran.answer.status).toBe("completed");
          return ran.answer;
        },
        history: async (...flags: ReadonlyArray<string>) => {
          const ran = await json(["history", "web", ...flags]);
          expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(0);
          const ids: ReadonlyArray<string> = ran.answer.deployments.map(
            ({ deploy_id }: Json) => deploy_id,
          );
          return { ids, answer: ran.answer };
        },
        aside: () =>
          readdirSync(home)
            .filter((name) => name.startsWith("nopea.db.corrupt-"))
            .map((name) => join(home, name)),
      };
    };

    const ways: Record<string, (file: string) => void> = {
      "has a damaged header": (file) => {
        const fd = openSync(file, "r+");
        writeSync(fd, Buffer.alloc(100, 0xff), 0, 100, 0);
        closeSync(fd);
      },
      "is no database": (file) => writeFileSync(file, "this is no database at all, ".repeat(200)),
      "is cut off": (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
      "is garbage behind its header": (file) => {
        const fd = openSync(file, "r+");
        const { size } = statSync(file);
        writeSync(fd, Buffer.alloc(size - 4096, 0x55), 0, size - 4096, 4096);
        closeSync(fd);
      },
      "is empty": (file) => truncateSync(file, 0),
    };
    for (const [name, damage] of Object.entries(ways)) {
      it(`${name}: it is set aside and restored by the next deploy, which says so`, async () => {
        const { deploy, history, file, aside } = begin();
        const first = await deploy("one");
        expect(first.degraded).toEqual([]);
        const second = await deploy("two");
        damage(file);
        const bytes = readFileSync(file);

        const third = await deploy("three");
        expect(third.degraded).toEqual(["memory"]);
        const [kept = "", ...more] = aside();
        expect(more).toEqual([]);
        expect(readFileSync(kept).equals(bytes)).toBe(true);
        expect(third.warnings.join()).toContain(kept);
        expect(third.warnings.join()).toMatch(/restored from the backup of \d{4}-\d\d-\d\dT/);

        const all = [third, second, first].map(({ deploy_id }) => deploy_id);
        const { ids, answer } = await history();
        expect(ids).toEqual(all);
        expect(answer).toMatchObject({ degraded: [], warnings: [] });
        expect((await history("--offline")).ids).toEqual(all);
        expect(aside()).toEqual([kept]);
      });
    }

    it("is damaged: a command that only reads restores it too, and the ledgers give the rest", async () => {
      const { deploy, history, file, aside, json } = begin();
      const first = await deploy("one");
      const second = await deploy("two");
      writeFileSync(file, "broken");
      const offline = await history("--offline");
      expect(offline.ids).toEqual([first.deploy_id]);
      expect(offline.answer.degraded).toEqual(["memory"]);
      expect(offline.answer.warnings.join()).toContain(aside()[0] ?? "no file");
      const online = await history();
      expect(online.ids).toEqual([second.deploy_id, first.deploy_id]);
      expect(online.answer.degraded).toEqual([]);
      writeFileSync(file, "broken again");
      const health = await json(["health"]);
      expect(health.answer).toMatchObject({
        status: "degraded",
        store: { available: true },
        degraded: ["memory"],
      });
      expect((await json(["health"])).answer).toMatchObject({ status: "ok", degraded: [] });
    });

    it("is damaged, and so are its backups: memory begins anew, and the ledgers fill it", async () => {
      const { deploy, history, file, home, aside, json } = begin();
      const first = await deploy("one");
      const [backup = ""] = readdirSync(join(home, "backups"));
      truncateSync(join(home, "backups", backup), 5000);
      writeFileSync(file, "broken");
      const offline = await json(["history", "web", "--offline"]);
      expect(offline).toMatchObject({ code: 3, answer: { code: "not_found" } });
      expect(offline.answer.message).toContain(aside()[0] ?? "no file");
      expect(offline.answer.message).toContain("no good backup");
      const online = await history();
      expect(online.ids).toEqual([first.deploy_id]);
      expect(online.answer.degraded).toEqual([]);
      expect((await history("--offline")).ids).toEqual([first.deploy_id]);
    });

    it("is damaged when several deploys find it at once: it is restored once", async () => {
      const { deploy, file, aside, json } = begin();
      await deploy("one");
      writeFileSync(file, "broken");
      const services = ["a", "b", "c"];
      const answers = await Promise.all(services.map((name) => deploy("one", {}, name)));
      expect(aside()).toHaveLength(1);
      expect(answers.flatMap(({ degraded }) => degraded)).toContain("memory");
      const { answer } = await json(["services", "--offline"]);
      expect(answer.services.map(({ service }: Json) => service)).toEqual([...services, "web"]);
    });

    it.skipIf(unbound)(
      `is forbidden: outcomes wait in the spool${unbound ? ": root is forbidden nothing, and there is no setpriv" : ""}`,
      async () => {
        const { deploy, history, file, home, aside } = begin();
        const bound: RunOptions = isRoot ? { through: BOUND } : {};
        const first = await deploy("one", bound);
        chmodSync(file, 0o000);
        const second = await deploy("two", bound);
        expect(second.degraded).toEqual(["memory"]);
        expect(second.warnings.join()).toContain(file);
        const third = await deploy("two", bound);
        expect(third).toMatchObject({ unchanged: true, degraded: ["memory"] });
        expect(readdirSync(join(home, "spool"))).toHaveLength(2);
        chmodSync(file, 0o600);
        const all = [third, second, first].map(({ deploy_id }) => deploy_id);
        expect((await history("--offline")).ids).toEqual(all);
        const { ids, answer } = await history();
        expect(ids).toEqual(all);
        expect(answer.degraded).toEqual([]);
        expect(readdirSync(join(home, "spool"))).toEqual([]);
        expect(aside()).toEqual([]);
      },
    );

    it.skipIf(!hasMount)(
      `is on a full disk: what fits nowhere else has room kept for it${hasMount ? "" : ": none can be mounted here"}`,
      async () => {
        const disk = folder();
        expect(mount(disk)).toBe(true);
        onTestFinished(() => {
          runs("umount", disk);
        });
        const { deploy, history, file, json, aside } = begin(disk);
        const first = await deploy("one");
        const filler = join(disk, "filler");
        fill(filler);
        const second = await deploy("two");
        expect(second.degraded).toEqual(["memory"]);
        expect(second.warnings.join()).toContain(file);
        fill(filler);
        const offline = await json(["status", "web", "--offline"]);
        expect(offline, offline.stdout).toMatchObject({ code: 0 });
        const third = await deploy("three");
        rmSync(filler);
        const fourth = await deploy("three");
        expect(fourth).toMatchObject({ unchanged: true, degraded: [] });
        const { ids, answer } = await history();
        expect(ids).toEqual([fourth, third, second, first].map(({ deploy_id }) => deploy_id));
        expect(answer.degraded).toEqual([]);
        expect(aside()).toEqual([]);
      },
    );

    it.skipIf(!hasMount)(
      `is on a full disk: a deploy that no ledger has is not lost${hasMount ? "" : ": none can be mounted here"}`,
      async () => {
        const disk = folder();
        expect(mount(disk)).toBe(true);
        onTestFinished(() => {
          runs("umount", disk);
        });
        const { deploy, history } = begin(disk);
        const first = await deploy("one");
        const filler = join(disk, "filler");
        fill(filler);
        const second = await deploy("one");
        expect(second).toMatchObject({ unchanged: true, degraded: ["memory"] });
        rmSync(filler);
        expect((await history()).ids).toEqual([second, first].map(({ deploy_id }) => deploy_id));
      },
    );

    it("may not grow: outcomes wait in the spool", async () => {
      const { deploy, history, home, aside } = begin();
      const first = await deploy("one");
      // In blocks of 512 or 1024 bytes, as the shell likes.
      const limited = { through: ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh"] };
      const second = await deploy("two", limited);
      expect(second.degraded).toEqual(["memory"]);
      const third = await deploy("two", limited);
      expect(third).toMatchObject({ unchanged: true, degraded: ["memory"] });
      expect(existsSync(join(home, "spool"))).toBe(true);
      const { ids, answer } = await history();
      expect(ids).toEqual([third, second, first].map(({ deploy_id }) => deploy_id));
      expect(answer.degraded).toEqual([]);
      expect(aside()).toEqual([]);
    });
  },
  ["sandbox"],
);

/** Until not another byte goes in. */
function fill(path: string): void {
  const fd = openSync(path, "a");
  try {
    for (const bytes of [4096, 512, 1]) {
      const block = Buffer.alloc(bytes, 1);
      try {
        for (;;) if (writeSync(fd, block) === 0) break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(fd);
  }
}
