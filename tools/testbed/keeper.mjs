/** keeper.mjs DIR PID: takes the test-bed of DIR down once PID is gone, however it went. */
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./programs.mjs";
import { down } from "./testbed.mjs";

const [dir, owner] = process.argv.slice(2);
while (isAlive(Number(owner))) await sleep(500);
await down(dir, { purge: true });
