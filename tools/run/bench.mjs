/** npm run bench: what nopea costs, next to kubectl and node themselves, on the real control plane. */
import { build, Failed, install, main, run } from "./steps.mjs";
import { prepareTestbed, withTestbed } from "./testbed.mjs";

await main(async () => {
  await install();
  await build();
  const missing = await prepareTestbed();
  if (missing !== undefined) throw new Failed(missing);
  await withTestbed((env) => run(["node", "test/bench/bench.mjs"], { show: true, env }));
});
