/** Keeps the figures of ResourceQuotas. */
import { hardOf, usedBy } from "../Admission.js";
import type { Api } from "../Api.js";
import { equal, fieldsOf, type KubeObject } from "../Json.js";

/** Writes a quota's status when its figures have changed. */
export const recount = (api: Api, quota: KubeObject): void => {
  const r = api.resources.must("v1", "resourcequotas");
  const status = { hard: hardOf(quota), used: usedBy(api, quota) };
  if (equal(quota.status, status)) return;
  api.update(
    r,
    quota.metadata.namespace,
    quota.metadata.name,
    { ...fieldsOf(quota), status },
    {
      manager: "kube-controller-manager",
      subresource: "status",
    },
  );
};
