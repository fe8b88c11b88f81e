/** Requests to the API as values: sent, repeated where that is safe, read as JSON, refused in our words. */
import { Effect } from "effect";
import { ClusterUnreachable, type ClusterFailure } from "./ClusterError.js";
import { fromStatus, type About } from "./apiFailure.js";
import { statusOf } from "./classify.js";
import { repeatedly, type Failure } from "./recovery.js";
import { unreachable, type Request, type Transport } from "./transport.js";

export interface Call {
  readonly request: Request;
  readonly about: About;
  /** The same request twice does what one does. */
  readonly repeatable: boolean;
  /** False: one try, for callers that wait and try again themselves. */
  readonly patient?: boolean;
  /** Nothing was compared: a 409 without a field's owner is a race, to be run again. */
  readonly racing?: boolean;
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** What came of it: the answer, or a failure that is an answer too, so that callers may tell a 404 from the rest. */
export interface Outcome {
  readonly text: string;
  /** An earlier try was cut off and may have been carried out. */
  readonly maybeDone: boolean;
}

/** A try that failed for good, before it is put into words. */
export type CallFailure = (Failure & { readonly maybeDone: boolean }) | ClusterUnreachable;

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

export const toFailure =
  (about: About) =>
  (failure: CallFailure): ClusterFailure => {
    if ("_tag" in failure) return failure;
    return failure.type === "unanswered"
      ? unreachable(failure.error)
      : fromStatus(failure.status, about);
  };

export const call = (
  transport: Transport,
  { request, about, repeatable, patient = true, racing = false, onWarning }: Call,
): Effect.Effect<Outcome, CallFailure> => {
  let cut = false;
  return repeatedly(
    (maybeDone) => {
      cut = maybeDone;
      return Effect.matchEffect(transport.send(request), {
        onFailure: (error) =>
          Effect.fail<Failure | ClusterUnreachable>(
            error._tag === "Unanswered" ? { type: "unanswered", error } : error,
          ),
        onSuccess: (answer) => {
          if (answer.status >= 200 && answer.status < 300) {
            if (onWarning !== undefined) answer.warnings.forEach(onWarning);
            return Effect.succeed({ text: answer.text, maybeDone });
          }
          const status = statusOf(answer, parsed(answer.text));
          const race =
            racing &&
            status.code === 409 &&
            !status.causes.some(({ reason }) => reason === "FieldManagerConflict");
          return Effect.fail<Failure>({ type: "status", status, race });
        },
      });
    },
    { verb: about.verb, repeatable, patient, hasAnswered: transport.hasAnswered },
  ).pipe(
    Effect.mapError((failure) => ("_tag" in failure ? failure : { ...failure, maybeDone: cut })),
  );
};

/** The answer as JSON; what is no JSON comes from something that is no API server. */
export const json = (server: string, text: string): Effect.Effect<unknown, ClusterUnreachable> => {
  const value = parsed(text);
  return value === undefined
    ? Effect.fail(
        new ClusterUnreachable({
          message: `The server at ${server} does not answer as a Kubernetes API server does: is the address right?`,
          reason: "cluster_unreachable",
          server,
        }),
      )
    : Effect.succeed(value);
};
