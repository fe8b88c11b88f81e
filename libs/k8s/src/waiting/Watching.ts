/**
 * One wait: takes in what the watchers say, judges what changed, tells what is new, and ends with
 * a verdict. Owned by one fiber, so that its state needs no locks; rules and decision are pure.
 */
import { Duration as Span, KubeObject } from "@nopea/domain";
import type { Cluster } from "../connection/Cluster.js";
import { graceEnd } from "../readiness/CustomResource.js";
import type { Sign } from "../diagnosis/Sign.js";
import * as Readiness from "../readiness/Readiness.js";
import * as Decision from "./Decision.js";
import * as Findings from "./Finding.js";
import {
  type JudgeContext,
  judgeTarget,
  type PodJudgement,
  type TargetJudgement,
} from "./Judge.js";
import type { Finding, Observation, WaitSettings, WaitTarget } from "./Observation.js";
import type { Source } from "./Sources.js";
import { type Degraded, signKey, Telling } from "./Telling.js";
import type { Input } from "./Watchers.js";
import { World } from "./World.js";

/** The API server's clock is known to half a second (its Date header has whole ones), and so are the times it writes. */
const CLOCK_SLACK_MS = 1_000;

/** Events and conditions of the seconds between an apply and its wait belong to the apply. */
const APPLY_SLACK_MS = 5_000;
/** A connection that is lost for longer than this says nothing about the objects any more. */
const LOST_MS = 10_000;
/** So long may pods, ReplicaSets and events take to be listed before the wait goes on without. */
const PATIENCE_MS = 5_000;
/** Rules that look at the clock are asked again this often though nothing changes. */
const LOOK_AGAIN_MS = 10_000;

export type Outcome =
  | { readonly type: "waiting"; readonly due: number }
  | { readonly type: "ready" }
  | {
      readonly type: "over";
      readonly cause: Finding;
      readonly timedOut: boolean;
      readonly others: ReadonlyArray<Finding>;
    };

interface Told {
  readonly observations: ReadonlyArray<Observation>;
  readonly outcome: Outcome;
}

export class Watching {
  readonly world: World;
  private readonly targets: ReadonlyMap<string, WaitTarget>;
  private readonly judged = new Map<string, TargetJudgement>();
  private readonly podSigns = new Map<string, ReadonlyArray<Sign>>();
  /** When a sign was first seen, as long as it stands. */
  private standing = new Map<string, number>();
  private readonly telling = new Telling();
  private readonly podReady = new Map<string, number>();
  private readonly targetsReady = new Set<string>();
  private readonly denied = new Set<Source>();
  private readonly lost = new Map<Source, { readonly since: number; readonly message: string }>();
  private lastProgress: number;
  private firstLook = true;

  constructor(
    private readonly cluster: typeof Cluster.Service,
    targets: ReadonlyArray<WaitTarget>,
    private readonly settings: WaitSettings,
    private readonly sources: ReadonlyArray<Source>,
    private readonly bindingModes: ReadonlyMap<string, string>,
    /** By the cluster's clock, in milliseconds; as all times here. */
    private readonly startedAt: number,
  ) {
    this.targets = new Map(
      targets.map((target) => [KubeObject.refKey(KubeObject.refOf(target.object)), target]),
    );
    const earliest = Math.min(startedAt, ...targets.map((target) => this.appliedAt(target)));
    this.world = new World(new Set(this.targets.keys()), earliest - 1_000);
    this.lastProgress = startedAt;
  }

  private appliedAt(target: WaitTarget | undefined): number {
    return target?.appliedAt === undefined
      ? this.startedAt - APPLY_SLACK_MS
      : target.appliedAt - CLOCK_SLACK_MS;
  }

  /** What the inputs say at once, before anything is judged. */
  take(inputs: ReadonlyArray<Input>, now: number): ReadonlyArray<Observation> {
    const said: Array<Observation> = [];
    for (const input of inputs) {
      if (input.type === "denied") {
        this.denied.add(input.source);
        said.push(...this.degrade(whatOf(input.source), input.failure.message));
      }
      if (input.type !== "event") continue;
      const { source, event } = input;
      this.world.take(source, event);
      if (event.type === "degraded") said.push(...this.degrade("watch", event.message));
      if (event.type === "disconnected") {
        if (!this.lost.has(source)) this.lost.set(source, { since: now, message: event.message });
      } else if (event.type !== "degraded") this.lost.delete(source);
    }
    return said;
  }

