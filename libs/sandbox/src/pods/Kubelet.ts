/**
 * The scheduler and the kubelet of the one node. A pod is assigned, seen, and then goes through
 * the states that its images' tags name; when someone else has written its status meanwhile, its
 * next state is no longer reached, so that a test may put a pod where it wants.
 */
import type { Api } from "../Api.js";
import { ApiError } from "../ApiError.js";
import type { Timer } from "../Clock.js";
import type { Pod } from "../controllers/objects.js";
import { World } from "../controllers/World.js";
import type { JsonObject } from "../Json.js";
import { items, obj, text } from "../kinds/fields.js";
import type { Change } from "../Store.js";
import { misfits, NODE } from "./Node.js";
import * as Status from "./Status.js";
import { INIT_TAGS, keyOf, MOUNT_FAILED, tagOf, TAGS, type EventRow, type Step } from "./Tags.js";

const SCHEDULER = "kube-scheduler";
const KUBELET = "kubelet";
/** Milliseconds: the pod is seen; a healthy one is ready; a Job's is done; a deleted one is gone. */
const SEEN = 50;
const READY = 200;
const JOB = 1000;
const GONE = 100;

export class Kubelet {
  private readonly world: World;
  private readonly pods;
  private readonly timers = new Map<string, Timer>();
  private readonly unscheduled = new Set<string>();
  private lastIp = 1;

  constructor(private readonly api: Api) {
    this.world = new World(api);
    this.pods = api.resources.must("v1", "pods");
  }

  note({ object, before, type }: Change): void {
    if (object.kind !== "Pod") return;
    const uid = object.metadata.uid ?? "";
    if (type === "DELETED") {
      this.timers.get(uid)?.cancel();
      this.timers.delete(uid);
      this.unscheduled.delete(uid);
      this.retry();
      return;
    }
    if (type === "ADDED") this.after(object, 0, () => this.schedule(object));
    else if (
      object.metadata.deletionTimestamp !== undefined &&
      before?.metadata.deletionTimestamp === undefined
    )
      this.after(object, GONE, () => this.end(object));
  }

