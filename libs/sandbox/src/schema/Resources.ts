/** The resources that are served, built-in and custom: their names, verbs and subresources. */
import { RESOURCES } from "./builtin.js";
import { builtinType, type StructType } from "./Schema.js";

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly groupVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly type: StructType;
  readonly custom: boolean;
  /** `configmaps`, `deployments.apps`: as errors and the RBAC words name it. */
  readonly qualified: string;
}
export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

const list = (text: string | undefined): string[] =>
  text === undefined || text === "-" ? [] : text.split(",");

const parse = (): Map<string, Resource> => {
  const out = new Map<string, Resource>();
  for (const line of RESOURCES.trim().split("\n")) {
    const [
      groupVersion = "",
      name = "",
      singular = "",
      scope,
      kind = "",
      verbs,
      short,
      categories,
    ] = line.split(" ");
    const [plural = "", sub] = name.split("/");
    if (sub !== undefined) {
      const parent = out.get(`${groupVersion}/${plural}`);
      (parent?.subresources as Map<string, Subresource> | undefined)?.set(sub, {
        name: sub,
        kind,
        verbs: list(verbs),
      });
      continue;
    }
    const slash = groupVersion.indexOf("/");
    const group = slash < 0 ? "" : groupVersion.slice(0, slash);
    out.set(`${groupVersion}/${plural}`, {
      group,
      version: groupVersion.slice(slash + 1),
      groupVersion,
      plural,
      singular,
      kind,
      namespaced: scope === "N",
      verbs: list(verbs),
      shortNames: list(short),
      categories: list(categories),
      subresources: new Map(),
      type: builtinType(groupVersion, kind) ?? {
        tag: "struct",
        name: kind,
        atomic: false,
        fields: new Map(),
        open: true,
      },
      custom: false,
      qualified: group ? `${plural}.${group}` : plural,
    });
  }
  return out;
};

/** All resources by `group/version/plural` (`v1/pods`, `apps/v1/deployments`). CRDs add to it. */
export class Resources {
  private readonly byPath = parse();

  at(groupVersion: string, plural: string): Resource | undefined {
    return this.byPath.get(`${groupVersion}/${plural}`);
  }
  /** The resource of a kind. */
  kind(groupVersion: string, kind: string): Resource | undefined {
    for (const r of this.byPath.values())
      if (r.groupVersion === groupVersion && r.kind === kind) return r;
    return undefined;
  }
  must(groupVersion: string, plural: string): Resource {
    const found = this.at(groupVersion, plural);
    if (!found) throw new Error(`no resource ${groupVersion}/${plural}`);
    return found;
  }
  all(): Resource[] {
    return [...this.byPath.values()];
  }
  groups(): string[] {
    return [...new Set(this.all().map((r) => r.group))].filter((g) => g !== "");
  }
  versions(group: string): string[] {
    return [
      ...new Set(
        this.all()
          .filter((r) => r.group === group)
          .map((r) => r.version),
      ),
    ];
  }
  add(resource: Resource): void {
    this.byPath.set(`${resource.groupVersion}/${resource.plural}`, resource);
  }
  remove(resource: Resource): void {
    this.byPath.delete(`${resource.groupVersion}/${resource.plural}`);
  }
}
