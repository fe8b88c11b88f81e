/**
 * What memory costs when it is full: a store of 1,000,000 deploys of 10,000 services beside one of
 * 1,000, and 50 ledgers taken in by an empty one. Each measurement is a process of its own, so that
 * its peak memory is its own too. The large store is made once and kept in the user's cache.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { timed } from "./measure.mjs";

const worker = fileURLToPath(new URL("memoryWorker.mjs", import.meta.url));

const run = async (...args) => {
  const result = await timed([process.execPath, worker, ...args.map(String)]);
  if (result.code !== 0)
    throw new Error(`${args.join(" ")}: exit ${result.code}\n${result.stderr}`);
  return { ...JSON.parse(result.stdout), mib: result.mib };
};

/** A store of so many deploys, by the schema's version: made beside its place, then moved there. */
const storeOf = async (deploys, services) => {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nopea-bench");
  const { key } = await run("key");
  const name = `memory-${deploys}-${key}`;
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  if (existsSync(cache))
    for (const old of readdirSync(cache))
      if (old.startsWith(`memory-${deploys}-`))
        rmSync(join(cache, old), { recursive: true, force: true });
  console.log(`  making a store of ${deploys} deploys, once …`);
  const fresh = `${folder}.${process.pid}`;
  const { ms, mib } = await run("fill", fresh, deploys, services);
  renameSync(fresh, folder);
  console.log(
    `  … ${Math.round(ms / 1000)} s, ${Math.round((ms * 1000) / deploys)} µs each, ${Math.round(mib)} MiB at most`,
  );
  return folder;
};

/** `row(what, figure, target)` prints one line of the table. */
export const memory = async (row) => {
  const home = mkdtempSync(join(tmpdir(), "nopea-bench-memory-"));
  try {
    const large = await storeOf(1_000_000, 10_000);
    const small = join(home, "small");
    await run("fill", small, 1_000, 100);
    const open = await run("open", large);
    row("opening a store of 1,000,000 deploys", `${Math.round(open.ms)} ms`, "300 ms");
    const context = await run("context", large);
    row("context of one of 10,000 services, p99", `${context.p99.toFixed(1)} ms`, "5 ms");
    const settle = await run("settle", large, small);
    row(
      `settle's memory part: ${settle.large.toFixed(2)} ms beside ${settle.small.toFixed(2)} ms at 1,000 deploys`,
      `${settle.ratio.toFixed(2)} ×`,
      "2 ×",
    );
    const peak = Math.max(open.mib, context.mib, settle.mib);
    row("… the peak memory of these", `${Math.round(peak)} MiB`, "150 MiB");
    const ledgers = await run("ledgers", join(home, "ledgers"));
    row("50 ledgers of 200 rows taken in", `${Math.round(ledgers.ms)} ms`, "1000 ms");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  await memory((what, figure, target) =>
    console.log(`  ${what.padEnd(78)} ${figure.padStart(12)}   at most ${target}`),
  );
