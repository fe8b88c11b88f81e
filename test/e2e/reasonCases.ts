/** Deploys that fail in a given way, run at the same time, and what each of them ended with. */
import { expect } from "vitest";
import type { Json } from "../harness/Api.js";
import type { Cluster } from "../harness/Cluster.js";
import { deployment, folder, session, yaml } from "./support.js";

export type Place = "first" | "second" | "init";

/** A Deployment in one of whose containers the tag is. */
export const withTag = (name: string, tag: string, place: Place): Json => {
  const object: Json = deployment(name, "example/app:1.0.0");
  const bad = { name: "bad", image: `example/app:${tag}` };
  const { spec } = object.spec.template;
  if (place === "init") spec.initContainers = [bad];
  if (place === "first") spec.containers = [bad, ...spec.containers];
  if (place === "second") spec.containers = [...spec.containers, bad];
  return object;
};

export interface Case {
  readonly name: string;
  readonly objects: ReadonlyArray<Json>;
  readonly flags?: ReadonlyArray<string>;
  readonly reason: string;
}

export const everywhere = (
  tag: string,
  reason: string,
  places: ReadonlyArray<Place> = ["first", "second", "init"],
) =>
  places.map((place): Case => {
    const name = `${tag}-${place}`;
    return { name, objects: [withTag(name, tag, place)], reason };
  });

/** What each deploy ended with, by service. */
export const outcomes = async (
  cluster: Cluster,
  cases: ReadonlyArray<Case>,
  { atOnce = 6, cwd = folder() } = {},
) => {
  const { json } = session(cluster, cwd);
  const left = [...cases];
  const answers: Record<string, Json> = {};
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const path = folder({ "set.yaml": yaml(...item.objects) });
      const ran = await json(["deploy", "-f", path, "-s", item.name, ...(item.flags ?? [])], {
        timeoutMs: 200_000,
      });
      answers[item.name] = { ...ran.answer, code: ran.code };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
};

export const expectReasons = (answers: Record<string, Json>, cases: ReadonlyArray<Case>) => {
  const seen = Object.fromEntries(
    Object.entries(answers).map(([name, { status, reason, code }]) => [
      name,
      `${status} ${reason} ${code}`,
    ]),
  );
  expect(seen).toEqual(
    Object.fromEntries(cases.map(({ name, reason }) => [name, `failed ${reason} 1`])),
  );
  for (const { error } of Object.values(answers)) {
    expect(error.evidence.length, error.message).toBeGreaterThan(0);
    expect(error.advice).not.toBe("");
  }
};
