import { describe, expect, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Clock, Effect, Exit, Fiber, Layer, Option, Scope, TestClock } from "effect";
import {
  ApiFailure,
  ClusterUnreachable,
  type ClusterFailure,
} from "../src/connection/ClusterError.js";
import type { Cluster } from "../src/connection/Cluster.js";
import { Leases, ProcessIdentity } from "../src/index.js";

type ClusterService = typeof Cluster.Service;

const conflict = (statusReason: string) =>
  new ApiFailure({
    message: "another was faster",
    reason: "api_unavailable",
    status: 409,
    statusReason,
    verb: "replace",
    causes: [],
  });
const down = new ClusterUnreachable({ message: "it is down", reason: "cluster_unreachable" });

/** One Lease, compared and set as the API server does it. */
const memory = () => {
  let live: KubeObject.KubeObject | undefined;
  let version = 0;
  let isDown = false;
  let writes = 0;
  const unless = <A>(run: () => Effect.Effect<A, ClusterFailure>) =>
    Effect.suspend(() => (isDown ? Effect.fail(down) : run()));
  const store = (object: KubeObject.KubeObject) => {
    writes += 1;
    live = { ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } };
    return live;
  };
  const cluster = {
    clockSkewMs: Effect.succeed(0),
    get: () => unless(() => Effect.sync(() => Option.fromNullable(live))),
    create: (object: KubeObject.KubeObject) =>
      unless(() =>
        live === undefined
          ? Effect.sync(() => store(object))
          : Effect.fail(conflict("AlreadyExists")),
      ),
    replace: (object: KubeObject.KubeObject) =>
      unless(() =>
        live?.metadata.resourceVersion === object.metadata.resourceVersion
          ? Effect.sync(() => store(object))
          : Effect.fail(conflict("Conflict")),
      ),
  } as unknown as ClusterService;
  return {
    cluster,
    spec: () => (live?.["spec"] ?? {}) as Readonly<Record<string, unknown>>,
    writes: () => writes,
    setDown: (value: boolean) => (isDown = value),
    /** As another hand would. */
    write: (change: (lease: KubeObject.KubeObject) => KubeObject.KubeObject | undefined) => {
      const next = live === undefined ? undefined : change(live);
      if (next === undefined) live = undefined;
      else store(next);
    },
  };
};

interface Machine {
  readonly host: string;
  readonly pid: number;
  /** The pids that run there, and their starts. */
  readonly running?: Readonly<Record<number, string>>;
}

const machine = ({ host, pid, running = {} }: Machine) =>
  Effect.provide(
    Leases.make,
    Layer.succeed(ProcessIdentity.ProcessIdentity, {
      self: { host, boot: `boot-${host}`, pidNamespace: "pid:[1]", pid, start: `s${pid}` },
      startOf: (one) => Effect.succeed(Option.fromNullable(running[one])),
    }),
  );

const request = (more: Partial<Leases.LeaseRequest> = {}): Leases.LeaseRequest => ({
  namespace: "ns",
  name: "nopea-web",
  labels: { "app.kubernetes.io/managed-by": "nopea" },
  fieldManager: "nopea",
  waitMs: 600_000,
  onWait: () => Effect.void,
  ...more,
});

const acquire = (from: Machine, cluster: ClusterService, more: Partial<Leases.LeaseRequest> = {}) =>
  Effect.flatMap(machine(from), (leases) => leases.acquire(cluster, request(more)));

const one: Machine = { host: "one", pid: 1 };
const two: Machine = { host: "two", pid: 2 };

