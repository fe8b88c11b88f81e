/**
 * What the test-bed's pods do, as one table: image tag → the states a container with that tag goes
 * through, in the kubelet's own words. `stagesYaml` turns it into kwok stages, written at every start.
 *
 * A container's place in its row is found again by "<restartCount>-<state>-<reason or ready>", so that
 * no mark is left on the pod. Two neighbours in a row must therefore differ in that key.
 */

const IMAGE = "{{ .image }}";

const running = (ready = true, restarts = 0, last = null) => ({
  kind: "running",
  ready,
  restarts,
  last,
});
const waiting = (reason, message = "", restarts = 0, last = null) => ({
  kind: "waiting",
  reason,
  message,
  ready: false,
  restarts,
  last,
});
const terminated = (end) => ({ kind: "terminated", ready: false, restarts: 0, last: null, ...end });

const normal = (reason, message) => ({ type: "Normal", reason, message });
const warning = (reason, message) => ({ type: "Warning", reason, message });

/** One step of a row: `after` seconds in the state before it. */
const step = (after, state, ...events) => ({ after, state, events });

const ERROR = { code: 1, reason: "Error" };
const KILLED = { code: 137, reason: "Error" };
const OOM = { code: 137, reason: "OOMKilled" };

const pullFailed = `failed to pull and unpack image "${IMAGE}": `;
const NOT_FOUND = `rpc error: code = NotFound desc = ${pullFailed}failed to resolve reference "${IMAGE}": ${IMAGE}: not found`;
const DENIED = `${pullFailed}failed to resolve reference "${IMAGE}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;
const LIMITED = `${pullFailed}failed to copy: httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit`;
const BAD_NAME = `Failed to apply default image tag "${IMAGE}": couldn't parse image name: invalid reference format`;
const NO_PROGRAM =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/app/serve": stat /app/serve: no such file or directory';

const STARTED = normal("Started", "Container started");

const pulls = (error, short) => [
  step(
    0.15,
    waiting("ErrImagePull", error),
    warning("Failed", `Failed to pull image: ${short}`),
    warning("Failed", "Error: ErrImagePull"),
  ),
  step(
    0.8,
    waiting("ImagePullBackOff", `Back-off pulling image "${IMAGE}": ErrImagePull: ${error}`),
    normal("BackOff", "Back-off pulling image"),
    warning("Failed", "Error: ImagePullBackOff"),
  ),
];

const backOff = (after, seconds, restarts, last) =>
  step(
    after,
    waiting("CrashLoopBackOff", `back-off ${seconds}s restarting failed container`, restarts, last),
    warning("BackOff", "Back-off restarting failed container"),
  );

const crashes = (end, { ready = false, first = 0.3 } = {}) => [
  step(0.2, running(ready), STARTED),
  step(first, terminated(end)),
  step(0.3, running(false, 1, end)),
  backOff(0.3, 10, 1, end),
  step(3, running(false, 2, end)),
  backOff(0.3, 20, 2, end),
  step(6, running(false, 3, end)),
  backOff(0.3, 40, 3, end),
];

