/** Whole processes, timed from outside: wall-clock and the peak of their memory. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** VmHWM only grows, so that the last reading before the end is the peak. Linux only; undefined elsewhere. */
const peakOf = (pid) => {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
};

/** @returns {Promise<{ms: number, mib: number | undefined, code: number, stdout: string, stderr: string}>} */
export const timed = (command, { env = {}, onLine } = {}) =>
  new Promise((done, fail) => {
    const started = performance.now();
    const child = spawn(command[0], command.slice(1), {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let mib;
    const sample = () => (mib = peakOf(child.pid) ?? mib);
    const timer = setInterval(sample, 10);
    let stdout = "";
    let stderr = "";
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      if (onLine === undefined) return;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", fail).on("close", (code) => {
      clearInterval(timer);
      done({ ms: performance.now() - started, mib, code: code ?? -1, stdout, stderr });
    });
  });

export const median = (figures) => {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};

/** `a` and `b` in turn, so that a machine that slows down slows both; answers the median of the ratios. */
export const paired = async (rounds, a, b) => {
  const runs = [];
  for (let round = 0; round < rounds; round++) runs.push({ a: await a(round), b: await b(round) });
  return {
    a: median(runs.map((run) => run.a.ms)),
    b: median(runs.map((run) => run.b.ms)),
    ratio: median(runs.map((run) => run.a.ms / run.b.ms)),
    peak: Math.max(...runs.map((run) => run.a.mib ?? 0)),
  };
};
