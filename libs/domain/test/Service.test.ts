import { assert, describe, it } from "@effect/vitest";
import { Service } from "@nopea/domain";
import { Either, Schema } from "effect";

const decode = Schema.decodeUnknownEither(Service.ServiceName);

describe("ServiceName", () => {
  for (const name of ["a", "web", "web-2", "0", "a".repeat(63)]) {
    it(`takes ${name}`, () => assert.isTrue(Either.isRight(decode(name))));
  }
  for (const name of ["", "Web", "a/b", "a.b", "a\nb", "-a", "a-", "a_b", "a".repeat(64), "é"]) {
    it(`refuses ${JSON.stringify(name)} and says what a name may be`, () => {
      const answer = decode(name);
      assert.isTrue(Either.isLeft(answer) && answer.left.message.includes("RFC 1123"));
    });
  }
});
