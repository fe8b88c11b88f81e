/** The Job controller: pods until enough have succeeded or too many have failed. */
import { ApiError } from "../ApiError.js";
import type { Condition, Job, Pod } from "./objects.js";
import { controllerRef, isActive, isReady, type World } from "./World.js";

const COMPONENT = "job-controller";
const phase = (pod: Pod): unknown => pod.status?.["phase"];

export class JobController {
  private readonly jobs;
  private readonly pods;
  constructor(
    private readonly world: World,
    private readonly again: (namespace: string, name: string, ms: number) => void,
  ) {
    this.jobs = world.resource("batch/v1", "jobs");
    this.pods = world.resource("v1", "pods");
  }

  reconcile(namespace: string, name: string): void {
    const job = this.world.get<Job>(this.jobs, namespace, name);
    if (!job?.spec || job.metadata.deletionTimestamp !== undefined) return;
    const { spec } = job;
    const now = this.world.clock.stamp();
    let conditions: Condition[] = job.status?.conditions ?? [];
    const ended = conditions.find(
      (c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True",
    );
    if (ended) return this.expire(job, ended);
    const all = this.world.owned<Pod>(this.pods, job);
    const succeeded = all.filter((p) => phase(p) === "Succeeded").length;
    const failed = all.filter((p) => phase(p) === "Failed").length;
    let active = all.filter(isActive);
    if (spec.suspend === true) {
      for (const pod of active) this.world.delete(this.pods, pod);
      const made = this.condition("Suspended", "JobSuspended", "Job suspended", now);
      if (!conditions.some((c) => c.type === "Suspended" && c.status === "True")) {
        conditions = [...conditions.filter((c) => c.type !== "Suspended"), made];
        this.world.event(job, "Normal", "Suspended", "Job suspended", COMPONENT);
      }
      this.world.status(this.jobs, job, {
        conditions,
        terminating: 0,
        uncountedTerminatedPods: {},
        ready: 0,
      });
      return;
    }
    conditions = conditions.map((c) =>
      c.type === "Suspended" && c.status === "True"
        ? {
            ...c,
            status: "False",
            reason: "JobResumed",
            message: "Job resumed",
            lastTransitionTime: now,
          }
        : c,
    );
    const startTime = job.status?.startTime ?? now;
    const completions = spec.completions ?? 1;
    const late =
      spec.activeDeadlineSeconds !== undefined &&
      this.elapsed(startTime) >= spec.activeDeadlineSeconds * 1000;
    const verdict: readonly [string, string, string, string] | undefined =
      succeeded >= completions
        ? [
            "SuccessCriteriaMet",
            "Complete",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
          ]
        : failed > spec.backoffLimit
          ? [
              "FailureTarget",
              "Failed",
              "BackoffLimitExceeded",
              "Job has reached the specified backoff limit",
            ]
          : late
            ? [
                "FailureTarget",
                "Failed",
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
              ]
            : undefined;
    if (verdict) {
      const [first, last, reason, message] = verdict;
      for (const pod of active) this.world.delete(this.pods, pod);
      if (active.length > 0) {
        const marked = conditions.some((c) => c.type === first)
          ? conditions
          : [...conditions, this.condition(first, reason, message, now)];
        this.write(job, {
          conditions: marked,
          startTime,
          succeeded,
          failed,
          active: 0,
          ready: 0,
          terminating: active.length,
        });
      }
      const marks = conditions.filter((c) => c.type !== first);
      conditions = [
        ...marks,
        this.condition(first, reason, message, now),
        this.condition(last, reason, message, now),
      ];
      const fresh = this.world.get<Job>(this.jobs, namespace, name) ?? job;
      this.write(fresh, {
        conditions,
        startTime,
        succeeded,
        failed,
        active: 0,
        ready: 0,
        terminating: 0,
        ...(last === "Complete" ? { completionTime: now } : {}),
      });
      if (last === "Complete")
        this.world.event(job, "Normal", "Completed", "Job completed", COMPONENT);
      else this.world.event(job, "Warning", reason, message, COMPONENT);
      return;
    }
    if (spec.activeDeadlineSeconds !== undefined)
      this.again(namespace, name, spec.activeDeadlineSeconds * 1000 - this.elapsed(startTime) + 20);
    const room = Math.min(spec.parallelism, completions - succeeded) - active.length;
    const wait = this.backoff(all, failed);
    if (room > 0 && wait > 0) this.again(namespace, name, wait);
    else for (let i = 0; i < room; i++) if (!this.start(job)) break;
    active = this.world.owned<Pod>(this.pods, job).filter(isActive);
    this.write(job, {
      conditions,
      startTime,
      succeeded,
      failed,
      active: active.length,
      ready: active.filter(isReady).length,
      terminating: 0,
    });
  }

  private elapsed(since: string): number {
    return (this.world.clock.now().getTime() - Date.parse(since)) * this.world.clock.speed;
  }
  /** After a failure the next pod waits 10 s, 20 s, 40 s…, at most 10 min. */
  private backoff(all: readonly Pod[], failed: number): number {
    if (failed === 0) return 0;
    const finished = all
      .filter((p) => phase(p) === "Failed")
      .map((p) => {
        const statuses = p.status?.["containerStatuses"] as
          { state?: { terminated?: { finishedAt?: string } } }[] | undefined;
        return Date.parse(
          statuses?.[0]?.state?.terminated?.finishedAt ?? p.metadata.creationTimestamp ?? "",
        );
      });
    const since =
      (this.world.clock.now().getTime() - Math.max(...finished)) * this.world.clock.speed;
    return Math.max(0, Math.min(10_000 * 2 ** (failed - 1), 600_000) - since);
  }

  private start(job: Job): boolean {
    const template = job.spec?.template;
    try {
      const pod = this.world.create(this.pods, job.metadata.namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          generateName: `${job.metadata.name}-`,
          ...(template?.metadata?.labels ? { labels: template.metadata.labels } : {}),
          ...(template?.metadata?.annotations
            ? { annotations: template.metadata.annotations }
            : {}),
          ownerReferences: [controllerRef(job)],
        },
        spec: template?.spec,
      });
      this.world.event(
        job,
        "Normal",
        "SuccessfulCreate",
        `Created pod: ${pod.metadata.name}`,
        COMPONENT,
      );
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.world.event(
        job,
        "Warning",
        "FailedCreate",
        `Error creating: ${error.message}`,
        COMPONENT,
      );
      this.again(job.metadata.namespace ?? "", job.metadata.name, 1000);
      return false;
    }
  }

  private condition(type: string, reason: string, message: string, now: string): Condition {
    return {
      type,
      status: "True",
      reason,
      message,
      lastTransitionTime: now,
      ...{ lastProbeTime: now },
    };
  }

  private write(
    job: Job,
    next: {
      conditions: Condition[];
      startTime: string;
      succeeded: number;
      failed: number;
      active: number;
      ready: number;
      terminating: number;
      completionTime?: string;
    },
  ): void {
    const { conditions, succeeded, failed, active, ...rest } = next;
    this.world.status(this.jobs, job, {
      ...rest,
      ...(conditions.length > 0 ? { conditions } : {}),
      ...(active > 0 ? { active } : {}),
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      uncountedTerminatedPods: {},
    });
  }

  private expire(job: Job, ended: Condition): void {
    const ttl = job.spec?.ttlSecondsAfterFinished;
    if (ttl === undefined) return;
    const left = ttl * 1000 - this.elapsed(ended.lastTransitionTime ?? "");
    if (left > 0) this.again(job.metadata.namespace ?? "", job.metadata.name, left);
    else this.world.delete(this.jobs, job);
  }
}
