/** Deploys on a real Kubernetes API. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import type { KubeObject, Service } from "@nopea/domain";
import { Deploys } from "@nopea/store";
import { Context, Deferred, Effect, Fiber, Option, Schedule } from "effect";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Inspection, Intake, Ledgers, Record } from "../src/index.js";
import {
  configMap,
  denying,
  deploy,
  deployment,
  folder,
  isThere,
  ledgerOf,
  machine,
  onMachine,
  skipped,
  world,
} from "./support/World.js";

const fileIn = (folder: string): string => {
  const path = join(folder, "file");
  writeFileSync(path, "");
  return path;
};

const service = "web" as Service.ServiceName;

describe.skipIf(skipped !== undefined)("a deploy on a real API", { concurrent: true }, () => {
  it.scopedLive("completes verified, and again changes nothing and is no row of the ledger", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const objects = [configMap("settings", { a: "1" }), deployment("web", "v1")];
      const first = yield* deploy(on, cluster, { service, namespace, objects });
      assert.strictEqual(first.result.status, "completed");
      assert.isTrue(first.result.verified);
      assert.deepStrictEqual(first.result.degraded, []);
      assert.deepStrictEqual(
        first.result.appliedResources.map(({ action }) => action),
        ["created", "created"],
      );
      const again = yield* deploy(on, cluster, { service, namespace, objects });
      assert.strictEqual(again.result.status, "completed");
      assert.isTrue(again.result.unchanged);
      assert.isTrue(again.result.verified);
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.deepStrictEqual(
        ledger.outcomes.map(({ id }) => id),
        [first.result.deployId],
      );
      assert.strictEqual(ledger.current, first.result.deployId);
      assert.isUndefined(ledger.inFlight);
      assert.isTrue(ledger.inventory.every(({ inSet, uid }) => inSet && uid !== ""));
      const history = yield* Context.get(on, Deploys.Deploys).history(
        { cluster: first.result.cluster!, namespace, service },
        10,
      );
      assert.deepStrictEqual(
        history.map(({ id, unchanged }) => [id, unchanged]),
        [
          [again.result.deployId, true],
          [first.result.deployId, false],
        ],
      );
    }),
  );

  it.scopedLive("numbers what it stores without gaps, and ends with the outcome", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const { events, result } = yield* deploy(on, cluster, {
        service,
        namespace,
        objects: [configMap("settings", { a: "1" })],
      });
      const stored = yield* Context.get(on, Deploys.Deploys).progress(result.deployId);
      assert.deepStrictEqual(
        stored.map(({ seq }) => seq),
        stored.map((_, index) => index),
      );
      assert.deepStrictEqual(
        stored.map(({ type }) => type),
        ["accepted", "locked", "planned", "applied", "verified", "outcome"],
      );
      assert.isTrue(events.some(({ type }) => type === "applying"));
    }),
  );

  it.scopedLive("fails with the reason, keeps the set in force, and the fix completes", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const at = (tag: string, more = {}) =>
        deploy(on, cluster, { service, namespace, objects: [deployment("web", tag)], more });
      const first = yield* at("v1");
      const broken = yield* at("pull-fails");
      assert.strictEqual(broken.result.status, "failed");
      assert.strictEqual(broken.result.reason, "image_not_found");
      assert.isFalse(broken.result.verified);
      assert.strictEqual(broken.result.error?.code, "deploy_failed");
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.strictEqual(ledger.current, first.result.deployId);
      assert.deepStrictEqual(
        ledger.outcomes.map(({ outcome, reason }) => [outcome, reason]),
        [
          ["failed", "image_not_found"],
          ["completed", undefined],
        ],
      );
      // The same once more changes nothing, and is written down again; what stood before is no news.
      const same = yield* at("pull-fails", { timeoutMs: 4_000 });
      assert.isTrue(same.result.unchanged);
      assert.strictEqual(same.result.reason, "image_not_found");
      const fixed = yield* at("v2");
      assert.strictEqual(fixed.result.status, "completed");
      const after = yield* ledgerOf(cluster, namespace, service);
      assert.strictEqual(after.outcomes.length, 4);
      assert.strictEqual(after.current, fixed.result.deployId);
    }),
  );

  it.scopedLive("shows a hand's change as manual_drift, and what is gone as missing", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      yield* deploy(on, cluster, {
        service,
        namespace,
        objects: [configMap("settings", { a: "1" }), configMap("others", { a: "1" })],
      });
      const ref = { apiVersion: "v1", kind: "ConfigMap", namespace };
      yield* cluster.patch(
        { ...ref, name: "settings" },
        { type: "merge", body: { data: { a: "by hand" } }, fieldManager: "kubectl-edit" },
      );
      yield* cluster.remove({ ...ref, name: "others" });
      const seen = yield* Context.get(on, Inspection.Inspector).inspect(cluster, {
        namespace,
        service,
      });
      assert.deepStrictEqual(
        seen.drift.map(({ object, state, fields }) => [object.name, state, fields]),
        [
          ["settings", "manual_drift", ['data["a"]']],
          ["others", "missing", []],
        ],
      );
      assert.isFalse(seen.ready);
    }),
  );

  it.scopedLive("has word of a change as it comes, of a pod, of the set and of an object", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const set = (tag: string, ...more: ReadonlyArray<KubeObject.KubeObject>) =>
        deploy(on, cluster, { service, namespace, objects: [deployment("web", tag), ...more] });
      yield* set("1.0.0");
      const inspector = Context.get(on, Inspection.Inspector);
      const changes = yield* inspector.changes(cluster, { namespace, service });
      const look = inspector
        .inspect(cluster, { namespace, service })
        .pipe(Effect.tap(({ objects }) => changes.follow(objects.map(({ object }) => object))));
      // Without word there is a look every 10 s.
      const sees = (is: (look: Inspection.Inspection) => boolean) =>
        Effect.zipRight(changes.next, look).pipe(
          Effect.repeat({ until: is }),
          Effect.timeout("9 seconds"),
        );
      yield* sees(({ ready }) => ready);
      const pods = yield* cluster.list({ apiVersion: "v1", kind: "Pod", namespace });
      const [pod] = pods.items;
      const turn = (status: "True" | "False") =>
        cluster.patch(
          { apiVersion: "v1", kind: "Pod", namespace, name: pod?.metadata.name ?? "" },
          {
            type: "merge",
            subresource: "status",
            body: { status: { conditions: [{ type: "Ready", status }] } },
            fieldManager: "test",
          },
        );
      yield* turn("False");
      yield* sees(({ ready }) => !ready);
      yield* turn("True");
      yield* sees(({ ready }) => ready);
      yield* set("1.0.0", configMap("more", { a: "1" }));
      yield* sees(({ objects }) => objects.length === 2);
      yield* cluster.patch(
        { apiVersion: "v1", kind: "ConfigMap", namespace, name: "more" },
        { type: "merge", body: { data: { a: "by hand" } }, fieldManager: "kubectl-edit" },
      );
      yield* sees(({ drift }) => drift.some(({ state }) => state === "manual_drift"));
    }),
  );

  it.scopedLive("tells a machine with an empty disk the same history and evidence", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const first = yield* machine();
      const at = (tag: string) =>
        deploy(first, cluster, { service, namespace, objects: [deployment("web", tag)] });
      yield* at("v1");
      yield* at("bad-name");
      const other = yield* machine();
      const report = yield* Context.get(other, Intake.Intake).takeIn(cluster, {
        namespace,
        service,
      });
      assert.strictEqual(report.taken, 2);
      const ref = { cluster: report.cluster, namespace, service };
      const ours = yield* Context.get(first, Deploys.Deploys).history(ref, 10);
      const theirs = yield* Context.get(other, Deploys.Deploys).history(ref, 10);
      const facts = (rows: typeof ours) =>
        rows.map(({ id, outcome, reason, change, who, acceptedAt, endedAt, result }) => ({
          id,
          outcome,
          reason,
          change,
          who,
          acceptedAt,
          endedAt,
          error: result?.error,
        }));
      assert.deepStrictEqual(facts(theirs), facts(ours));
      assert.isAbove(theirs[0]?.result?.error?.evidence.length ?? 0, 0);
      // And deploys on top of the same set.
      const again = yield* deploy(other, cluster, {
        service,
        namespace,
        objects: [deployment("web", "v2")],
      });
      assert.strictEqual(again.result.status, "completed");
      assert.strictEqual((yield* ledgerOf(cluster, namespace, service)).outcomes.length, 3);
    }),
  );

  it.scopedLive("lets one machine deploy after the other", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const [one, other] = [yield* machine(), yield* machine()];
      const both = yield* Effect.all(
        [
          deploy(one, cluster, { service, namespace, objects: [deployment("web", "v1")] }),
          deploy(other, cluster, { service, namespace, objects: [deployment("web", "v2")] }),
        ],
        { concurrency: "unbounded" },
      );
      assert.deepStrictEqual(
        both.map(({ result }) => result.status),
        ["completed", "completed"],
      );
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.strictEqual(ledger.outcomes.length, 2);
      const [last, first] = ledger.outcomes;
      assert.strictEqual(ledger.current, last?.id);
      const live = yield* cluster.get({
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace,
        name: "web",
      });
      const wanted = last?.id === both[0].result.deployId ? "v1" : "v2";
      assert.include(JSON.stringify(Option.getOrThrow(live)["spec"]), `example.org/web:${wanted}`);
      assert.isTrue((first?.ended ?? "") <= (last?.ended ?? ""));
    }),
  );

  it.scopedLive("ends as interrupted when it is cancelled, and says what was applied", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const cancel = yield* Deferred.make<void>();
      const running = yield* Effect.fork(
        deploy(on, cluster, {
          service,
          namespace,
          objects: [configMap("settings", { a: "1" }), deployment("web", "never-ready")],
          cancel: Deferred.await(cancel),
        }),
      );
      yield* isThere(cluster, namespace, "web");
      yield* Deferred.succeed(cancel, undefined);
      const { result } = yield* Fiber.join(running);
      assert.strictEqual(result.status, "failed");
      assert.strictEqual(result.reason, "interrupted");
      assert.include(result.error?.message ?? "", "everything was applied (2 objects)");
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.isUndefined(ledger.inFlight);
      assert.strictEqual(ledger.outcomes[0]?.reason, "interrupted");
    }),
  );

  it.scopedLive("records an interruption of its fiber too", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const running = yield* Effect.fork(
        deploy(on, cluster, { service, namespace, objects: [deployment("web", "never-ready")] }),
      );
      yield* isThere(cluster, namespace, "web");
      yield* Fiber.interrupt(running);
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.isUndefined(ledger.inFlight);
      assert.strictEqual(ledger.outcomes[0]?.reason, "interrupted");
    }),
  );

  it.scopedLive("leaves a deploy that is not waited for, and the next one settles it", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const left = yield* deploy(on, cluster, {
        service,
        namespace,
        objects: [deployment("web", "v1")],
        more: { wait: false },
      });
      assert.strictEqual(left.result.status, "progressing");
      assert.isTrue((yield* ledgerOf(cluster, namespace, service)).inFlight?.left);
      const view = yield* Context.get(on, Inspection.Inspector)
        .inspect(cluster, { namespace, service })
        .pipe(
          Effect.flatMap(({ inFlight }) => inFlight),
          Effect.filterOrFail(({ judgement }) => judgement?.type === "completed"),
          Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 100 }),
        );
      assert.isFalse(view.followed);
      const next = yield* deploy(yield* machine(), cluster, {
        service,
        namespace,
        objects: [deployment("web", "v2")],
      });
      const ledger = yield* ledgerOf(cluster, namespace, service);
      assert.deepStrictEqual(
        ledger.outcomes.map(({ id, outcome }) => [id, outcome]),
        [
          [next.result.deployId, "completed"],
          [left.result.deployId, "completed"],
        ],
      );
    }),
  );

  it.scopedLive.each([
    ["Secret", "ledger"],
    ["ConfigMap", "ledger"],
    ["Lease", "lock"],
  ] as const)("goes on without %s, and says so once", ([kind, lack]) =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const poor = denying(cluster, kind);
      const objects = [deployment("web", "v1")];
      const { result, events } = yield* deploy(on, poor, { service, namespace, objects });
      assert.strictEqual(result.status, "completed");
      assert.isTrue(result.verified);
      assert.deepStrictEqual(result.degraded, [lack]);
      assert.strictEqual(events.filter(({ type }) => type === "warning").length, 1);
      const history = yield* Context.get(on, Deploys.Deploys).history(
        { cluster: result.cluster!, namespace, service },
        10,
      );
      assert.deepStrictEqual(
        history.map(({ outcome }) => outcome),
        ["completed"],
      );
      const again = yield* deploy(on, poor, { service, namespace, objects });
      assert.isTrue(again.result.unchanged);
      assert.isTrue(again.result.verified);
    }),
  );

  it.scopedLive("refuses a namespace that does not exist, and makes it where it may", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const missing = `${namespace}-x` as Service.Namespace;
      const ask = { service, namespace: missing, objects: [configMap("settings", { a: "1" })] };
      const refused = yield* Effect.flip(deploy(on, cluster, ask));
      assert.strictEqual(refused._tag, "BadInput");
      assert.include(refused.message, missing);
      yield* Effect.addFinalizer(() =>
        Effect.ignore(cluster.remove({ apiVersion: "v1", kind: "Namespace", name: missing })),
      );
      const made = yield* deploy(on, cluster, { ...ask, more: { createNamespace: true } });
      assert.strictEqual(made.result.status, "completed");
    }),
  );

  it.scopedLive("refuses, and never overwrites, a ConfigMap that has the ledger's name", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      yield* cluster.create(
        { ...configMap("nopea-web", { mine: "1" }), metadata: { name: "nopea-web", namespace } },
        { fieldManager: "test" },
      );
      const refused = yield* Effect.flip(
        deploy(on, cluster, { service, namespace, objects: [configMap("settings", { a: "1" })] }),
      );
      assert.strictEqual(refused._tag, "Refused");
      const there = yield* cluster.get(Ledgers.refOf({ namespace, service }));
      assert.deepStrictEqual(Option.getOrThrow(there)["data"], { mine: "1" });
    }),
  );

  it.scopedLive("keeps the newest ten records, and the current set's", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const ids = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => `${index}`),
        (value) =>
          Effect.map(
            deploy(on, cluster, {
              service,
              namespace,
              objects: [configMap("settings", { value })],
            }),
            ({ result }) => result.deployId,
          ),
      );
      const ledger = yield* ledgerOf(cluster, namespace, service);
      const kept = ids.slice(-10).map((id) => Record.partName(Record.nameOf(service, id), 1));
      assert.deepStrictEqual([...ledger.records].sort(), kept);
      const secrets = yield* cluster.list({ apiVersion: "v1", kind: "Secret", namespace });
      assert.deepStrictEqual(secrets.items.map(({ metadata }) => metadata.name ?? "").sort(), kept);
      assert.strictEqual(ledger.outcomes.length, 12);
    }),
  );

  it.scopedLive("goes on without a store, and says so", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const state = yield* folder;
      // A file where the state folder should be: neither store nor spool can be written.
      const on = yield* onMachine(join(fileIn(state), "state"));
      const { result, events } = yield* deploy(on, cluster, {
        service,
        namespace,
        objects: [configMap("settings", { a: "1" })],
      });
      assert.strictEqual(result.status, "completed");
      assert.deepStrictEqual(result.degraded, ["memory"]);
      assert.strictEqual(events.filter(({ type }) => type === "warning").length, 1);
      assert.strictEqual((yield* ledgerOf(cluster, namespace, service)).current, result.deployId);
    }),
  );

  it.scopedLive("refuses a ledger of a newer version, and skips it by name where it reads", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const objects = [configMap("settings", { a: "1" })];
      yield* deploy(on, cluster, { service, namespace, objects });
      const newer = JSON.stringify({ version: 2 });
      yield* cluster.patch(Ledgers.refOf({ namespace, service }), {
        type: "merge",
        body: { data: { "ledger.json": newer } },
        fieldManager: "test",
      });
      const refused = yield* Effect.flip(deploy(on, cluster, { service, namespace, objects }));
      assert.strictEqual(refused._tag, "Refused");
      assert.include(refused.message, "version 2");
      const report = yield* Context.get(on, Intake.Intake).takeIn(cluster, { namespace });
      assert.strictEqual(report.warnings.length, 1);
      assert.include(report.warnings[0] ?? "", "nopea-web");
    }),
  );

  it.scopedLive("ends a deploy that only this machine has in flight, once the ledger is gone", () =>
    Effect.gen(function* () {
      const { cluster, namespace } = yield* world;
      const on = yield* machine();
      const objects = [deployment("web", "v1")];
      const left = yield* deploy(on, cluster, {
        service,
        namespace,
        objects,
        more: { wait: false },
      });
      yield* cluster.remove(Ledgers.refOf({ namespace, service }));
      const next = yield* deploy(on, cluster, { service, namespace, objects });
      assert.strictEqual(next.result.status, "completed");
      const ref = { cluster: next.result.cluster!, namespace, service };
      const rows = yield* Context.get(on, Deploys.Deploys).history(ref, 10);
      const before = rows.find(({ id }) => id === left.result.deployId);
      assert.deepStrictEqual([before?.outcome, before?.reason], ["failed", "interrupted"]);
      assert.strictEqual(
        (yield* ledgerOf(cluster, namespace, service)).current,
        next.result.deployId,
      );
    }),
  );
});
