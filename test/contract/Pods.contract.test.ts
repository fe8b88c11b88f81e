/**
 * What a pod does is written in its containers' image tags (tools/testbed/README.md): which states,
 * in which order, in which words; in the first container, in a second one, and in an init container.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Json, type WatchEvent } from "../harness/Api.js";
import { describeCluster, randomName, type Cluster } from "../harness/Cluster.js";
import { condition, pod, type PodOptions } from "./objects.js";

interface Tag {
  /** `<restarts> <state> <reason or exit code>`, `(last …)` where an instance has ended before. */
  readonly states: ReadonlyArray<string>;
  /** The message of the first state that has the reason. */
  readonly messages?: Readonly<Record<string, string>>;
  readonly events: ReadonlyArray<readonly [type: string, reason: string, message: string]>;
  /** Of the pod, in the end. */
  readonly phase: string;
  readonly ready: boolean;
}

const image = (tag: string) => `registry.example/app:${tag}`;

const crashes = (end: string): Tag => ({
  states: [
    "0 running",
    `0 terminated ${end}`,
    `1 running (last ${end})`,
    `1 waiting CrashLoopBackOff (last ${end})`,
    `2 running (last ${end})`,
    `2 waiting CrashLoopBackOff (last ${end})`,
    `3 running (last ${end})`,
    `3 waiting CrashLoopBackOff (last ${end})`,
  ],
  messages: { CrashLoopBackOff: "back-off 10s restarting failed container" },
  events: [
    ["Normal", "Started", "Container started"],
    ["Warning", "BackOff", "Back-off restarting failed container"],
  ],
  phase: "Running",
  ready: false,
});

const pulls = (error: string, short: string): Pick<Tag, "states" | "messages" | "events"> => ({
  states: ["0 waiting ErrImagePull", "0 waiting ImagePullBackOff"],
  messages: { ErrImagePull: error },
  events: [
    ["Warning", "Failed", `Failed to pull image: ${short}`],
    ["Warning", "Failed", "Error: ErrImagePull"],
    ["Normal", "BackOff", "Back-off pulling image"],
    ["Warning", "Failed", "Error: ImagePullBackOff"],
  ],
});

const NO_PROGRAM =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/app/serve": stat /app/serve: no such file or directory';
const failedToPull = (tag: string) => `failed to pull and unpack image "${image(tag)}": `;
const notFound = `rpc error: code = NotFound desc = ${failedToPull("pull-fails")}failed to resolve reference "${image("pull-fails")}": ${image("pull-fails")}: not found`;
const denied = `${failedToPull("pull-denied")}failed to resolve reference "${image("pull-denied")}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;
const limited = `${failedToPull("pull-limited")}failed to copy: httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit`;

const tags: Readonly<Record<string, Tag>> = {
  "1": {
    states: ["0 running ready"],
    events: [["Normal", "Started", "Container started"]],
    phase: "Running",
    ready: true,
  },
  "pull-fails": { ...pulls(notFound, "not found"), phase: "Pending", ready: false },
  "pull-denied": { ...pulls(denied, "no basic auth credentials"), phase: "Pending", ready: false },
  "pull-limited": {
    ...pulls(limited, "429 Too Many Requests"),
    states: ["0 waiting ErrImagePull", "0 waiting ImagePullBackOff", "0 running ready"],
    phase: "Running",
    ready: true,
  },
  "bad-name": {
    states: ["0 waiting InvalidImageName"],
    messages: {
      InvalidImageName: `Failed to apply default image tag "${image("bad-name")}": couldn't parse image name: invalid reference format`,
    },
    events: [
      ["Warning", "InspectFailed", "Failed to apply default image tag: invalid reference format"],
    ],
    phase: "Pending",
    ready: false,
  },
  "bad-config": {
    states: ["0 waiting CreateContainerConfigError"],
    messages: { CreateContainerConfigError: 'configmap "missing" not found' },
    events: [["Warning", "Failed", 'Error: configmap "missing" not found']],
    phase: "Pending",
    ready: false,
  },
  "start-fails": {
    states: ["0 waiting RunContainerError", "1 waiting CrashLoopBackOff (last 128 StartError)"],
    messages: { RunContainerError: NO_PROGRAM },
    events: [
      ["Warning", "Failed", `Error: ${NO_PROGRAM}`],
      ["Warning", "BackOff", "Back-off restarting failed container"],
    ],
    phase: "Running",
    ready: false,
  },
  crashes: crashes("1 Error"),
  oom: crashes("137 OOMKilled"),
  "crashes-twice": {
    ...crashes("1 Error"),
    states: [
      ...crashes("1 Error").states.slice(0, 4),
      "2 running (last 1 Error)",
      "2 running ready (last 1 Error)",
    ],
    ready: true,
  },
  "dies-later": {
    ...crashes("1 Error"),
    states: ["0 running ready", ...crashes("1 Error").states.slice(1)],
  },
  "killed-by-probe": {
    states: ["0 running", "1 waiting CrashLoopBackOff (last 137 Error)"],
    events: [
      ["Normal", "Started", "Container started"],
      ["Warning", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"],
      ["Normal", "Killing", "Container failed liveness probe, will be restarted"],
      ["Warning", "BackOff", "Back-off restarting failed container"],
    ],
    phase: "Running",
    ready: false,
  },
  "never-ready": {
    states: ["0 running"],
    events: [
      ["Normal", "Started", "Container started"],
      ["Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"],
    ],
    phase: "Running",
    ready: false,
  },
  "mount-fails": {
    states: [],
    events: [
      [
        "Warning",
        "FailedMount",
        'MountVolume.SetUp failed for volume "config" : configmap "missing" not found',
      ],
    ],
    phase: "Pending",
    ready: false,
  },
  slow: {
    states: ["0 running", "0 running ready"],
    events: [["Normal", "Started", "Container started"]],
    phase: "Running",
    ready: true,
  },
};
const initTags = [
  "pull-fails",
  "pull-denied",
  "bad-name",
  "bad-config",
  "start-fails",
  "crashes",
  "oom",
];

