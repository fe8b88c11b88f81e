/** A process that takes a Lease, says so on stdout, and holds it until it is killed or its stdin ends. */
import { Effect } from "effect";
import { Clusters, Leases } from "../../src/index.js";

const [, , kubeconfig = "", namespace = "", name = ""] = process.argv;

const untilEnd = Effect.async<void>((resume) => {
  process.stdin.once("end", () => resume(Effect.void)).resume();
});

const program = Effect.gen(function* () {
  const clusters = yield* Clusters.Clusters;
  const leases = yield* Leases.Leases;
  const cluster = yield* clusters.connect({ kubeconfig });
  yield* leases.acquire(cluster, {
    namespace,
    name,
    labels: { "app.kubernetes.io/managed-by": "nopea" },
    fieldManager: "nopea",
    waitMs: 60_000,
    onWait: (holder) => Effect.sync(() => process.stdout.write(`waiting for ${holder}\n`)),
  });
  process.stdout.write("held\n");
  yield* untilEnd;
}).pipe(Effect.scoped, Effect.provide(Clusters.layer), Effect.provide(Leases.layer));

await Effect.runPromise(program);
