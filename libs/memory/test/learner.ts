/**
 * One process among many: `learner FOLDER NUMBER OF`. It says `ready`, waits for a line, then takes
 * in every `OF`th outcome of a history from the `NUMBER`th on, and those of the next process too,
 * a few at a time, and learns after each.
 */
import { Memory } from "@nopea/memory";
import { Deploys, Store } from "@nopea/store";
import { Effect, Option } from "effect";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { layer, sharedHistory } from "./given.js";

const [folder = "", number = "0", of = "1"] = process.argv.slice(2);

const fewAtOnce = 8;

const learn = Effect.gen(function* () {
  const memory = yield* Memory.Memory;
  const deploys = yield* Deploys.Deploys;
  const store = yield* Store.Store;
  const theirs = (Number(number) + 1) % Number(of);
  const rows = sharedHistory.filter((_, i) => [Number(number), theirs].includes(i % Number(of)));
  for (let from = 0; from < rows.length; from += fewAtOnce) {
    const [one, ...more] = rows.slice(from, from + fewAtOnce);
    // As a deploy's end is settled, and as ledgers are taken in.
    if (one !== undefined)
      yield* store.transaction(() =>
        Effect.zipRight(deploys.put({ ...one, origin: "local" }), memory.learn),
      );
    yield* deploys.takeIn(more, Option.none());
    yield* memory.learn;
  }
  yield* memory.catchUp;
});

const lines = createInterface({ input: process.stdin });
writeSync(1, "ready\n");
lines.once("line", () => {
  lines.close();
  void Effect.runPromise(Effect.provide(learn, layer(folder)));
});
