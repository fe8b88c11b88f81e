/**
 * Who this process is, in words that another process can check: host, boot, pid namespace, pid
 * and when it started. Read from /proc; where there is none, boot and pid namespace are empty,
 * and nobody on another process's behalf can say that it is gone.
 */
import { Context, Effect, Layer, Option } from "effect";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { pid } from "node:process";
import type { LeaseHolder } from "./Lease.js";

export class ProcessIdentity extends Context.Tag("@nopea/k8s/ProcessIdentity")<
  ProcessIdentity,
  {
    readonly self: LeaseHolder;
    /** When the process of that pid, in our own pid namespace, started; none where there is none. */
    readonly startOf: (pid: number) => Effect.Effect<Option.Option<string>>;
  }
>() {}

const read = (path: string) => Effect.option(Effect.tryPromise(() => readFile(path, "utf8")));

/** Field 22 of `/proc/<pid>/stat`, in clock ticks since boot; the name before it may hold spaces and brackets. */
const startOf = (one: number): Effect.Effect<Option.Option<string>> =>
  read(`/proc/${one}/stat`).pipe(
    Effect.map(
      Option.flatMap((stat) => {
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        // A zombie has ended: it waits only to be counted.
        return fields[0] === "Z" ? Option.none() : Option.fromNullable(fields[19]);
      }),
    ),
  );

export const make: Effect.Effect<typeof ProcessIdentity.Service> = Effect.gen(function* () {
  const boot = yield* read("/proc/sys/kernel/random/boot_id");
  const namespace = yield* Effect.option(Effect.tryPromise(() => readlink("/proc/self/ns/pid")));
  const start = yield* startOf(pid);
  const known = Option.isSome(start);
  return {
    self: {
      host: hostname(),
      boot: known ? Option.getOrElse(boot, () => "").trim() : "",
      pidNamespace: known ? Option.getOrElse(namespace, () => "") : "",
      pid,
      start: Option.getOrElse(start, () => ""),
    },
    startOf,
  };
});

export const layer: Layer.Layer<ProcessIdentity> = Layer.effect(ProcessIdentity, make);
