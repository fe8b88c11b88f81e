/**
 * Where an operation that only reads gets its answer. The cluster is asked first and what its
 * ledgers have is taken into memory; where it can't be reached, memory answers alone and says so.
 * What is degraded is decided here, for all of them.
 */
import { type BadInput, type DeployResult, Service } from "@nopea/domain";
import type { ClusterError } from "@nopea/k8s";
import { Deploys, Spool, type StoreError } from "@nopea/store";
import { Effect, Option } from "effect";
import type { Reach } from "./Reach.js";
import { type ClusterService, Session } from "./Session.js";

export interface Asked {
  /** Absent: every namespace. */
  readonly namespace: Service.Namespace | undefined;
  /** Its evidence is wanted too. */
  readonly service?: Service.ServiceName | undefined;
  readonly offline?: boolean | undefined;
}

export interface Reading {
  /** None where nobody can say which cluster is meant; memory is then asked for any. */
  readonly clusterId: Option.Option<Service.ClusterId>;
  /** None where memory answers alone. */
  readonly connection: Option.Option<ClusterService>;
  /** Why the cluster could not be asked, where it was to be. */
  readonly unreachable: Option.Option<ClusterError.ClusterUnreachable>;
  /** False where only the cluster can answer. */
  readonly hasMemory: boolean;
  /** For the result. */
  readonly cluster: Reach;
  readonly degraded: ReadonlyArray<DeployResult.Degraded>;
  readonly warnings: ReadonlyArray<string>;
}

export type Failure = BadInput | StoreError.StoreUnavailable | ClusterError.ClusterFailure;

/** The part that goes into every result. */
export const marks = ({ cluster, degraded, warnings }: Reading) => ({
  cluster,
  degraded,
  warnings,
});

/** What was found out on the way. */
export const add = (
  reading: Reading,
  more: {
    readonly degraded: ReadonlyArray<DeployResult.Degraded>;
    readonly warnings: ReadonlyArray<string>;
  },
): Reading => ({
  ...reading,
  degraded: [...new Set([...reading.degraded, ...more.degraded])],
  warnings: [...new Set([...reading.warnings, ...more.warnings])],
});

/** Which cluster the kubeconfig means, as far as memory knows it. */
const remembered = (session: typeof Session.Service) =>
  Effect.flatMap(
    session.described,
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: ({ server, fallbackId }) =>
        Effect.map(session.deploys.clusterByFallback(server, fallbackId), (known) =>
          Option.some(
            Option.match(known, {
              onNone: () => Service.ClusterId.make(fallbackId),
              onSome: ({ id }) => id,
            }),
          ),
        ),
    }),
  );

/** What could not be written at its time; where it still can't be, it waits on. */
const takeInSpooled = (session: typeof Session.Service) =>
  Spool.make({ folder: session.settings.state }).pipe(
    Effect.flatMap(({ drain }) => drain),
    Effect.provideService(Deploys.Deploys, session.deploys),
    Effect.ignore,
  );

/** From memory alone: because it was asked for, or because the cluster did not answer. */
export const fromMemory = (
  unreachable: Option.Option<ClusterError.ClusterUnreachable>,
): Effect.Effect<Reading, BadInput | StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    const session = yield* Session;
    yield* takeInSpooled(session);
    const clusterId = yield* remembered(session);
    return {
      clusterId,
      connection: Option.none(),
      unreachable,
      hasMemory: true,
      cluster: Option.isSome(unreachable) ? "unreachable" : "offline",
      degraded: [],
      warnings: Option.match(unreachable, {
        onNone: () => [],
        onSome: ({ message }) => [`answered from memory: ${message}`],
      }),
    };
  });

/** From the cluster, after memory has taken in what it lacks of the namespace's ledgers. */
const fromCluster = (asked: Asked): Effect.Effect<Reading, Failure, Session> =>
  Effect.gen(function* () {
    const session = yield* Session;
    const cluster = yield* session.connect;
    const { intake, identify } = yield* session.engine;
    const found = {
      connection: Option.some(cluster),
      unreachable: Option.none(),
      cluster: "reachable" as const,
    };
    return yield* intake.takeIn(cluster, asked).pipe(
      Effect.map((report): Reading => ({
        ...found,
        clusterId: Option.some(report.cluster),
        hasMemory: true,
        degraded: report.degraded,
        warnings: report.warnings,
      })),
      Effect.catchTag("StoreUnavailable", ({ message }) =>
        Effect.map(identify(cluster, asked), (id): Reading => ({
          ...found,
          clusterId: Option.some(id),
          hasMemory: false,
          degraded: ["memory"],
          warnings: [message],
        })),
      ),
    );
  });

export const begin = (asked: Asked): Effect.Effect<Reading, Failure, Session> =>
  asked.offline === true
    ? fromMemory(Option.none())
    : fromCluster(asked).pipe(
        Effect.catchTag("ClusterUnreachable", (failure) =>
          fromMemory(Option.some(failure)).pipe(
            // Neither of them: the cluster is what there is to mend.
            Effect.catchTag("StoreUnavailable", () => Effect.fail(failure)),
          ),
        ),
      );
