import { describe, expect, it } from "vitest";
import { FieldSet, pathText } from "../src/apply/FieldSet.js";
import { compare, merge, remove, toFieldSet } from "../src/apply/Typed.js";
import type { Json } from "../src/Json.js";
import { builtinType } from "../src/schema/Schema.js";

const deployment = builtinType("apps/v1", "Deployment");
if (!deployment) throw new Error("the schema has no Deployment");
const pod = (containers: Json[]): Json => ({ spec: { template: { spec: { containers } } } });
const paths = (set: FieldSet): string[] => [...set.paths()].map(pathText);

describe("a set of fields", () => {
  it("names list items by their keys, with the default of a key that is not written", () => {
    const value = pod([{ name: "a", ports: [{ containerPort: 80 }] }]);
    expect(paths(toFieldSet(value, deployment))).toEqual([
      '.spec.template.spec.containers[name="a"]',
      '.spec.template.spec.containers[name="a"].name',
      '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
      '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort',
    ]);
  });

  it("takes an atomic map as one field", () => {
    expect(
      paths(toFieldSet({ spec: { selector: { matchLabels: { a: "b" } } } }, deployment)),
    ).toEqual([".spec.selector"]);
  });

  it("is read again from what it wrote", () => {
    const set = toFieldSet(pod([{ name: "a", image: "x" }]), deployment);
    expect(FieldSet.fromJson(set.toJson()).equals(set)).toBe(true);
  });
});

describe("a merge", () => {
  it("keeps the live list's other items where they stood", () => {
    const live = pod([
      { name: "a", image: "1" },
      { name: "b", image: "1" },
      { name: "c", image: "1" },
    ]);
    const merged = merge(live, pod([{ name: "c", image: "2" }, { name: "a" }]), deployment);
    expect(merged).toEqual(
      pod([
        { name: "b", image: "1" },
        { name: "c", image: "2" },
        { name: "a", image: "1" },
      ]),
    );
  });

  it("shows what changed, was added and was removed", () => {
    const changes = compare(
      pod([{ name: "a", image: "1" }]),
      pod([{ name: "a", image: "2" }, { name: "b" }]),
      deployment,
    );
    expect(paths(changes.modified)).toEqual(['.spec.template.spec.containers[name="a"].image']);
    expect(paths(changes.added)).toContain('.spec.template.spec.containers[name="b"]');
    expect(paths(changes.removed)).toEqual([]);
  });

  it("leaves out the fields of a set, and an item that is one of them", () => {
    const gone = toFieldSet(pod([{ name: "b" }]), deployment);
    expect(remove(pod([{ name: "a" }, { name: "b" }]), deployment, gone)).toEqual(
      pod([{ name: "a" }]),
    );
  });
});