/** Which container has the tag, and how its pod is made. */
const places = {
  main: { tags: Object.keys(tags), options: (tag: string): PodOptions => ({ image: image(tag) }) },
  second: {
    tags: Object.keys(tags),
    options: (tag: string): PodOptions => ({ second: image(tag) }),
  },
  init: { tags: initTags, options: (tag: string): PodOptions => ({ init: image(tag) }) },
} as const;
type Place = keyof typeof places;

const podName = (place: Place, tag: string) => `${place}-${tag}`;
const statusOf = (object: Json, container: string): Json =>
  [
    ...(object.status?.initContainerStatuses ?? []),
    ...(object.status?.containerStatuses ?? []),
  ].find(({ name }: Json) => name === container);

function describeState(status: Json): string {
  const [[kind, state]] = Object.entries<Json>(status.state) as [[string, Json]];
  const ended = ({ exitCode, reason }: Json) => `${exitCode} ${reason}`;
  const what =
    kind === "waiting" ? ` ${state.reason}` : kind === "terminated" ? ` ${ended(state)}` : "";
  const last = status.lastState?.terminated;
  return `${status.restartCount} ${kind}${what}${status.ready === true ? " ready" : ""}${last === undefined ? "" : ` (last ${ended(last)})`}`;
}

/** Creates every pod of the table at once and writes down all that is seen of them until the slowest is through. */
function useHistory(cluster: Cluster) {
  const namespace = randomName("pods");
  const path = `/api/v1/namespaces/${namespace}/pods`;
  let seen: ReadonlyArray<WatchEvent> = [];
  let events: ReadonlyArray<Json> = [];
  beforeAll(async () => {
    await cluster.api.post("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace },
    });
    const watch = await cluster.api.watch(path);
    for (const [place, { tags: of, options }] of Object.entries(places)) {
      for (const tag of of) {
        const made = await cluster.api.post(path, pod(podName(place as Place, tag), options(tag)));
        expect(made.status).toBe(201);
      }
    }
    // The two that take longest.
    for (const place of ["main", "second"]) {
      const reaches = (tag: string, last: string) =>
        watch.next(({ object }) => {
          const status =
            object.metadata.name === podName(place as Place, tag)
              ? statusOf(object, place)
              : undefined;
          return status !== undefined && describeState(status) === last;
        }, 60_000);
      await reaches("dies-later", "3 waiting CrashLoopBackOff (last 1 Error)");
      await reaches("slow", "0 running ready");
    }
    seen = [...watch.seen];
    watch.close();
    events = (await cluster.api.get(`/api/v1/namespaces/${namespace}/events`)).body.items;
  }, 90_000);
  afterAll(async () => {
    await cluster.api.delete(`/api/v1/namespaces/${namespace}`);
  });
  return {
    of: (name: string): ReadonlyArray<Json> =>
      seen.map(({ object }) => object).filter(({ metadata }) => metadata.name === name),
    eventsOf: (name: string): ReadonlyArray<Json> =>
      events.filter(
        ({ involvedObject }) => involvedObject.kind === "Pod" && involvedObject.name === name,
      ),
  };
}

