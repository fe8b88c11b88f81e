/** npm run demo: the story of a service on the sandbox, told by the real CLI. */
import { build, install, main, run } from "./steps.mjs";

await main(async () => {
  await install();
  await build();
  await run(["node", "tools/demo/story.mjs"], { show: true });
});
