/** Volumes: a claim of the sandbox's one storage class is bound at once to a volume made for it. */
import { isObject, type JsonObject, type KubeObject } from "../Json.js";
import type { World } from "./World.js";

export const STORAGE_CLASS = "standard";

export const bindClaim = (world: World, namespace: string, name: string): void => {
  const claims = world.resource("v1", "persistentvolumeclaims");
  const volumes = world.resource("v1", "persistentvolumes");
  const claim = world.get<KubeObject>(claims, namespace, name);
  if (claim?.metadata.deletionTimestamp !== undefined) {
    if (claim) world.update(claims, { ...claim, metadata: { ...claim.metadata, finalizers: [] } });
    return;
  }
  const spec: JsonObject = claim?.spec ?? {};
  if (!claim || claim.status?.["phase"] === "Bound" || spec["storageClassName"] !== STORAGE_CLASS)
    return;
  const capacity =
    isObject(spec["resources"]) && isObject(spec["resources"]["requests"])
      ? spec["resources"]["requests"]
      : {};
  const volume = `pvc-${claim.metadata.uid ?? ""}`;
  if (!world.get(volumes, undefined, volume))
    world.create(volumes, undefined, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume },
      spec: {
        capacity,
        accessModes: spec["accessModes"],
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: STORAGE_CLASS,
        volumeMode: "Filesystem",
        claimRef: {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          namespace,
          name,
          uid: claim.metadata.uid,
        },
        hostPath: { path: `/var/lib/sandbox/${volume}`, type: "" },
      },
    });
  const bound = world.update(claims, {
    ...claim,
    metadata: {
      ...claim.metadata,
      annotations: {
        ...claim.metadata.annotations,
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
      },
    },
    spec: { ...spec, volumeName: volume },
  });
  world.status(claims, bound, { phase: "Bound", accessModes: spec["accessModes"], capacity });
};
