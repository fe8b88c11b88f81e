/**
 * What is explained is what is done: over random histories, the strategy that `explain` says
 * for a set of documents is the one that a dry run chooses, rule, wish and threshold alike; and for
 * some of them, the one that the deploy then takes.
 */
import { FetchHttpClient } from "@effect/platform";
import { NodeContext } from "@effect/platform-node";
import type { KubeObject } from "@nopea/domain";
import { Surface } from "@nopea/surface";
import { Effect, Layer, Option } from "effect";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { seeded } from "../backtest/Random.js";
import { describeCluster } from "../harness/Cluster.js";
import { deployment, folder } from "./support.js";

/** `HISTORIES=1000` tries as many, in minutes. */
const HISTORIES = Number(process.env["HISTORIES"] ?? 200);
/** Every so many are deployed too. */
const DEPLOYED = 20;

/** Up to a dozen deploys, of which about as many fail as this service lets. */
function history(service: string, namespace: string, random: () => number): ReadonlyArray<string> {
  const fails = random() ** 2;
  const length = Math.floor(random() * 13);
  let time = Date.now() - (length + 1) * 86_400_000;
  return Array.from({ length }, () => {
    time += 3_600_000 + Math.floor(random() * 72_000_000);
    const isImage = random() < 0.7;
    return JSON.stringify({
      service,
      namespace,
      time: new Date(time).toISOString(),
      change_kind: isImage ? "image" : "config",
      semver: isImage ? (random() < 0.3 ? "major" : "patch") : "none",
      files_changed: 1,
      lines_changed: 1 + Math.floor(random() * 80),
      bot: random() < 0.5,
      is_revert: false,
      co_services: [],
      outcome: random() < fails ? "failed" : "ok",
    });
  });
}

const [old, next] = ["registry.example/web:1.0.0", "registry.example/web:1.1.0"];

const documents = (service: string, image: string): ReadonlyArray<KubeObject.Manifest> => [
  { object: deployment(service, image), source: "set.yaml" },
];

afterEach(() => {
  vi.unstubAllEnvs();
});

describeCluster(
  "explain",
  (cluster) => {
    it("agrees with what a deploy chooses", async () => {
      const { kubeconfig, namespace } = cluster;
      const state = folder();
      vi.stubEnv("NOPEA_STATE", state);
      const random = seeded(7).next;
      const services = Array.from({ length: HISTORIES }, (_, n) => `service-${n}`);
      const policy = {
        threshold: 0.12,
        services: Object.fromEntries(
          services
            .filter(() => random() < 0.2)
            .map((service) => [
              service,
              random() < 0.5 ? { threshold: random() } : { strategy: "direct" },
            ]),
        ),
      };
      writeFileSync(join(state, "nopea.yaml"), JSON.stringify({ policy }));
      vi.spyOn(process, "cwd").mockReturnValue(state);
      const rules = new Map<string, number>();
      const program = Effect.gen(function* () {
        const surface = yield* Surface.Surface;
        yield* surface.memoryImport({
          source: "jsonl",
          lines: services.flatMap((service) => history(service, namespace, random)),
        });
        const ask = (service: string, image: string) => ({
          service,
          namespace,
          manifests: documents(service, image),
        });
        const deploy = (service: string, image: string) =>
          Effect.map(Surface.outcome(surface.deploy(ask(service, image))), Option.getOrThrow);
        const deployed = services.filter((_, n) => n % DEPLOYED === 0);
        // In force, so that a canary has something to be compared with.
        yield* Effect.forEach(deployed, (service) => deploy(service, old), { discard: true });

        const agree = Effect.fn("agree")(function* (service: string) {
          const explained = yield* surface.explain(ask(service, next));
          const planned = yield* surface.diff(ask(service, next));
          expect({ strategy: explained.strategy, choice: explained.choice }).toEqual({
            strategy: planned.strategy,
            choice: planned.choice,
          });
          expect(explained.risk?.probability).toBeCloseTo(planned.risk?.probability ?? -1, 6);
          const rule = `${explained.choice?.rule}`;
          rules.set(rule, (rules.get(rule) ?? 0) + 1);
        });
        yield* Effect.forEach(services, agree, { concurrency: 4, discard: true });

        for (const service of deployed) {
          const explained = yield* surface.explain(ask(service, next));
          const { strategy, choice } = yield* deploy(service, next);
          expect({ strategy, rule: choice?.rule, wanted: choice?.wanted }).toEqual({
            strategy: explained.strategy,
            rule: explained.choice?.rule,
            wanted: explained.choice?.wanted,
          });
        }
      }).pipe(
        Effect.provide(Surface.layer({ kubeconfig, namespace, state })),
        Effect.provide(Layer.merge(NodeContext.layer, FetchHttpClient.layer)),
      );
      await Effect.runPromise(program);
      // Of each there are enough for the agreement to mean something.
      for (const rule of ["policy", "learnt", "default"])
        expect(rules.get(rule)).toBeGreaterThan(HISTORIES / 20);
    }, 300_000);
  },
  ["sandbox"],
  20,
);