describe("a Lease", () => {
  it.scoped("is held by one at a time, and goes to the next when it is given back", () =>
    Effect.gen(function* () {
      const { cluster, spec } = memory();
      const scope = yield* Scope.make();
      yield* acquire(one, cluster).pipe(Scope.extend(scope));
      const waitedFor: Array<string> = [];
      const next = yield* Effect.fork(
        acquire(two, cluster, { onWait: (who) => Effect.sync(() => waitedFor.push(who)) }),
      );
      yield* TestClock.adjust("30 seconds");
      expect(next.unsafePoll()).toBeNull();
      expect(waitedFor).toEqual(["one, process 1"]);
      yield* Scope.close(scope, Exit.void);
      expect(spec()["holderIdentity"]).toBeUndefined();
      yield* TestClock.adjust("1 second");
      yield* Fiber.join(next);
      expect(String(spec()["holderIdentity"])).toContain('"host":"two"');
    }),
  );

  it.scoped("is renewed every 5 s, and stays held", () =>
    Effect.gen(function* () {
      const { cluster, writes } = memory();
      const held = yield* acquire(one, cluster);
      yield* TestClock.adjust("1 minute");
      yield* held.ensureHeld;
      expect(writes()).toBe(1 + 12);
    }),
  );

  it.scoped("ends the waiting after its time, with the holder's name", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      yield* acquire(one, cluster);
      const waiting = yield* Effect.fork(Effect.flip(acquire(two, cluster, { waitMs: 40_000 })));
      yield* TestClock.adjust("39 seconds");
      expect(waiting.unsafePoll()).toBeNull();
      yield* TestClock.adjust("1 second");
      const error = yield* Fiber.join(waiting);
      expect(error._tag).toBe("LeaseTaken");
      expect(error.message).toContain("one, process 1");
    }),
  );

  it.scoped(
    "of a holder that stopped renewing is taken after 15 s of watching it, whatever its times say",
    () =>
      Effect.gen(function* () {
        const { cluster, write } = memory();
        const dead = yield* Scope.make();
        yield* acquire(one, cluster).pipe(Scope.extend(dead));
        yield* Scope.close(dead, Exit.void);
        // A clock that is years ahead must not keep it for years.
        write((lease) => ({
          ...lease,
          spec: { holderIdentity: "gone", renewTime: "2036-01-01T00:00:00.000000Z" },
        }));
        const next = yield* Effect.fork(acquire(two, cluster));
        yield* TestClock.adjust("14 seconds");
        expect(next.unsafePoll()).toBeNull();
        yield* TestClock.adjust("1 second");
        yield* Fiber.join(next);
      }),
  );

  it.scoped("of a process that is gone is taken at once on the same machine", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      yield* acquire({ host: "one", pid: 7 }, cluster);
      yield* acquire({ host: "one", pid: 8, running: { 8: "s8" } }, cluster, { waitMs: 0 });
    }),
  );

  it.scoped("of a pid that another process has by now, too", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      yield* acquire({ host: "one", pid: 7 }, cluster);
      yield* acquire({ host: "one", pid: 8, running: { 7: "later" } }, cluster, { waitMs: 0 });
    }),
  );

  it.scoped("of a process that runs, or runs elsewhere, is not", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      yield* acquire({ host: "one", pid: 7 }, cluster);
      for (const other of [{ host: "one", pid: 8, running: { 7: "s7" } }, two]) {
        const error = yield* Effect.flip(acquire(other, cluster, { waitMs: 0 }));
        expect(error._tag).toBe("LeaseTaken");
      }
    }),
  );

  it.scoped("is two different ones for two deploys of one process", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      const here = { host: "one", pid: 7, running: { 7: "s7" } };
      yield* acquire(here, cluster);
      expect((yield* Effect.flip(acquire(here, cluster, { waitMs: 0 })))._tag).toBe("LeaseTaken");
    }),
  );

  it.scoped("that isn't ours is refused, not taken", () =>
    Effect.gen(function* () {
      const { cluster, write, spec } = memory();
      yield* Effect.scoped(acquire(one, cluster));
      write((lease) => ({
        ...lease,
        metadata: { ...lease.metadata, labels: {} },
        spec: { holderIdentity: "kube-scheduler" },
      }));
      const error = yield* Effect.flip(acquire(two, cluster));
      expect(error._tag === "ApiFailure" && error.reason).toBe("field_conflict");
      expect(error.message).toMatch(/is not nopea's \(.*held by kube-scheduler\)/);
      expect(spec()["holderIdentity"]).toBe("kube-scheduler");
    }),
  );

  it.scoped("is never had by two, however many want it at the same moment", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      let inside = 0;
      let most = 0;
      const work = (pid: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            const held = yield* acquire({ host: `h${pid}`, pid }, cluster);
            inside += 1;
            most = Math.max(most, inside);
            yield* Effect.sleep("3 seconds");
            yield* held.ensureHeld;
            inside -= 1;
          }),
        );
      const all = yield* Effect.fork(
        Effect.all([1, 2, 3, 4, 5, 6].map(work), { concurrency: "unbounded" }),
      );
      yield* TestClock.adjust("1 minute");
      yield* Fiber.join(all);
      expect(most).toBe(1);
    }),
  );
});

