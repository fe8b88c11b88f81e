/** What a field manager owns of an object, from its managedFields. */
import type { KubeObject } from "@nopea/domain";
import { appliedBy, cut } from "./fieldTree.js";
import { isMapping } from "./jsonPath.js";

/**
 * The object with only the fields that `manager` owns by Apply, and with the names that find it:
 * what "last applied" means. Nothing but the names where the manager owns nothing.
 */
export const cutDown = (object: KubeObject.KubeObject, manager: string): KubeObject.KubeObject => {
  const tree = appliedBy(object, manager);
  const own = tree === undefined ? {} : cut(object, tree);
  const fields = isMapping(own) ? own : {};
  const { name, namespace } = object.metadata;
  return {
    ...fields,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...(isMapping(fields["metadata"]) ? fields["metadata"] : {}),
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
};