describeCluster("a pod", (cluster) => {
  const history = useHistory(cluster);

  for (const [place, { tags: of }] of Object.entries(places) as Array<
    [Place, { readonly tags: ReadonlyArray<string> }]
  >) {
    describe(`whose ${place} container's image is tagged`, () => {
      it.each(of)("%s", (tag) => {
        const expected = tags[tag] as Tag;
        const versions = history.of(podName(place, tag));
        const statuses = versions
          .map((version) => statusOf(version, place))
          .filter((status) => status !== undefined);
        const states = statuses
          .map(describeState)
          .filter((state, index, all) => state !== all[index - 1]);
        const initial =
          place === "init" ? "0 waiting PodInitializing" : "0 waiting ContainerCreating";
        expect(states).toEqual([initial, ...expected.states]);

        for (const [reason, message] of Object.entries(expected.messages ?? {})) {
          const first = statuses.find(({ state }) => state.waiting?.reason === reason);
          expect(first.state.waiting.message).toBe(message.replaceAll(image(tag), first.image));
        }
        for (const [type, reason, message] of expected.events) {
          expect(history.eventsOf(podName(place, tag))).toContainEqual(
            expect.objectContaining({ type, reason, message }),
          );
        }

        const last = versions.at(-1);
        expect(last.status.phase).toBe(place === "init" ? "Pending" : expected.phase);
        const ready = place !== "init" && expected.ready;
        expect(condition(last, "Ready")).toMatchObject(
          ready ? { status: "True" } : { status: "False", reason: "ContainersNotReady" },
        );
        if (place === "second" && tag !== "mount-fails")
          expect(describeState(statusOf(last, "main"))).toBe("0 running ready");
        if (place === "init") {
          expect(describeState(statusOf(last, "main"))).toBe("0 waiting PodInitializing");
          expect(condition(last, "Initialized")).toMatchObject({ status: "False" });
        }
      });
    });
  }

  it("is put on the node by the scheduler, which says so", () => {
    const [first, ...rest] = history.of("main-1");
    expect(first.status.phase).toBe("Pending");
    expect(first.spec.nodeName).toBeUndefined();
    expect(rest.at(-1).spec.nodeName).toBe("node-1");
    expect(condition(rest.at(-1), "PodScheduled")).toMatchObject({ status: "True" });
    expect(rest.at(-1).status.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });
});

describeCluster("a pod's end", (cluster) => {
  const path = (name?: string) =>
    `/api/v1/namespaces/${cluster.namespace}/pods${name === undefined ? "" : `/${name}`}`;

  it("is a deletion that takes a moment", async () => {
    await cluster.api.post(path(), pod("one"));
    await eventually(
      () => cluster.api.get(path("one")),
      ({ body }) => body.status?.phase === "Running",
    );
    const deleting = await cluster.api.delete(path("one"));
    expect(deleting.status).toBe(200);
    expect(deleting.body.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      deletionGracePeriodSeconds: 30,
    });
    await eventually(
      () => cluster.api.get(path("one")),
      ({ status }) => status === 404,
    );
  });

  it("that no node can hold stays Pending, and the scheduler says why", async () => {
    const big = pod("big");
    big.spec.containers[0].resources = { requests: { cpu: "100" } };
    await cluster.api.post(path(), big);
    const waiting = await eventually(
      () => cluster.api.get(path("big")),
      ({ body }) => condition(body, "PodScheduled")?.reason === "Unschedulable",
    );
    expect(condition(waiting.body, "PodScheduled")).toMatchObject({
      status: "False",
      message: expect.stringMatching(/^0\/1 nodes are available: 1 Insufficient cpu\./),
    });
    const events = await eventually(
      () =>
        cluster.api.get(
          `/api/v1/namespaces/${cluster.namespace}/events?fieldSelector=reason%3DFailedScheduling`,
        ),
      ({ body }) => body.items.length > 0,
    );
    const [event] = events.body.items;
    expect(event).toMatchObject({ type: "Warning", involvedObject: { kind: "Pod", name: "big" } });
    expect(event.message).toMatch(/^0\/1 nodes are available: 1 Insufficient cpu\./);
  });
});
