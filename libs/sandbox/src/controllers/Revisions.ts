/** ControllerRevisions: how StatefulSets and DaemonSets name the versions of their template. */
import { equal, fieldsOf, type KubeObject } from "../Json.js";
import type { Template } from "./objects.js";
import { controllerRef, templateHash, type World } from "./World.js";

/** The revision of the owner's template, made when it is new, made the newest when it is found again. */
export const revisionFor = (
  world: World,
  owner: KubeObject<unknown, unknown>,
  template: Template,
  hashLabel: boolean,
): { readonly name: string; readonly hash: string } => {
  const r = world.resource("apps/v1", "controllerrevisions");
  const data = { spec: { template: { ...template, $patch: "replace" } } };
  const all = world.owned<KubeObject>(r, owner);
  const number = (o: KubeObject): number => Number(fieldsOf(o)["revision"] ?? 0);
  const newest = Math.max(0, ...all.map(number));
  const hash = templateHash(template);
  const found = all.find((o) => equal(fieldsOf(o)["data"], data));
  if (found) {
    if (number(found) < newest)
      world.update(r, { ...found, revision: newest + 1 } as unknown as KubeObject);
    return {
      name: found.metadata.name,
      hash: found.metadata.name.slice(owner.metadata.name.length + 1),
    };
  }
  const name = `${owner.metadata.name}-${hash}`;
  world.create(r, owner.metadata.namespace, {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name,
      labels: {
        ...template.metadata?.labels,
        [hashLabel ? "controller.kubernetes.io/hash" : "controller-revision-hash"]: hash,
      },
      ownerReferences: [controllerRef(owner)],
    },
    data,
    revision: newest + 1,
  });
  return { name, hash };
};