describe("a Lease is lost", () => {
  it.scoped("after 10 s without a renewal, before another may take it", () =>
    Effect.gen(function* () {
      const { cluster, setDown } = memory();
      const held = yield* acquire(one, cluster);
      const lost = yield* Effect.fork(Effect.flip(held.lost));
      setDown(true);
      yield* TestClock.adjust("9 seconds");
      yield* held.ensureHeld;
      expect(lost.unsafePoll()).toBeNull();
      yield* TestClock.adjust("1 second");
      expect((yield* Fiber.join(lost)).message).toMatch(/could not be renewed for 10 s/);
      expect((yield* Effect.flip(held.ensureHeld))._tag).toBe("LeaseLost");
      // For good: that it could be renewed now doesn't make it ours again.
      setDown(false);
      yield* TestClock.adjust("1 minute");
      expect((yield* Effect.flip(held.ensureHeld))._tag).toBe("LeaseLost");
    }),
  );

  it.scoped("not by an outage that is shorter", () =>
    Effect.gen(function* () {
      const { cluster, setDown } = memory();
      const held = yield* acquire(one, cluster);
      yield* TestClock.adjust("4 seconds");
      setDown(true);
      yield* TestClock.adjust("4 seconds");
      setDown(false);
      yield* TestClock.adjust("1 minute");
      yield* held.ensureHeld;
    }),
  );

  it.scoped("by the wall clock alone: a laptop that slept", () =>
    Effect.gen(function* () {
      const { cluster } = memory();
      let sleptMs = 0;
      const clock = yield* Effect.clock;
      const slept: Clock.Clock = {
        ...clock,
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + sleptMs,
        unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + sleptMs),
        currentTimeNanos: clock.currentTimeNanos,
        sleep: (duration) => clock.sleep(duration),
      };
      yield* Effect.gen(function* () {
        const held = yield* acquire(one, cluster);
        yield* held.ensureHeld;
        sleptMs = 3_600_000;
        const error = yield* Effect.flip(held.ensureHeld);
        expect(error.message).toMatch(/could not be renewed for 3600 s/);
      }).pipe(Effect.withClock(slept));
    }),
  );

  it.scoped("when another has taken it, and then it is not given back in the other's name", () =>
    Effect.gen(function* () {
      const { cluster, write, spec } = memory();
      const scope = yield* Scope.make();
      const held = yield* acquire(one, cluster).pipe(Scope.extend(scope));
      write((lease) => ({
        ...lease,
        spec: { ...(lease["spec"] as object), holderIdentity: "someone" },
      }));
      yield* TestClock.adjust("5 seconds");
      const error = yield* Effect.flip(held.ensureHeld);
      expect(error.message).toContain("someone has taken it");
      yield* Scope.close(scope, Exit.void);
      expect(spec()["holderIdentity"]).toBe("someone");
    }),
  );

  it.scoped("when it is deleted", () =>
    Effect.gen(function* () {
      const { cluster, write } = memory();
      const held = yield* acquire(one, cluster);
      write(() => undefined);
      yield* TestClock.adjust("5 seconds");
      expect((yield* Effect.flip(held.ensureHeld)).message).toMatch(/taken away|deleted/);
    }),
  );

  it.scoped("not when someone only labels it", () =>
    Effect.gen(function* () {
      const { cluster, write } = memory();
      const held = yield* acquire(one, cluster);
      write((lease) => ({
        ...lease,
        metadata: { ...lease.metadata, labels: { ...lease.metadata.labels, team: "a" } },
      }));
      yield* TestClock.adjust("1 minute");
      yield* held.ensureHeld;
    }),
  );
});

describe("a look at a Lease", () => {
  it.scoped("says who holds it, and whether that looks over", () =>
    Effect.gen(function* () {
      const { cluster, setDown } = memory();
      const peek = (from: Machine) =>
        Effect.flatMap(machine(from), (leases) => leases.peek(cluster, "ns", "nopea-web"));
      expect(yield* peek(two)).toEqual({ holder: undefined, looksExpired: true });
      yield* acquire(one, cluster);
      expect(yield* peek(two)).toEqual({ holder: "one, process 1", looksExpired: false });
      expect((yield* peek({ host: "one", pid: 9 })).looksExpired).toBe(true);
      setDown(true);
      yield* TestClock.adjust("31 seconds");
      setDown(false);
      expect((yield* peek(two)).looksExpired).toBe(true);
    }),
  );
});
