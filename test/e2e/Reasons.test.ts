/**
 * Every way to fail that the test-bed's pods know, named by the built CLI: in the first, the
 * second and an init container, and what must not be called a failure. Each deploy has a service
 * of its own, so that all of them wait at the same time.
 */
import { expect, it } from "vitest";
import type { Json } from "../harness/Api.js";
import { type Cluster, describeCluster } from "../harness/Cluster.js";
import { deployment, folder, session, yaml } from "./support.js";

type Place = "first" | "second" | "init";

/** A Deployment in one of whose containers the tag is. */
const withTag = (name: string, tag: string, place: Place): Json => {
  const object: Json = deployment(name, "example/app:1.0.0");
  const bad = { name: "bad", image: `example/app:${tag}` };
  const { spec } = object.spec.template;
  if (place === "init") spec.initContainers = [bad];
  if (place === "first") spec.containers = [bad, ...spec.containers];
  if (place === "second") spec.containers = [...spec.containers, bad];
  return object;
};

const job = (name: string): Json => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "app", image: "example/app:job-fails" }],
      },
    },
  },
});

interface Case {
  readonly name: string;
  readonly objects: ReadonlyArray<Json>;
  readonly flags?: ReadonlyArray<string>;
  readonly reason: string;
}

const everywhere = (
  tag: string,
  reason: string,
  places: ReadonlyArray<Place> = ["first", "second", "init"],
) =>
  places.map((place): Case => {
    const name = `${tag}-${place}`;
    return { name, objects: [withTag(name, tag, place)], reason };
  });

const terminal: ReadonlyArray<Case> = [
  ...everywhere("pull-fails", "image_not_found"),
  ...everywhere("bad-name", "image_reference_invalid"),
  ...everywhere("start-fails", "container_start_failed"),
  ...everywhere("crashes", "crash_loop"),
  ...everywhere("oom", "out_of_memory"),
  { name: "job", objects: [job("job")], reason: "job_failed" },
];

const windowed: ReadonlyArray<Case> = [
  ...everywhere("pull-denied", "image_pull_denied"),
  ...everywhere("bad-config", "container_config_missing"),
  ...everywhere("mount-fails", "volume_unavailable", ["first"]),
];

const atTheEnd: ReadonlyArray<Case> = [
  ...everywhere("never-ready", "probe_failing", ["first", "second"]),
  ...everywhere("killed-by-probe", "probe_failing", ["first"]),
  {
    name: "large",
    objects: [
      (() => {
        const object: Json = deployment("large", "example/app:1.0.0");
        object.spec.template.spec.containers[0].resources = { requests: { cpu: "100" } };
        return object;
      })(),
    ],
    reason: "unschedulable",
  },
].map((item) => ({ ...item, flags: ["--timeout", "6s"] }));

/** What each deploy ended with, by service. */
const outcomes = async (cluster: Cluster, cases: ReadonlyArray<Case>, atOnce = 6) => {
  const { json } = session(cluster);
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

const expectReasons = (answers: Record<string, Json>, cases: ReadonlyArray<Case>) => {
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

describeCluster("reasons", (cluster) => {
  it(
    "names what waiting can't mend, wherever the container stands",
    { timeout: 200_000 },
    async () => {
      const answers = await outcomes(cluster, terminal);
      expectReasons(answers, terminal);
      const logs = answers["crashes-second"]?.error.evidence.filter(
        (item: Json) => item.kind === "log",
      );
      expect(JSON.stringify(logs)).toContain("cannot connect to database db:5432");
    },
  );

  it("names what does not mend within its window", { timeout: 240_000 }, async () => {
    expectReasons(await outcomes(cluster, windowed, windowed.length), windowed);
  });

  it("names the cause that stood when the time was over", { timeout: 120_000 }, async () => {
    expectReasons(await outcomes(cluster, atTheEnd), atTheEnd);
  });

  it("calls nothing a failure that mends itself", { timeout: 120_000 }, async () => {
    const cases = ["slow", "crashes-twice", "pull-limited", "1.0.0"].map((tag) => {
      const name = `fine-${tag.replaceAll(".", "-")}`;
      return { name, objects: [withTag(name, tag, "first")], reason: "" };
    });
    const answers = await outcomes(cluster, cases);
    expect(
      Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status])),
    ).toEqual(Object.fromEntries(cases.map(({ name }) => [name, "completed"])));
  });

  it("completes a fix that is deployed over a crash loop", { timeout: 120_000 }, async () => {
    const name = "mended";
    const broken = await outcomes(cluster, [
      { name, objects: [withTag(name, "crashes", "first")], reason: "" },
    ]);
    expect(broken[name]?.status).toBe("failed");
    const mended = await outcomes(cluster, [
      { name, objects: [withTag(name, "2.0.0", "first")], reason: "" },
    ]);
    expect(mended[name]).toMatchObject({ status: "completed", verified: true });
  });
});
