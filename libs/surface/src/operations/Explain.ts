/**
 * Which strategy a deploy of the service would take now, by which rule and from which figures:
 * chosen by the function that deploys choose by. With documents the change that they make is
 * judged; without, one like the service's last.
 */
import {
  BadInput,
  type KubeObject,
  Risk,
  Service,
  Strategy,
  type Who,
  Wire,
  WireError,
} from "@nopea/domain";
import { Choice, Refusal } from "@nopea/deploy";
import { Clock, Effect, Either, Option, Schema } from "effect";
import * as Caller from "../Caller.js";
import * as Memory from "../Memory.js";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { Documents, resolve } from "./Deploy.js";
import { failure, type Failure as ReadingFailure } from "./History.js";

export interface Input {
  readonly service: Service.ServiceName;
  readonly namespace?: Service.Namespace;
  readonly strategy?: Strategy.Strategy;
  readonly overrideFreeze?: boolean;
  readonly manifests?: ReadonlyArray<KubeObject.Manifest>;
  readonly alsoNamespaces?: ReadonlyArray<Service.Namespace>;
  readonly offline?: boolean;
}
export const input: Operation.Of<Input> = Schema.Struct({
  service: Service.ServiceName,
  namespace: Wire.optional(Service.Namespace),
  /** What would be asked for. */
  strategy: Wire.optional(Strategy.Strategy),
  overrideFreeze: Wire.optionalKey(Schema.Boolean, "override_freeze"),
  /** What would be deployed; the cluster is asked what it would change. */
  manifests: Wire.optional(Documents),
  alsoNamespaces: Wire.optionalKey(Schema.Array(Service.Namespace), "also_namespaces"),
  /** Answer from the store alone, without asking the cluster. */
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "ExplainInput" });

export type Failure = ReadingFailure | Refusal.Refusal;

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  known: Schema.Boolean,
  /** Which change was judged: the documents', one like the service's last, or, where none is known, any. */
  judged: Schema.Literal("documents", "last", "any"),
  /** Absent where a deploy would be refused. */
  strategy: Wire.optional(Strategy.Strategy),
  choice: Wire.optional(Strategy.Choice),
  /** Why a deploy would be refused now. */
  refusal: Wire.optional(WireError.WireError),
  /** Absent where the documents would change nothing. */
  risk: Wire.optional(Risk.Risk),
  ...Reach.fields,
}).annotations({ identifier: "ExplainResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"explain", Input, Output, Failure, "once"> = {
  name: "explain",
  summary: "Say which strategy a deploy would take now, by which rule and figures",
  impact: "read",
  scope: "service",
  input,
  output,
  failure: Schema.Union(failure, Refusal.Refusal),
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = yield* session.namespace(asked.namespace);
    const place = { namespace, service: asked.service };
    const policy = yield* session.policy;
    const begun = yield* Reading.begin({ ...place, offline: asked.offline });
    const now = yield* Clock.currentTimeMillis;
    const who = yield* Caller.fromEnvironment;
    const { risk, known, reading, ...rolling } = yield* asked.manifests === undefined
      ? ofTheLast(begun, place, who)
      : ofDocuments(begun, place, { ...asked, manifests: asked.manifests });
    const chosen = Choice.choose({
      asked: asked.strategy,
      policy,
      ref: place,
      now,
      overrideFreeze: asked.overrideFreeze === true,
      risk,
      engine: Choice.engine,
      ...rolling,
    });
    const answer = {
      ...place,
      known,
      judged:
        asked.manifests !== undefined
          ? ("documents" as const)
          : known
            ? ("last" as const)
            : ("any" as const),
      ...(risk === undefined ? {} : { risk }),
    };
    return Either.match(chosen, {
      onLeft: (refusal) => ({
        ...answer,
        refusal: WireError.encode(refusal),
        ...Reading.marks(reading),
      }),
      // That what is wanted can't be done is a part of `why`.
      onRight: ({ warning: _, ...choice }) => ({
        ...answer,
        strategy: choice.strategy,
        choice: Choice.recorded(choice),
        ...Reading.marks(
          Reading.add(reading, { degraded: [], warnings: Choice.warnings(choice, who) }),
        ),
      }),
    });
  });

interface Known extends Choice.Rolling {
  readonly known: boolean;
  readonly risk: Risk.Risk | undefined;
  readonly reading: Reading.Reading;
}

/** For a change like the last one, of the set in force. */
const ofTheLast = (begun: Reading.Reading, place: Memory.Place, who: Who.Who) =>
  Effect.gen(function* () {
    const { context, ...where } = yield* Memory.context(begun, place, who);
    const { risk, known } = context;
    return {
      risk,
      known,
      ...where,
      ...(yield* Memory.rolling(begun, place)),
    } satisfies Known;
  });

/** For the change that the documents make. */
const ofDocuments = (
  begun: Reading.Reading,
  place: Memory.Place,
  asked: Parameters<typeof resolve>[0],
) =>
  Effect.gen(function* () {
    const { connection, unreachable } = begun;
    const session = yield* Session;
    if (Option.isSome(unreachable)) return yield* unreachable.value;
    if (Option.isNone(connection)) {
      return yield* new BadInput({
        message: "offline nobody can say what the documents would change",
        field: "manifests",
      });
    }
    const { deployer } = yield* session.engine;
    const request = yield* resolve({ ...asked, ...place });
    // Whether it would be refused is the choice's to say: a dry run isn't.
    const { strategy: _, ...rest } = request;
    const { risk, rolling } = yield* deployer.plan(connection.value, {
      ...rest,
      dryRun: true,
    });
    const known = !rolling.isFirst;
    return { risk, known, reading: begun, ...rolling } satisfies Known;
  });