  degrade(what: Degraded["what"], message: string): ReadonlyArray<Observation> {
    return this.telling.degraded(what, message);
  }

  /** Judges what has changed and tells it. `everything`: time has passed, so that rules that look at the clock may say otherwise. */
  look(now: number, everything: boolean): Told {
    const context = this.context(now);
    if (everything) this.podSigns.clear();
    else for (const uid of this.world.changedPods) this.podSigns.delete(uid);
    const synced = this.sources.every(
      (source) => source.role !== "targets" || this.world.isSynced(source),
    );
    if (!synced) return { observations: [], outcome: this.unseen(now) };
    for (const [key, target] of this.targets) {
      const before = this.judged.get(key);
      const again =
        before === undefined ||
        everything ||
        this.world.changed.has(key) ||
        (this.world.workloadsChanged &&
          before.live !== undefined &&
          !Readiness.isAlwaysReady(before.ref));
      if (again) this.judged.set(key, judgeTarget(this.world, target.object, context));
    }
    this.world.changed.clear();
    this.world.changedPods.clear();
    this.world.workloadsChanged = false;

    const targets = [...this.judged.values()];
    this.noteProgress(targets, now);
    const standing = this.standingOf(targets, now);
    const decision = Decision.decide(standing);
    if (decision.type === "failed" && !this.seesAll(now))
      return {
        observations: this.telling.objects(targets, now, false),
        outcome: this.waitingUntil(now, this.startedAt + PATIENCE_MS),
      };
    const signs = Decision.signsOf(standing);
    const observations = [
      ...this.telling.objects(targets, now, decision.type !== "waiting"),
      ...(this.seesAll(now) ? this.telling.findings(signs) : []),
    ];
    return { observations, outcome: this.outcomeOf(decision, signs, targets, context) };
  }

  /** Pods without their events may look like something worse than they are: no word on them before both are there. */
  private seesAll(now: number): boolean {
    return (
      now >= this.startedAt + PATIENCE_MS ||
      this.sources.every((source) => this.world.isSynced(source) || this.denied.has(source))
    );
  }

  /** Not all targets have been seen yet: only the time can end the wait. */
  private unseen(now: number): Outcome {
    const over = this.timeOver();
    if (now < over.at) return this.waitingUntil(now, Infinity);
    const [lost] = this.lost.values();
    return {
      type: "over",
      cause: this.unreachable(lost?.message ?? "it never answered"),
      timedOut: true,
      others: [],
    };
  }

  private outcomeOf(
    decision: Decision.Decision,
    signs: ReadonlyArray<Decision.StandingSign>,
    targets: ReadonlyArray<TargetJudgement>,
    context: JudgeContext,
  ): Outcome {
    const { now } = context;
    if (decision.type === "ready") return { type: "ready" };
    const lost = this.longLost(now);
    // While the connection is lost nothing new is known: only the time can end the wait.
    if (decision.type === "failed" && lost === undefined) {
      const cause = Findings.causeOf(decision, this.world, context);
      return { type: "over", cause, timedOut: false, others: Findings.others(cause, signs) };
    }
    const over = this.timeOver();
    if (now >= over.at) {
      const cause =
        lost === undefined
          ? Findings.causeOfTimeout(targets, signs, over.text)
          : this.unreachable(lost);
      return { type: "over", cause, timedOut: true, others: Findings.others(cause, signs) };
    }
    return this.waitingUntil(now, decision.type === "waiting" ? decision.due : now + 1_000);
  }

  private unreachable(message: string): Finding {
    const [first] = this.targets.values();
    const waiting = [...this.judged.values()].find((target) => !target.readiness.ready);
    const applied = first === undefined ? undefined : KubeObject.refOf(first.object);
    return {
      reason: "cluster_unreachable",
      message: `the connection to ${this.cluster.server} was lost and did not come back: ${message}`,
      object: waiting?.ref ?? applied ?? { apiVersion: "", kind: "", name: "" },
      evidence: [{ kind: "note", text: message }],
    };
  }