export const TAGS = {
  "pull-fails": pulls(NOT_FOUND, "not found"),
  "pull-denied": pulls(DENIED, "no basic auth credentials"),
  "pull-limited": [
    ...pulls(LIMITED, "429 Too Many Requests"),
    step(4, running(), normal("Pulled", "Successfully pulled image")),
  ],
  "bad-name": [
    step(
      0.15,
      waiting("InvalidImageName", BAD_NAME),
      warning("InspectFailed", "Failed to apply default image tag: invalid reference format"),
    ),
  ],
  "bad-config": [
    step(
      0.15,
      waiting("CreateContainerConfigError", 'configmap "missing" not found'),
      warning("Failed", 'Error: configmap "missing" not found'),
    ),
  ],
  "start-fails": [
    step(0.15, waiting("RunContainerError", NO_PROGRAM), warning("Failed", `Error: ${NO_PROGRAM}`)),
    backOff(0.5, 10, 1, { code: 128, reason: "StartError", message: NO_PROGRAM }),
  ],
  crashes: crashes(ERROR),
  oom: crashes(OOM),
  "crashes-twice": [
    ...crashes(ERROR).slice(0, 4),
    step(2, running(false, 2, ERROR)),
    step(0.5, running(true, 2, ERROR)),
  ],
  "dies-later": crashes(ERROR, { ready: true, first: 5 }),
  "killed-by-probe": [
    step(
      0.2,
      running(false),
      STARTED,
      warning("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
      normal("Killing", "Container failed liveness probe, will be restarted"),
    ),
    backOff(0.3, 10, 1, KILLED),
  ],
  "never-ready": [
    step(
      0.2,
      running(false),
      STARTED,
      warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
    ),
  ],
  // No state of its own, nothing but an event: see `mountFails`.
  "mount-fails": [],
  slow: [step(0.2, running(false), STARTED), step(15, running())],
};

/** The tags that an init container knows too; the main containers wait meanwhile. */
const INIT_TAGS = [
  "pull-fails",
  "pull-denied",
  "bad-name",
  "bad-config",
  "start-fails",
  "crashes",
  "oom",
];

// ---- the states as the status templates that kwok fills in -------------------------------------

const NOW = "{{ $now | Quote }}";
const HEAD = "{{ $now := Now }}\n";
const PENDING = `${HEAD}phase: Pending\nstartTime: ${NOW}\n`;
const POD_IP =
  "podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}\n";

const quote = JSON.stringify;

/** A message, filled in by kwok where it names the image. */
function message(text) {
  const times = text.split(IMAGE).length - 1;
  if (times === 0) return quote(text);
  return `{{ printf ${quote(text.replaceAll(IMAGE, "%s"))}${" .image".repeat(times)} | Quote }}`;
}

const endedState = ({ code, reason, message: text }) =>
  `{ exitCode: ${code}, reason: ${reason}, ${text === undefined ? "" : `message: ${quote(text)}, `}startedAt: ${NOW}, finishedAt: ${NOW} }`;

function stateOf(state) {
  switch (state.kind) {
    case "running":
      return `running: { startedAt: ${NOW} }`;
    case "waiting":
      return `waiting: { reason: ${state.reason}${state.message === "" ? "" : `, message: ${message(state.message)}`} }`;
    case "terminated":
      return `terminated: ${endedState(state)}`;
  }
}

const containerStatus = (state) =>
  `- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${state.ready}
  started: ${state.kind === "running"}
  restartCount: ${state.restarts}
  state: { ${stateOf(state)} }
${state.last === null ? "" : `  lastState: { terminated: ${endedState(state.last)} }\n`}`;

const OK = containerStatus(running());

const each = (field, body) => `{{ range .spec.${field} }}\n${body}{{ end }}\n`;
const perTag = (tag, bad, others) =>
  `{{ if hasSuffix ":${tag}" .image }}\n${bad}{{ else }}\n${others}{{ end }}\n`;

const INIT_DONE = `{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
{{ if eq (default "" .restartPolicy) "Always" }}
${OK}{{ else }}
- { name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: Completed, startedAt: ${NOW}, finishedAt: ${NOW} } } }
{{ end }}
{{ end }}
{{ end }}
`;

function conditions(ready, initialized = true) {
  const status = ready ? "True" : "False";
  const why = ready ? "" : "reason: ContainersNotReady, ";
  const init = initialized
    ? `status: "True", `
    : `status: "False", reason: ContainersNotInitialized, `;
  return `conditions:
- { type: Initialized, ${init}lastTransitionTime: ${NOW} }
- { type: Ready, status: "${status}", ${why}lastTransitionTime: ${NOW} }
- { type: ContainersReady, status: "${status}", ${why}lastTransitionTime: ${NOW} }
`;
}

// ---- which pods a stage is for -----------------------------------------------------------------

const when = (key, operator, ...values) =>
  values.length === 0 ? { key, operator } : { key, operator, values };

/** Tags in `x-` are nobody's here: they are left to stage files given to `up --stages`. */
const ANY = [...Object.keys(TAGS), "x-[a-z0-9-]+"].join("|");

const tagTest = (tag, field) => `.spec.${field}[]?.image | test(":(${tag})$")`;
const has = (tag, field = "containers") => when(tagTest(tag, field), "In", "true");
const hasNot = (tag, field = "containers") => when(tagTest(tag, field), "NotIn", "true");

const PHASE_PENDING = when(".status.phase", "In", "Pending");
const UNTOUCHED = when(
  '[.status.containerStatuses[]?, .status.initContainerStatuses[]?] | map(.state.waiting.reason) | unique | join(",")',
  "In",
  "ContainerCreating",
  "PodInitializing",
);

const keyOf = (state) =>
  `${state.restarts}-${state.kind}-${state.kind === "waiting" ? state.reason : state.ready}`;
const isAt = (tag, state, field) =>
  when(
    `.status.${field}[]? | select(.image | test(":${tag}$")) | "\\(.restartCount)-\\(.state | keys[0])-\\(.state.waiting.reason // .ready)"`,
    "In",
    keyOf(state),
  );

function stage(name, conditionsOfPod, after, template, events = []) {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "Pod" },
      selector: {
        matchExpressions: [when(".metadata.deletionTimestamp", "DoesNotExist"), ...conditionsOfPod],
      },
      delay: { durationMilliseconds: Math.round(after * 1000) },
      steps: [
        ...events.map((event) => ({ event })),
        { patch: { subresource: "status", root: "status", template } },
      ],
    },
  };
}

// ---- the stages --------------------------------------------------------------------------------

const CREATING = containerStatus(waiting("ContainerCreating"));
const INITIALIZING = containerStatus(waiting("PodInitializing"));

/** The kubelet has seen the pod. */
const created = [
  stage(
    "pod-created",
    [
      when(".status.containerStatuses", "DoesNotExist"),
      when(".spec.initContainers", "DoesNotExist"),
    ],
    0.05,
    `${PENDING}${conditions(false)}containerStatuses:\n${each("containers", CREATING)}`,
  ),
  stage(
    "pod-created-with-init",
    [when(".status.containerStatuses", "DoesNotExist"), when(".spec.initContainers", "Exists")],
    0.05,
    `${PENDING}${conditions(false, false)}initContainerStatuses:\n${each("initContainers", INITIALIZING)}containerStatuses:\n${each("containers", INITIALIZING)}`,
  ),
];

