import { assert, describe, expect, it } from "@effect/vitest";
import { Schema } from "effect";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import * as Formats from "../src/Formats.js";
import * as Ledger from "../src/Ledger.js";
import { id, inFlight, ledger } from "./support/Ledgers.js";

const folder = fileURLToPath(new URL("../../../docs/schema/", import.meta.url));

describe("the formats' JSON Schemas", () => {
  it.each(Object.keys(Formats.all))(
    "%s in docs/schema is what the Schema gives (-u writes it)",
    async (file) => {
      const path = `${folder}${file}`;
      const options = (await resolveConfig(path)) ?? {};
      const text = await format(JSON.stringify(Formats.all[file]), { ...options, filepath: path });
      await expect(text).toMatchFileSnapshot(path);
    },
  );

  it("name every field that is written, and no other", () => {
    const written = Schema.encodeSync(Ledger.Ledger)(
      ledger({ inFlight: inFlight(2), learnAfter: id(1) }),
    );
    const described = Formats.all["ledger.v1.json"] as { readonly properties: object };
    assert.sameMembers(Object.keys(described.properties), Object.keys(written));
  });
});