  private timeOver(): { readonly at: number; readonly text: string } {
    const byTimeout = this.lastProgress + this.settings.timeoutMs;
    const byDeadline = this.startedAt + this.settings.deadlineMs;
    return byDeadline <= byTimeout
      ? {
          at: byDeadline,
          text: `not ready ${Span.format(this.settings.deadlineMs)} after it was applied`,
        }
      : { at: byTimeout, text: `nothing became ready for ${Span.format(this.settings.timeoutMs)}` };
  }

  private waitingUntil(now: number, due: number): Outcome {
    const judged = [...this.judged.values()];
    const graces = judged.flatMap((target) => {
      const end = target.live === undefined || target.readiness.ready ? 0 : graceEnd(target.live);
      return end > now ? [end] : [];
    });
    return {
      type: "waiting",
      due: Math.min(
        due,
        this.timeOver().at,
        now + LOOK_AGAIN_MS,
        ...this.telling.untold(judged),
        ...graces,
      ),
    };
  }

  private context(now: number): JudgeContext {
    return {
      now,
      crashLoopRestarts: this.settings.crashLoopRestarts,
      podsKnown: this.sources
        .filter((source) => source.role === "pods")
        .every((source) => this.world.isSynced(source) && !this.denied.has(source)),
      bindingModes: this.bindingModes,
      cache: this.podSigns,
    };
  }

  private standingOf(targets: ReadonlyArray<TargetJudgement>, now: number): Decision.Standing {
    const before = this.standing;
    const after = new Map<string, number>();
    this.standing = after;
    for (const target of targets)
      for (const [pod, sign] of signsOf(target)) {
        const key = signKey(target, pod, sign);
        after.set(key, before.get(key) ?? now);
      }
    return {
      targets,
      now,
      appliedAt: (target) => this.appliedAt(this.targets.get(target.key)),
      firstSeen: (target, pod, sign) => after.get(signKey(target, pod, sign)) ?? now,
      podReadySeen: (uid) => this.podReady.get(uid),
      windows: this.settings.windows,
    };
  }

  /** A pod or object that became ready for the first time; what was ready at the first look is none. */
  private noteProgress(targets: ReadonlyArray<TargetJudgement>, now: number): void {
    for (const target of targets) {
      for (const pod of target.pods)
        if (pod.ready && !this.podReady.has(pod.uid)) {
          this.podReady.set(pod.uid, now);
          if (!this.firstLook) this.lastProgress = now;
        }
      if (target.readiness.ready && !this.targetsReady.has(target.key)) {
        this.targetsReady.add(target.key);
        if (!this.firstLook) this.lastProgress = now;
      }
    }
    this.firstLook = false;
  }

  private longLost(now: number): string | undefined {
    for (const [source, { since, message }] of this.lost)
      if (source.role === "targets" && now - since >= LOST_MS) return message;
    return undefined;
  }

  /** The targets as they are, those that need no watching as they were applied. */
  objects(): ReadonlyArray<KubeObject.KubeObject> {
    return [...this.targets].flatMap(([key, target]) => {
      const { live = undefined, ref = KubeObject.refOf(target.object) } =
        this.judged.get(key) ?? {};
      return live ?? (Readiness.isAlwaysReady(ref) ? target.object : []);
    });
  }

  /** The pod of that name among a target's, to read its logs. */
  podOf(finding: Finding) {
    const target = this.judged.get(KubeObject.refKey(finding.object));
    return (
      target?.pods.find((pod) => pod.pod.metadata.name === finding.pod)?.pod ??
      this.world
        .pods(target?.live?.metadata.uid ?? "")
        .find((pod) => pod.metadata.name === finding.pod)
    );
  }
}

const signsOf = (
  target: TargetJudgement,
): ReadonlyArray<readonly [PodJudgement | undefined, Sign]> => [
  ...target.signs.map((sign) => [undefined, sign] as const),
  ...target.pods.flatMap((pod) => pod.signs.map((sign) => [pod, sign] as const)),
];

const whatOf = (source: Source): Degraded["what"] =>
  source.role === "targets" ? "watch" : source.role === "events" ? "events" : "pods";
