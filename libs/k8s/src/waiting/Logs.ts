/** The last words of the container that a verdict names. Asked for only where it has run. */
import { KubeObject } from "@nopea/domain";
import { Duration, Effect } from "effect";
import type { Cluster } from "../connection/Cluster.js";
import { containersOf } from "../diagnosis/ContainerView.js";
import { seen } from "../diagnosis/Sign.js";
import type { Finding } from "./Observation.js";
import type { Pod } from "../diagnosis/Pod.js";

const LINES = 20;
/** A node that doesn't answer must not hold the verdict back. */
const PATIENCE = Duration.seconds(2);

/** Which instance of the container has said something; undefined where none has run. */
const instance = (pod: Pod, container: string): { readonly previous: boolean } | undefined => {
  const view = containersOf(pod, { now: 0, events: [], crashLoopRestarts: 0 }).find(
    (candidate) => candidate.name === container,
  );
  if (view === undefined) return undefined;
  const { state, lastState } = view.status;
  const neverRan = ["StartError", "ContainerCannotRun"].includes(view.lastEnd?.reason ?? "");
  if (neverRan) return undefined;
  if (lastState?.terminated !== undefined) return { previous: true };
  return state?.running !== undefined || state?.terminated !== undefined
    ? { previous: false }
    : undefined;
};

/** The finding with its log lines; `failure` says why there are none where there should be. */
export const withLogs = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  finding: Finding,
  pod: Pod | undefined,
) {
  if (pod === undefined || finding.container === undefined) return { finding, failure: undefined };
  const container = finding.container;
  const which = instance(pod, container);
  if (which === undefined) return { finding, failure: undefined };
  const read = (previous: boolean) =>
    cluster.logs(KubeObject.refOf({ ...pod, apiVersion: "v1", kind: "Pod" }), {
      container,
      previous,
      tailLines: LINES,
    });
  const attempt = which.previous
    ? read(true).pipe(
        // The previous instance may be cleaned away already: the current one's words are better than none.
        Effect.catchIf(
          (failure) => failure._tag === "ApiFailure" && failure.status !== 403,
          () => read(false),
        ),
      )
    : read(false);
  return yield* attempt.pipe(
    Effect.timeoutFail({
      duration: PATIENCE,
      onTimeout: () => ({ message: "the node did not answer in time" }),
    }),
    Effect.match({
      onFailure: (failure) => ({ finding, failure: failure.message }),
      onSuccess: (lines) => ({
        finding:
          lines.length === 0
            ? finding
            : {
                ...finding,
                evidence: [...finding.evidence, seen("log", lines.slice(-LINES).join("\n"))],
              },
        failure: undefined,
      }),
    }),
  );
});
