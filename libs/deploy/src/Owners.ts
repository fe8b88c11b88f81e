/** The process a row of the store belongs to, as text, and whether it is still there. */
import type { ProcessIdentity } from "@nopea/k8s";
import type { Leases } from "@nopea/k8s";
import { Effect, Option, Schema } from "effect";

const Owner = Schema.parseJson(
  Schema.Struct({
    host: Schema.String,
    boot: Schema.String,
    pidNamespace: Schema.String,
    pid: Schema.Int,
    start: Schema.String,
  }),
);

export const encode: (holder: Leases.LeaseHolder) => string = Schema.encodeSync(Owner);

/** As a person reads it. */
export const text = (owner: string): string =>
  Option.match(Schema.decodeOption(Owner)(owner), {
    onNone: () => owner,
    onSome: ({ host, pid }) => `${host}, process ${pid}`,
  });

/**
 * `gone` only where that is certain: the process was of this host and pid namespace and is no
 * longer there, or the host was started anew since. `unknown`: it can't be looked up from here.
 */
export type Presence = "here" | "gone" | "unknown";

export const presence = (
  identity: typeof ProcessIdentity.ProcessIdentity.Service,
  owner: string,
): Effect.Effect<Presence> =>
  Effect.gen(function* () {
    const decoded = Schema.decodeOption(Owner)(owner);
    if (Option.isNone(decoded)) return "unknown";
    const { self } = identity;
    const { host, boot, pidNamespace, pid, start } = decoded.value;
    if (host !== self.host || boot === "" || self.boot === "") return "unknown";
    if (boot !== self.boot) return "gone";
    if (pidNamespace !== self.pidNamespace) return "unknown";
    return Option.getOrUndefined(yield* identity.startOf(pid)) === start ? "here" : "gone";
  });
