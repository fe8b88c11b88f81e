/** Pods as kubelets leave them, one situation a file in fixtures/, and the signs that must come of each. */
import { assert, describe, it } from "@effect/vitest";
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { classOf, ofPod } from "../src/diagnosis/Diagnosis.js";
import type { KubeEvent, Pod } from "../src/diagnosis/Pod.js";

interface Situation {
  readonly now: string;
  readonly pod: Pod;
  readonly events: ReadonlyArray<KubeEvent>;
  readonly expect: ReadonlyArray<{ reason: string; class: string; container?: string }>;
}

const folder = new URL("fixtures/", import.meta.url);

const signsOf = ({ pod, events, now }: Situation) =>
  ofPod(pod, { now: Date.parse(now), events, crashLoopRestarts: 2 });

const situation = (name: string): Situation =>
  parse(readFileSync(new URL(`${name}.yaml`, folder), "utf8")) as Situation;

describe("the signs of a pod", () => {
  const names = readdirSync(folder).flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? []);
  it.each(names)("%s", (name) => {
    const found = situation(name);
    assert.deepStrictEqual(
      signsOf(found).map((sign) => ({
        reason: sign.reason as string,
        class: classOf(sign) as string,
        ...(sign.container === undefined ? {} : { container: sign.container }),
      })),
      [...found.expect],
    );
  });

  it("carry the figures that a person needs", () => {
    const [memory] = signsOf(situation("out-of-memory-twice"));
    assert.strictEqual(
      memory?.message,
      "exit code 137 (OOMKilled) at a memory limit of 64Mi, 2 runs failed",
    );
    const [nodes] = signsOf(situation("unschedulable"));
    assert.strictEqual(
      nodes?.message,
      "0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint {a: b}",
    );
  });

  it("count a pull error seen before the kubelet only backed off", () => {
    const { pod } = situation("pull-backoff-with-no-cause-anywhere");
    const earlierPullErrors = new Map([["app", "manifest unknown"]]);
    const [sign] = ofPod(pod, { now: 0, events: [], crashLoopRestarts: 2, earlierPullErrors });
    assert.strictEqual(sign?.reason, "image_not_found");
  });

  it("hold no control characters of the cluster's text", () => {
    const { pod } = situation("configmap-missing");
    const [sign] = ofPod(
      JSON.parse(JSON.stringify(pod).replace("configmap", "\\u001b[31mconfigmap")) as Pod,
      { now: 0, events: [], crashLoopRestarts: 2 },
    );
    assert.notMatch(`${sign?.message}${JSON.stringify(sign?.evidence)}`, /\u001b|\\u001b/);
  });
});