const wellBehaved = stage(
  "pod-ready",
  [PHASE_PENDING, UNTOUCHED, hasNot(ANY), hasNot(ANY, "initContainers")],
  0.2,
  `${HEAD}phase: Running\n${conditions(true)}${INIT_DONE}containerStatuses:\n${each("containers", OK)}${POD_IP}`,
  [STARTED],
);

/** A container that misbehaves; the others run. */
const misbehaving = (tag, steps) =>
  steps.map(({ after, state, events }, index) => {
    const before = steps[index - 1]?.state;
    const neverStarted =
      state.kind === "waiting" && state.restarts === 0 && state.reason !== "CrashLoopBackOff";
    return stage(
      `pod-${tag}-${index}`,
      [
        has(tag),
        hasNot(ANY, "initContainers"),
        ...(before === undefined
          ? [PHASE_PENDING, UNTOUCHED]
          : [isAt(tag, before, "containerStatuses")]),
      ],
      after,
      `${HEAD}phase: ${neverStarted ? "Pending" : "Running"}\n${conditions(state.ready)}${INIT_DONE}containerStatuses:\n${each("containers", perTag(tag, containerStatus(state), OK))}${neverStarted ? "" : POD_IP}`,
      events,
    );
  });

/** The patch changes nothing, so that kwok doesn't come back to the pod at once. */
const mountFails = stage(
  "pod-mount-fails",
  [has("mount-fails"), UNTOUCHED],
  0.15,
  "phase: Pending\n",
  [
    warning(
      "FailedMount",
      'MountVolume.SetUp failed for volume "config" : configmap "missing" not found',
    ),
  ],
);

/** An init container that misbehaves: the main containers wait. */
const misbehavingInit = (tag, steps) =>
  steps.map((row, index) => {
    const state = { ...row.state, ready: false };
    const before = steps[index - 1];
    return stage(
      `pod-init-${tag}-${index}`,
      [
        has(tag, "initContainers"),
        ...(before === undefined
          ? [PHASE_PENDING, UNTOUCHED]
          : [isAt(tag, { ...before.state, ready: false }, "initContainerStatuses")]),
      ],
      row.after,
      `${HEAD}phase: Pending\n${conditions(false, false)}initContainerStatuses:\n${each("initContainers", perTag(tag, containerStatus(state), INITIALIZING))}containerStatuses:\n${each("containers", INITIALIZING)}`,
      row.events,
    );
  });

const jobEnds = (name, tagCondition, end, phase) =>
  stage(
    name,
    [
      when(".metadata.ownerReferences.[].kind", "In", "Job"),
      when(".status.phase", "In", "Running"),
      when(".status.containerStatuses[]?.ready", "In", "true"),
      tagCondition,
    ],
    1,
    `${HEAD}phase: ${phase}\n${conditions(false)}containerStatuses:\n${each("containers", containerStatus(terminated(end)))}`,
  );

const deleted = {
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: "pod-delete" },
  spec: {
    resourceRef: { apiGroup: "v1", kind: "Pod" },
    selector: { matchExpressions: [when(".metadata.deletionTimestamp", "Exists")] },
    delay: { durationMilliseconds: 100 },
    next: { finalizers: { empty: true }, delete: true },
  },
};

/** The one node becomes Ready; kwok keeps its lease. */
const node = {
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: "node-initialize" },
  spec: {
    resourceRef: { apiGroup: "v1", kind: "Node" },
    selector: {
      matchExpressions: [
        when('.status.conditions.[] | select( .type == "Ready" ) | .status', "NotIn", "True"),
      ],
    },
    next: {
      statusTemplate: `{{ $now := Now }}
allocatable: { cpu: "64", memory: 256Gi, pods: "5000", ephemeral-storage: 1Ti }
capacity: { cpu: "64", memory: 256Gi, pods: "5000", ephemeral-storage: 1Ti }
daemonEndpoints: { kubeletEndpoint: { Port: {{ NodePort }} } }
addresses: [ { address: {{ NodeIP | Quote }}, type: InternalIP } ]
conditions:
- { type: Ready, status: "True", reason: KubeletReady, lastHeartbeatTime: ${NOW}, lastTransitionTime: ${NOW} }
phase: Running
`,
    },
  },
};

export const stages = () => [
  node,
  ...created,
  wellBehaved,
  ...Object.entries(TAGS).flatMap(([tag, steps]) => misbehaving(tag, steps)),
  mountFails,
  ...INIT_TAGS.flatMap((tag) => misbehavingInit(tag, TAGS[tag])),
  jobEnds("pod-job-completes", hasNot("job-fails"), { code: 0, reason: "Completed" }, "Succeeded"),
  jobEnds("pod-job-fails", has("job-fails"), ERROR, "Failed"),
  deleted,
];

/** Every JSON document is a YAML document. */
export const stagesYaml = () =>
  stages()
    .map((each) => JSON.stringify(each))
    .join("\n---\n");
