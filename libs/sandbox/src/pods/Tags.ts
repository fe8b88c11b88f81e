/**
 * What a pod does, by the tag of its containers' images: the states that the container goes
 * through, each so many seconds after the one before. The table of the test-bed's README, in the
 * kubelet's words; "%s" in a message is the image.
 */
export interface Ended {
  readonly code: number;
  readonly reason: string;
  readonly message?: string;
}
interface Common {
  readonly ready: boolean;
  readonly restarts: number;
  readonly last?: Ended;
}
export type State =
  | (Common & { readonly kind: "running" })
  | (Common & { readonly kind: "waiting"; readonly reason: string; readonly message?: string })
  | (Common & { readonly kind: "terminated"; readonly ended: Ended });
export type EventRow = readonly [type: "Normal" | "Warning", reason: string, message: string];
export interface Step {
  readonly after: number;
  readonly state: State;
  readonly events: readonly EventRow[];
}

const running = (ready = true, restarts = 0, last?: Ended): State => ({
  kind: "running",
  ready,
  restarts,
  ...(last ? { last } : {}),
});
const waiting = (reason: string, message?: string, restarts = 0, last?: Ended): State => ({
  kind: "waiting",
  reason,
  ready: false,
  restarts,
  ...(message ? { message } : {}),
  ...(last ? { last } : {}),
});
const step = (after: number, state: State, ...events: EventRow[]): Step => ({
  after,
  state,
  events,
});

const ERROR: Ended = { code: 1, reason: "Error" };
const OOM: Ended = { code: 137, reason: "OOMKilled" };
const STARTED: EventRow = ["Normal", "Started", "Container started"];
const BACK_OFF: EventRow = ["Warning", "BackOff", "Back-off restarting failed container"];

const NOT_FOUND =
  'rpc error: code = NotFound desc = failed to pull and unpack image "%s": failed to resolve reference "%s": %s: not found';
const DENIED =
  'failed to pull and unpack image "%s": failed to resolve reference "%s": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials';
const LIMITED =
  'failed to pull and unpack image "%s": failed to copy: httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit';
const EXEC =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/app/serve": stat /app/serve: no such file or directory';

const pulls = (error: string, short: string): Step[] => [
  step(
    0.15,
    waiting("ErrImagePull", error),
    ["Warning", "Failed", `Failed to pull image: ${short}`],
    ["Warning", "Failed", "Error: ErrImagePull"],
  ),
  step(
    0.8,
    waiting("ImagePullBackOff", `Back-off pulling image "%s": ErrImagePull: ${error}`),
    ["Normal", "BackOff", "Back-off pulling image"],
    ["Warning", "Failed", "Error: ImagePullBackOff"],
  ),
];
const crashLoop = (restarts: number, seconds: number, last: Ended): State =>
  waiting("CrashLoopBackOff", `back-off ${seconds}s restarting failed container`, restarts, last);
const loop = (end: Ended, ready = false, first = 0.3): Step[] => [
  step(0.2, running(ready), STARTED),
  step(first, { kind: "terminated", ended: end, ready: false, restarts: 0 }),
  step(0.3, running(false, 1, end)),
  step(0.3, crashLoop(1, 10, end), BACK_OFF),
  step(3, running(false, 2, end)),
  step(0.3, crashLoop(2, 20, end), BACK_OFF),
  step(6, running(false, 3, end)),
  step(0.3, crashLoop(3, 40, end), BACK_OFF),
];

/** A tag without steps keeps its container in ContainerCreating. */
export const TAGS: Readonly<Record<string, readonly Step[]>> = {
  "pull-fails": pulls(NOT_FOUND, "not found"),
  "pull-denied": pulls(DENIED, "no basic auth credentials"),
  "pull-limited": [
    ...pulls(LIMITED, "429 Too Many Requests"),
    step(4, running(), ["Normal", "Pulled", "Successfully pulled image"]),
  ],
  "bad-name": [
    step(
      0.15,
      waiting(
        "InvalidImageName",
        `Failed to apply default image tag "%s": couldn't parse image name: invalid reference format`,
      ),
      ["Warning", "InspectFailed", "Failed to apply default image tag: invalid reference format"],
    ),
  ],
  "bad-config": [
    step(0.15, waiting("CreateContainerConfigError", 'configmap "missing" not found'), [
      "Warning",
      "Failed",
      'Error: configmap "missing" not found',
    ]),
  ],
  "start-fails": [
    step(0.15, waiting("RunContainerError", EXEC), ["Warning", "Failed", `Error: ${EXEC}`]),
    step(0.5, crashLoop(1, 10, { code: 128, reason: "StartError", message: EXEC }), BACK_OFF),
  ],
  crashes: loop(ERROR),
  oom: loop(OOM),
  "crashes-twice": [
    ...loop(ERROR).slice(0, 4),
    step(2, running(false, 2, ERROR)),
    step(0.5, running(true, 2, ERROR)),
  ],
  "dies-later": loop(ERROR, true, 5),
  "killed-by-probe": [
    step(
      0.2,
      running(false),
      STARTED,
      ["Warning", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"],
      ["Normal", "Killing", "Container failed liveness probe, will be restarted"],
    ),
    step(0.3, crashLoop(1, 10, { code: 137, reason: "Error" }), BACK_OFF),
  ],
  "never-ready": [
    step(0.2, running(false), STARTED, [
      "Warning",
      "Unhealthy",
      "Readiness probe failed: HTTP probe failed with statuscode: 503",
    ]),
  ],
  "mount-fails": [],
  slow: [step(0.2, running(false), STARTED), step(15, running())],
};
/** The tags that an init container may carry. */
export const INIT_TAGS: ReadonlySet<string> = new Set([
  "pull-fails",
  "pull-denied",
  "bad-name",
  "bad-config",
  "start-fails",
  "crashes",
  "oom",
]);
export const MOUNT_FAILED: EventRow = [
  "Warning",
  "FailedMount",
  'MountVolume.SetUp failed for volume "config" : configmap "missing" not found',
];

export const tagOf = (image: string): string | undefined => {
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && Object.hasOwn(TAGS, tag) ? tag : undefined;
};
/** Waiting for an image or a configuration: the pod is Pending, and has no address yet. */
export const pulling = (state: State): boolean =>
  state.kind === "waiting" && state.restarts === 0 && state.reason !== "CrashLoopBackOff";
/** How a state is found again in a pod's status. */
export const keyOf = (state: State): string =>
  `${state.restarts}-${state.kind}-${state.kind === "waiting" ? state.reason : String(state.ready)}`;
