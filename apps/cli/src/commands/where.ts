/** Where an answer is looked for: what every command that only looks is asked alike. */
import type { Flags } from "../Flags.js";

export const where = ({ namespace, offline }: Flags) => ({
  ...(namespace === undefined ? {} : { namespace }),
  ...(offline === undefined ? {} : { offline: true }),
});
