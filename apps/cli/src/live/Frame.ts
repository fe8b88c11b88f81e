/**
 * One picture of a running deploy for a terminal: what is being done, each object that is not
 * ready and why, and how long it takes. It never fills more rows or columns than there are.
 */
import { Duration, KubeObject } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { riskLine } from "../render/Risk.js";
import { fit, oneLine, paintFor } from "../Text.js";
import * as Picture from "./Picture.js";

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const TURN_MS = 100;

/** `now` in milliseconds since the epoch. */
export const frame = (picture: Picture.Picture, look: Look, now: number): string => {
  const paint = paintFor(look);
  const elapsed = Math.max(0, now - (picture.startedAt ?? now));
  const turn = SPINNER[Math.floor(now / TURN_MS) % SPINNER.length] ?? "";
  const doing = picture.stopping ? "stopping" : Picture.phaseText(picture);
  const where =
    picture.namespace === "" ? picture.service : `${picture.service} in ${picture.namespace}`;
  const head = fit(
    `${where}: ${doing}, ${Duration.format(elapsed - (elapsed % 100))}`,
    look.width - 2,
  );
  const findings = [...picture.findings.values()];
  const blocks = Picture.unready(picture).map((object) => {
    const key = KubeObject.refKey(object.ref);
    const title = `${KubeObject.refText(object.ref, picture.namespace)}  ${oneLine(object.message)}`;
    // Many pods of one object say the same: each reason once.
    const reasons = new Map(
      findings.filter((finding) => finding.object === key).map((each) => [each.reason, each]),
    );
    return [
      `  ${fit(title, look.width - 2)}`,
      ...[...reasons.values()].map(
        ({ reason, message }) =>
          `    ${paint.yellow(fit(`${reason}: ${oneLine(message)}`, look.width - 4))}`,
      ),
    ];
  });
  const risk =
    picture.risk === undefined ? [] : [paint.dim(fit(`  ${riskLine(picture.risk)}`, look.width))];
  // The last row is the cursor's, one is the head's, one says what is left out.
  const rows = Math.max(1, look.height - 3 - risk.length);
  const shown: Array<string> = [];
  let count = 0;
  for (const block of blocks) {
    if (shown.length + block.length > rows) break;
    shown.push(...block);
    count += 1;
  }
  const more = blocks.length - count;
  return [
    `${paint.cyan(turn)} ${head}`,
    ...risk,
    ...shown,
    ...(more === 0 ? [] : [paint.dim(fit(`  and ${more} more`, look.width))]),
  ].join("\n");
};
