/**
 * How long a reason must stand before it ends the wait, where the defaults do not fit:
 * `windows: { volume_unavailable: 5m }` in `nopea.yaml`, `NOPEA_WINDOWS=volume_unavailable=5m,…` in
 * the environment. A reason that waiting can't mend, or that never ends it, has no window.
 */
import { Duration, Reason } from "@nopea/domain";
import { Schema } from "effect";

/** `timeout` is what is said where nothing stands. */
const settable = Reason.all.filter(
  (reason) => reason !== "timeout" && ["window", "deadline"].includes(Reason.ruleOf(reason).class),
);

export const Windows = Schema.partialWith(
  Schema.Record({ key: Schema.Literal(...settable), value: Duration.DurationText }),
  { exact: true },
);
export type Windows = typeof Windows.Type;

/** `a=1s,b=2m` as the object that `nopea.yaml` would have. */
export const fromText = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map((part) => {
        const [reason = "", ...duration] = part.split("=");
        return [reason.trim(), duration.join("=").trim()];
      }),
  );

export const advice = `The reasons that have a window are ${settable.join(", ")}.`;
