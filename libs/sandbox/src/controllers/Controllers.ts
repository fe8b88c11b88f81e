/**
 * The control loops: every change puts the objects that it concerns on a queue, which is worked
 * off in turns of the event loop. Each loop looks at the present state, never at the change.
 */
import type { Api } from "../Api.js";
import { ApiError } from "../ApiError.js";
import type { KubeObject } from "../Json.js";
import type { Kubelet } from "../pods/Kubelet.js";
import type { Resource } from "../schema/Resources.js";
import type { Change } from "../Store.js";
import { bindClaim } from "./Claims.js";
import { Collector } from "./Collector.js";
import { isDefinition, serveDefinition, withdrawDefinition } from "./CustomResources.js";
import { DaemonSetController } from "./DaemonSet.js";
import { DeploymentController } from "./Deployment.js";
import { JobController } from "./Job.js";
import { recount } from "./Quotas.js";
import { ReplicaSetController } from "./ReplicaSet.js";
import { StatefulSetController } from "./StatefulSet.js";
import { World } from "./World.js";

type Loop = (namespace: string, name: string) => void;

export class Controllers {
  private readonly world: World;
  private readonly loops: Readonly<Record<string, Loop>>;
  private readonly collector: Collector;
  private readonly queue = new Map<string, () => void>();
  private scheduled = false;
  private stopped = false;

  constructor(
    private readonly api: Api,
    private readonly kubelet: Kubelet,
  ) {
    const world = (this.world = new World(api));
    const later = (kind: string) => (namespace: string, name: string, ms: number) => {
      api.clock.after(ms, () => this.enqueue(kind, namespace, name));
    };
    const deployment = new DeploymentController(world, later("Deployment"));
    const replicaSet = new ReplicaSetController(world, later("ReplicaSet"));
    const job = new JobController(world, later("Job"));
    const statefulSet = new StatefulSetController(world, later("StatefulSet"));
    const daemonSet = new DaemonSetController(world, later("DaemonSet"));
    this.collector = new Collector(world);
    this.loops = {
      Deployment: (ns, name) => deployment.reconcile(ns, name),
      ReplicaSet: (ns, name) => replicaSet.reconcile(ns, name),
      Job: (ns, name) => job.reconcile(ns, name),
      StatefulSet: (ns, name) => statefulSet.reconcile(ns, name),
      DaemonSet: (ns, name) => daemonSet.reconcile(ns, name),
      PersistentVolumeClaim: (ns, name) => bindClaim(world, ns, name),
      CustomResourceDefinition: (_, name) => serveDefinition(world, name),
      Namespace: (_, name) => this.collector.namespace(name),
      Quotas: (ns) => this.recountAll(ns),
    };
    api.store.watchAll((change, resource) => this.note(change, resource));
  }

  stop(): void {
    this.stopped = true;
    this.queue.clear();
  }

  private note(change: Change, resource: Resource): void {
    if (this.stopped) return;
    const { object, type } = change;
    const { namespace = "", name } = object.metadata;
    if (this.loops[object.kind]) this.enqueue(object.kind, namespace, name);
    for (const ref of object.metadata.ownerReferences ?? [])
      if (this.loops[ref.kind]) this.enqueue(ref.kind, namespace, ref.name);
    if (object.kind === "ReplicaSet" || object.kind === "Pod") this.kubelet.note(change);
    if (object.kind === "Pod") this.enqueueRecreates(namespace, object);
    if (object.kind === "PersistentVolumeClaim") this.kubelet.retry();
    for (const uid of this.collector.note(change, resource))
      this.put(`gc ${uid}`, () => this.collector.look(uid));
    if (type === "DELETED") {
      this.enqueue("Namespace", "", namespace);
      if (isDefinition(object)) withdrawDefinition(this.world, object);
    }
    if (type === "ADDED" && object.kind === "Namespace")
      this.put(`new ${name}`, () => this.furnish(name));
    if (namespace && type !== "MODIFIED" && object.kind !== "Event")
      this.enqueue("Quotas", namespace, "");
    else if (object.kind === "ResourceQuota" || object.kind === "Pod")
      this.enqueue("Quotas", namespace, "");
  }

  /** A Deployment that recreates waits for the pods of its sets. */
  private enqueueRecreates(namespace: string, pod: KubeObject): void {
    const sets = this.api.resources.must("apps/v1", "replicasets");
    for (const ref of pod.metadata.ownerReferences ?? []) {
      if (ref.kind !== "ReplicaSet") continue;
      const set = this.api.store.get(sets, namespace, ref.name);
      for (const owner of set?.metadata.ownerReferences ?? [])
        this.enqueue(owner.kind, namespace, owner.name);
    }
  }

  private enqueue(kind: string, namespace: string, name: string): void {
    const loop = this.loops[kind];
    if (loop) this.put(`${kind} ${namespace}/${name}`, () => loop(namespace, name));
  }

  private put(key: string, run: () => void): void {
    if (this.stopped) return;
    this.queue.set(key, run);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.drain());
  }

  private drain(): void {
    this.scheduled = false;
    const batch = [...this.queue.values()];
    this.queue.clear();
    for (const run of batch)
      try {
        run();
      } catch (error) {
        // A race with a client: the change that made it has put the object on the queue again.
        if (!(error instanceof ApiError)) throw error;
      }
  }

  private recountAll(namespace: string): void {
    for (const quota of this.api.store.list(
      this.api.resources.must("v1", "resourcequotas"),
      namespace,
    ))
      recount(this.api, quota);
  }

  /** What every namespace gets: its service account and the cluster's root certificate. */
  private furnish(namespace: string): void {
    const put = (plural: string, object: { metadata: { name: string } }): void => {
      const r = this.world.resource("v1", plural);
      if (!this.world.get(r, namespace, object.metadata.name))
        this.world.create(r, namespace, object);
    };
    put("serviceaccounts", { metadata: { name: "default" } });
    const annotations = {
      "kubernetes.io/description":
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
    };
    const root = { metadata: { name: "kube-root-ca.crt", annotations }, data: { "ca.crt": "" } };
    put("configmaps", root);
  }
}
