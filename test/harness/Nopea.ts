/** The built CLI as a process of its own: what a user runs, with a state folder that is not the user's. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

export const binary = fileURLToPath(new URL("../../apps/cli/bin/nopea.cjs", import.meta.url));

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; 128 + the signal's number where one ended it, as a shell says. */
  readonly code: number;
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to an environment that has PATH, HOME and nothing of nopea or Kubernetes. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** The process is there to be signalled while it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  readonly timeoutMs?: number;
  /** Another one than was built here. */
  readonly binary?: string;
  /** A program and its arguments, which runs what is given to it: `["nice"]`. */
  readonly through?: ReadonlyArray<string>;
}

const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs `nopea` with `args`; it never rejects for an exit code, only for one that doesn't come. */
export function runNopea(args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ran> {
  const { cwd, env = {}, stdin = "", onStart, timeoutMs = 120_000, through = [] } = options;
  const script = options.binary ?? binary;
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const started = performance.now();
  const [program = process.execPath, ...rest] = [...through, process.execPath, script, ...args];
  const child = spawn(program, rest, {
    cwd,
    env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onStart?.(child);
  return new Promise((done, fail) => {
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(
        new Error(
          `nopea ${args.join(" ")}: still running after ${timeoutMs} ms\n${stdout}\n${stderr}`,
        ),
      );
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    // A process that ends without reading what it is given is no failure of ours.
    child.stdin.on("error", () => {}).end(stdin);
    child.on("error", fail).on("close", (code, signal) => {
      clearTimeout(timer);
      done({
        stdout,
        stderr,
        code: code ?? 128 + (SIGNALS[signal ?? ""] ?? 0),
        ms: performance.now() - started,
      });
    });
  });
}
