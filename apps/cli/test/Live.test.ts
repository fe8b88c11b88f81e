import { describe, expect, it } from "@effect/vitest";
import { type KubeObject, Service, Timestamp } from "@nopea/domain";
import stringWidth from "string-width";
import { frame } from "../src/live/Frame.js";
import { line, type Said } from "../src/live/Lines.js";
import * as Picture from "../src/live/Picture.js";
import { type Body, events, web } from "./support.js";

const ref = (index: number): KubeObject.ObjectRef => ({
  ...web,
  name: `a-rather-long-name-of-a-deployment-${index}`,
});

const plan = (count: number): Body => ({
  type: "planned",
  strategy: "direct",
  plan: {
    unchanged: false,
    warnings: [],
    objects: Array.from({ length: count }, (_, index) => ({
      object: ref(index),
      source: "a.yaml",
      action: "created" as const,
      fields: [],
    })),
  },
});

const accepted: Body = {
  type: "accepted",
  service: Service.ServiceName.make("web"),
  namespace: Service.Namespace.make("shop"),
  manifestCount: 1,
};

const waiting = (index: number, message: string, ready = false) =>
  ({ type: "waiting", object: ref(index), ready, message }) as const;

const pictureOf = (...bodies: ReadonlyArray<Body>) =>
  events(...bodies).reduce(Picture.add, Picture.empty("web"));

const now = 1_700_000_060_000;
const draw = (picture: Picture.Picture, width: number, height: number) =>
  frame(picture, { color: false, width, height }, now).split("\n");

describe("the live view", () => {
  it("shows what is not ready and why, and nothing that is", () => {
    const lines = draw(
      pictureOf(
        accepted,
        plan(2),
        { type: "applied", objects: 2 },
        waiting(0, "3 of 3 pods ready", true),
        waiting(1, "1 of 3 new pods ready"),
        {
          type: "pod_reason",
          object: ref(1),
          pod: "p-1",
          container: "app",
          reason: "crash_loop",
          message: "exit code 1",
          evidence: [],
        },
      ),
      120,
      24,
    );
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("web in shop: waiting for 1 of 2, 1m");
    expect(lines[1]).toContain("deployment-1  1 of 3 new pods ready");
    expect(lines[2]).toContain("crash_loop: exit code 1");
  });

  it.each([
    [40, 24],
    [80, 10],
    [20, 5],
    [60, 4],
  ])("fits %i columns and %i rows, however much there is", (width, height) => {
    const objects = Array.from({ length: 50 }, (_, index) =>
      waiting(index, "0 of 3 new pods ready, the node says 日本語 and goes on for long"),
    );
    const lines = draw(
      pictureOf(accepted, plan(50), { type: "applied", objects: 50 }, ...objects),
      width,
      height,
    );
    expect(lines.length).toBeLessThan(height);
    expect(Math.max(...lines.map((each) => stringWidth(each)))).toBeLessThanOrEqual(width);
    expect(lines.at(-1)).toMatch(/and \d+ more/);
  });

  it("counts what is applied, and says whom it waits for", () => {
    expect(draw(pictureOf(accepted, { type: "queued", holder: "ci-7" }), 80, 24)[0]).toContain(
      "waiting for ci-7 to finish",
    );
    const applying = pictureOf(
      accepted,
      plan(3),
      { type: "applying", object: ref(0), state: "done", action: "created" },
      { type: "applying", object: ref(1), state: "sent" },
    );
    const lines = draw(applying, 80, 24);
    expect(lines[0]).toContain("applying 1 of 3");
    expect(lines).toHaveLength(2);
  });
});

describe("plain lines", () => {
  const linesOf = (...bodies: ReadonlyArray<Body>) => {
    const said: Said = new Map();
    let picture = Picture.empty("web");
    return events(...bodies).flatMap((event) => {
      const text = line(event, picture, said);
      picture = Picture.add(picture, event);
      return text === undefined ? [] : [text];
    });
  };

  it("says each step once, with the time since the start", () => {
    expect(linesOf(accepted, plan(2), { type: "applied", objects: 2 })).toEqual([
      "   0ms  deploying web to shop: 1 object (01JD0000000000000000000000)",
      "    1s  planned: 2 created",
      "    2s  applied 2 objects, waiting until all is ready",
    ]);
  });

  it("says why an object waits at most every five seconds, and that it became ready", () => {
    const lines = linesOf(
      accepted,
      ...[1, 2, 3, 4, 5, 6, 7].map((ready) => waiting(0, `${ready} of 9 ready`)),
      waiting(0, "9 of 9 ready", true),
      waiting(1, "there at once", true),
    );
    expect(lines.slice(1).map((text) => text.slice(8))).toEqual([
      `Deployment/${ref(0).name}: 1 of 9 ready`,
      `Deployment/${ref(0).name}: 6 of 9 ready`,
      `Deployment/${ref(0).name} is ready`,
    ]);
  });

  it("lets no control character of the cluster through", () => {
    const [, text = ""] = linesOf(accepted, waiting(0, "a\u001b[2Jb\nc"));
    expect(text.endsWith("ab c")).toBe(true);
  });

  it("begins its clock with the first event", () => {
    expect(pictureOf(accepted).startedAt).toBe(
      Timestamp.toMillis(Timestamp.fromMillis(1_700_000_000_000)),
    );
  });
});
