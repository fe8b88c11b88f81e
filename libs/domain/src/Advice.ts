/**
 * What to do about a reason: one or two sentences for the person who reads it at night. General
 * words per reason; whoever has the evidence at hand may say something sharper instead.
 */
import type { Reason } from "./Reason.js";

const table: Readonly<Record<Reason, string>> = {
  image_reference_invalid:
    "Correct the image reference in the manifest (registry/name:tag or registry/name@sha256:…).",
  image_not_found:
    "Check that the tag or digest was pushed, and that the build runs before the deploy; then deploy again.",
  image_pull_denied:
    "Give the pod an imagePullSecret (or its ServiceAccount one) that may read this registry, and check the image's name.",
  image_pull_failed:
    "Check the registry, DNS, certificates and rate limits as the nodes see them; the kubelet keeps trying.",
  container_config_missing:
    "Add the missing ConfigMap, Secret or key to the set, or mark the reference optional.",
  container_start_failed:
    "Check command, arguments, working directory and mounts, and that the image is for the nodes' architecture.",
  crash_loop:
    "Read the last log lines in the evidence; deploy a fix, or go back to what ran before.",
  out_of_memory:
    "Raise the memory limit of the container, or find what makes it use more than before.",
  probe_failing:
    "Check the probe's path, port and timing against what the container serves; a slow start wants a startupProbe.",
  lifecycle_hook_failed: "Run the hook's command in the image by hand; correct or remove the hook.",
  volume_unavailable:
    "Check that the ConfigMap, Secret or claim the volume names exists, and that no other node still holds it.",
  sandbox_failed:
    "This is the node's or the network plugin's doing: look at the node, then deploy again.",
  unschedulable:
    "Lower the requests, loosen selectors and tolerations, or add nodes: the evidence says what each node lacks.",
  evicted: "The node was short of something: look at the node, and at the pod's requests.",
  quota_exceeded: "Ask for less, free some of the quota, or have it raised.",
  admission_denied: "Change the object as the policy asks; its message is in the evidence.",
  job_failed: "Read the Job's last log lines in the evidence; correct it and deploy again.",
  pvc_unbound: "Check that the claim's StorageClass exists and can provision it.",
  progress_deadline_exceeded:
    "Look at the pods' events; raise progressDeadlineSeconds if they only need longer.",
  timeout: "Look at what was not ready; raise --timeout if it only needs longer.",
  forbidden: "Have this account granted the verb on the resource that the message names.",
  field_conflict:
    "Leave the field to its owner by removing it from the manifest, or take it with --force-conflicts.",
  immutable_field:
    'Put the old value back, or delete the object first (annotation nopea.dev/recreate: "true" lets nopea do it where that is safe).',
  invalid_object: "Correct the field that the message names.",
  object_too_large:
    "Split the object: etcd keeps at most about 1.5 MiB, a ConfigMap or Secret 1 MiB.",
  unknown_kind:
    "Install the CustomResourceDefinition, or use an API version that this cluster serves.",
  namespace_terminating: "Wait until the namespace is gone, then deploy again.",
  crd_invalid: "Correct the CustomResourceDefinition: its conditions say what was not accepted.",
  cluster_unreachable:
    "Check the network, the context and the server's address, then run it again.",
  api_unavailable: "The API server is there but can't answer: wait a little, then run it again.",
  engine_unavailable: "Install Argo Rollouts or Kulta, or deploy with --strategy direct.",
  engine_did_not_roll: "Look at the rollout controller's log; it may not be running.",
  rollout_aborted: "Read why it was aborted; deploy a fix.",
  rollout_lost: "Find out who deleted the Rollout; deploy again.",
  superseded: "Nothing to do: a newer deploy of this service has taken over.",
  interrupted: "Deploy again: what is already applied will be found unchanged.",
};

export const adviceFor = (reason: Reason): string => table[reason];