  private after(pod: Pod, ms: number, run: () => void): void {
    const uid = pod.metadata.uid ?? "";
    this.timers.get(uid)?.cancel();
    this.timers.set(
      uid,
      this.api.clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          // Deleted or changed meanwhile: whoever did that decides.
          if (!(error instanceof ApiError)) throw error;
        }
      }),
    );
  }

  private now(pod: Pod): Pod | undefined {
    const there = this.world.get<Pod>(this.pods, pod.metadata.namespace, pod.metadata.name);
    return there?.metadata.uid === pod.metadata.uid &&
      there?.metadata.deletionTimestamp === undefined
      ? there
      : undefined;
  }
  private stamp(): string {
    return this.api.clock.stamp();
  }
  private write(pod: Pod, status: JsonObject): void {
    this.world.status(this.pods, pod, status, KUBELET);
  }
  private tell(pod: Pod, events: readonly EventRow[]): void {
    for (const [type, reason, message] of events)
      this.world.event(pod, type, reason, message, KUBELET);
  }

  private schedule(given: Pod): void {
    const pod = this.now(given);
    if (!pod) return;
    if (text(pod.spec, "nodeName")) return this.see(pod);
    if (items(pod.spec, "schedulingGates").length > 0) return;
    const why = this.unfit(pod);
    if (why !== undefined) {
      this.unscheduled.add(pod.metadata.uid ?? "");
      const old = items(pod.status, "conditions").find((c) => c["type"] === "PodScheduled");
      if (old?.["message"] === why) return;
      const condition = {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: why,
        lastProbeTime: null,
        lastTransitionTime: this.stamp(),
        observedGeneration: pod.metadata.generation,
      };
      this.world.status(this.pods, pod, { ...pod.status, conditions: [condition] }, SCHEDULER);
      this.world.schedulerEvent(pod, "Warning", "FailedScheduling", "Scheduling", why);
      return;
    }
    this.unscheduled.delete(pod.metadata.uid ?? "");
    // A binding is no update of the pod by its manager: nobody owns spec.nodeName.
    const condition = {
      type: "PodScheduled",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: this.stamp(),
    };
    const bound = this.api.store.put(this.pods, {
      ...pod,
      spec: { ...pod.spec, nodeName: NODE },
      status: { ...pod.status, conditions: [condition] },
    });
    this.world.schedulerEvent(
      pod,
      "Normal",
      "Scheduled",
      "Binding",
      `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${NODE}`,
    );
    this.see(bound);
  }

  private unfit(pod: Pod): string | undefined {
    const claims = this.api.resources.must("v1", "persistentvolumeclaims");
    for (const volume of items(pod.spec, "volumes")) {
      const name = text(obj(volume, "persistentVolumeClaim"), "claimName");
      if (!name) continue;
      const claim = this.api.store.get(claims, pod.metadata.namespace, name);
      if (!claim)
        return `0/1 nodes are available: persistentvolumeclaim ${JSON.stringify(name)} not found. not found`;
      if (claim.status?.["phase"] !== "Bound")
        return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
    }
    const others: Pod[] = [];
    for (const o of this.api.store.values(this.pods)) {
      const phase = o.status?.["phase"];
      if (
        o.metadata.uid !== pod.metadata.uid &&
        text(o.spec, "nodeName") === NODE &&
        phase !== "Succeeded" &&
        phase !== "Failed"
      )
        others.push(o);
    }
    const node = this.world.get(this.api.resources.must("v1", "nodes"), undefined, NODE);
    const reasons = misfits(pod, others, node?.metadata.labels ?? {});
    if (reasons.length === 0) return undefined;
    return `0/1 nodes are available: ${reasons.join(", ")}. preemption: 0/1 nodes are available: 1 ${/Insufficient|Too many/.test(reasons[0] ?? "") && !this.beyond(pod) ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling"}.`;
  }
  /** Asks for more than the empty node has. */
  private beyond(pod: Pod): boolean {
    return misfits(pod, [], { "kubernetes.io/hostname": NODE }).length > 0;
  }

  /** Something has become free, or bound: pods that wait are tried again. */
  retry(): void {
    for (const uid of this.unscheduled)
      for (const pod of this.api.store.values(this.pods))
        if (pod.metadata.uid === uid) this.after(pod, 0, () => this.schedule(pod));
  }

  private see(given: Pod): void {
    this.after(given, SEEN, () => {
      const pod = this.now(given);
      if (!pod || items(pod.status, "containerStatuses").length > 0) return;
      this.write(pod, Status.created(pod, this.stamp()));
      this.live(pod);
    });
  }

  private live(pod: Pod): void {
    const initTag = items(pod.spec, "initContainers")
      .map((c) => tagOf(text(c, "image")))
      .find((t) => t !== undefined);
    const tag = items(pod.spec, "containers")
      .map((c) => tagOf(text(c, "image")))
      .find((t) => t !== undefined);
    if (initTag !== undefined) {
      if (INIT_TAGS.has(initTag))
        this.play(pod, "initContainerStatuses", initTag, TAGS[initTag] ?? [], undefined);
    } else if (tag === "mount-fails") this.after(pod, 150, () => this.tell(pod, [MOUNT_FAILED]));
    else if (tag !== undefined)
      this.play(pod, "containerStatuses", tag, TAGS[tag] ?? [], undefined);
    else
      this.after(pod, READY, () => {
        const there = this.now(pod);
        if (!there || !Status.fresh(there)) return;
        this.tell(there, [["Normal", "Started", "Container started"]]);
        this.write(there, Status.ready(there, this.ip(), this.stamp()));
        this.finishJob(there);
      });
  }

  private play(
    pod: Pod,
    key: "containerStatuses" | "initContainerStatuses",
    tag: string,
    steps: readonly Step[],
    before: Step | undefined,
  ): void {
    const [step, ...rest] = steps;
    if (!step) {
      this.finishJob(pod);
      return;
    }
    this.after(pod, step.after * 1000, () => {
      const there = this.now(pod);
      if (!there) return;
      const expected = before
        ? Status.seen(there, key, tag) ===
          keyOf({ ...before.state, ready: key === "containerStatuses" && before.state.ready })
        : Status.fresh(there);
      if (!expected) return;
      this.tell(there, step.events);
      const status =
        key === "containerStatuses"
          ? Status.misbehaving(
              there,
              tag,
              step.state,
              text(there.status, "podIP") || this.ip(),
              this.stamp(),
            )
          : Status.initializing(there, tag, step.state, this.stamp());
      this.write(there, status);
      this.play(there, key, tag, rest, step);
    });
  }

  /** A Job's pod ends a second after its containers are ready. */
  private finishJob(pod: Pod): void {
    if (!pod.metadata.ownerReferences?.some((ref) => ref.kind === "Job")) return;
    this.after(pod, JOB, () => {
      const there = this.now(pod);
      const statuses = items(there?.status, "containerStatuses");
      if (
        !there ||
        there.status?.["phase"] !== "Running" ||
        !statuses.some((s) => s["ready"] === true)
      )
        return;
      const failed = items(there.spec, "containers").some((c) =>
        text(c, "image").endsWith(":job-fails"),
      );
      this.write(there, Status.finished(there, failed, this.stamp()));
    });
  }

  private ip(): string {
    const n = ++this.lastIp;
    return `10.1.${(n >> 8) & 255}.${n & 255}`;
  }

  private end(given: Pod): void {
    const pod = this.world.get<Pod>(this.pods, given.metadata.namespace, given.metadata.name);
    if (pod && pod.metadata.uid === given.metadata.uid) this.api.store.delete(this.pods, pod);
  }
}
