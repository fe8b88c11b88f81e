/** One deploy's id: a ULID, so that ids sort by the time the deploy was accepted. */
import { Clock, Effect, Schema } from "effect";
import { decodeTime, monotonicFactory, type ULIDFactory } from "ulid";

const FORM = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export const DeployId = Schema.String.pipe(
  Schema.pattern(FORM, { message: () => "expected a ULID" }),
  Schema.brand("DeployId"),
  Schema.annotations({ identifier: "DeployId" }),
);
export type DeployId = typeof DeployId.Type;

/** As `Schema.is(DeployId)`, for where there are thousands. */
export const is = (value: unknown): value is DeployId =>
  typeof value === "string" && FORM.test(value);

let factory: ULIDFactory | undefined;
/** Made with the first id: it looks for a source of randomness, which costs a start milliseconds. */
const next: ULIDFactory = (millis) => (factory ??= monotonicFactory())(millis);

/** A new id; ids made by one process sort in the order they were made. */
export const make: Effect.Effect<DeployId> = Clock.currentTimeMillis.pipe(
  Effect.map((millis) => next(millis) as DeployId),
);

/** When the deploy was accepted, in milliseconds since the epoch. */
export const toMillis = (id: DeployId): number => decodeTime(id);
