/**
 * What is known of a deploy while it runs, gathered from its events: a pure fold, from which both
 * the live view and the plain lines are drawn.
 */
import type { Reason, Risk } from "@nopea/domain";
import { KubeObject, type Plan, type Progress, Timestamp } from "@nopea/domain";
import { HashMap, Option } from "effect";

export interface ObjectPicture {
  readonly ref: KubeObject.ObjectRef;
  readonly state: "planned" | "sent" | "applied" | "waiting" | "ready";
  readonly message: string;
}

export interface FindingPicture {
  readonly object: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly reason: Reason.Reason;
  readonly message: string;
}

export type Phase = "starting" | "queued" | "planning" | "applying" | "waiting" | "done";

export interface Picture {
  readonly service: string;
  readonly namespace: string;
  readonly phase: Phase;
  /** Milliseconds since the epoch; undefined before the first event. */
  readonly startedAt: number | undefined;
  readonly holder: string | undefined;
  /** What memory said before it began. */
  readonly risk: Risk.Risk | undefined;
  readonly planned: ReadonlyArray<Plan.PlannedObject>;
  /** Persistent, for a set of thousands changes one at a time. */
  readonly objects: HashMap.HashMap<string, ObjectPicture>;
  /** By pod and container: the newest only. */
  readonly findings: ReadonlyMap<string, FindingPicture>;
  readonly stopping: boolean;
}

export const empty = (service: string): Picture => ({
  service,
  namespace: "",
  phase: "starting",
  startedAt: undefined,
  holder: undefined,
  risk: undefined,
  planned: [],
  objects: HashMap.empty(),
  findings: new Map(),
  stopping: false,
});

const withObject = (picture: Picture, next: ObjectPicture): Picture => ({
  ...picture,
  objects: HashMap.set(picture.objects, KubeObject.refKey(next.ref), next),
});

/** One event more. */
export const add = (picture: Picture, event: Progress.Progress): Picture => {
  const known = { ...picture, startedAt: picture.startedAt ?? Timestamp.toMillis(event.at) };
  switch (event.type) {
    case "accepted":
      return { ...known, namespace: event.namespace, phase: "planning" };
    case "queued":
      return { ...known, phase: "queued", holder: event.holder };
    case "locked":
      return { ...known, phase: "planning", holder: undefined };
    case "planned":
      return {
        ...known,
        phase: "applying",
        risk: event.risk,
        planned: event.plan.objects,
        objects: HashMap.fromIterable(
          event.plan.objects.map(({ object }) => [
            KubeObject.refKey(object),
            { ref: object, state: "planned" as const, message: "not applied yet" },
          ]),
        ),
      };
    case "applying":
      return withObject(known, {
        ref: event.object,
        state: event.state === "done" ? "applied" : "sent",
        message: event.state === "done" ? (event.action ?? "applied") : "being applied",
      });
    case "applied":
      return { ...known, phase: "waiting" };
    case "waiting":
      return withObject(
        { ...known, phase: "waiting" },
        { ref: event.object, state: event.ready ? "ready" : "waiting", message: event.message },
      );
    case "pod_reason":
      return {
        ...known,
        findings: new Map(known.findings).set(`${event.pod}/${event.container ?? ""}`, {
          object: KubeObject.refKey(event.object),
          pod: event.pod,
          container: event.container,
          reason: event.reason,
          message: event.message,
        }),
      };
    case "verified":
    case "outcome":
      return { ...known, phase: "done" };
    case "warning":
      return known;
  }
};

/** What keeps the deploy from its next phase, in the order of the plan. */
export const unready = (picture: Picture): ReadonlyArray<ObjectPicture> =>
  picture.planned
    .map(({ object }) => HashMap.get(picture.objects, KubeObject.refKey(object)))
    .filter(Option.isSome)
    .map(({ value }) => value)
    .filter(({ state }) => state === (picture.phase === "waiting" ? "waiting" : "sent"));

export const appliedCount = (picture: Picture): number =>
  HashMap.reduce(picture.objects, 0, (count, { state }) =>
    state === "applied" || state === "waiting" || state === "ready" ? count + 1 : count,
  );

/** What is being done, in a few words. */
export const phaseText = (picture: Picture): string => {
  const total = HashMap.size(picture.objects);
  switch (picture.phase) {
    case "starting":
      return "starting";
    case "queued":
      return `waiting for ${picture.holder ?? "another deploy"} to finish`;
    case "planning":
      return "planning";
    case "applying":
      return `applying ${appliedCount(picture)} of ${total}`;
    case "waiting": {
      const left = unready(picture).length;
      return left === 0 ? "waiting" : `waiting for ${left} of ${total}`;
    }
    case "done":
      return "done";
  }
};
