/**
 * The backtest as a program (`npm run backtest -- [--json] FILE.jsonl…`): every predictor over every
 * history, as a table or as JSON. With one file the object is keyed by predictor, with several by
 * file first. What is wrong with a line is said on stderr.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { Logistic, Original, ServiceRate } from "./Baselines.js";
import { generate, linesOf, profiles } from "./Generated.js";
import { type Deploy, parse } from "./History.js";
import type { Metrics } from "./Metrics.js";
import { Nopea, type Pattern } from "./Nopea.js";
import { plantedFound } from "./Planted.js";
import { learnPriors, priorFor, withoutIt } from "./Prior.js";
import { score } from "./Replay.js";

const USAGE = `usage: npm run backtest -- [--json] FILE.jsonl[.gz]…
       npm run backtest -- --generate lift-4|lift-3|no-pairs [--seed N]   a history with known truth
       npm run backtest -- --planted N   planted pairs found, pooled over N seeds of each profile
       npm run backtest -- --learn FILE…   prior weights, learnt anew from these histories`;

type Scores = Record<string, Metrics & { readonly patterns: ReadonlyArray<Pattern> }>;

const scoresOf = (deploys: ReadonlyArray<Deploy>, priors: URL): Scores => {
  const nopea = new Nopea(priorFor(deploys, withoutIt(priors)));
  return {
    nopea: { ...score(deploys, nopea), patterns: nopea.patterns() },
    original: { ...score(deploys, new Original()), patterns: [] },
    service_rate: { ...score(deploys, new ServiceRate()), patterns: [] },
    logistic: { ...score(deploys, new Logistic()), patterns: [] },
  };
};

const read = (file: string): ReadonlyArray<Deploy> => {
  const bytes = readFileSync(file);
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const { deploys, complaints } = parse(
    (zipped ? gunzipSync(bytes) : bytes).toString("utf8"),
    Date.now(),
  );
  for (const complaint of complaints) console.error(`${file}: ${complaint}`);
  if (deploys.length === 0) throw new BadUse(`${file}: no deploys`);
  return deploys;
};

const table = (file: string, deploys: ReadonlyArray<Deploy>, scores: Scores): string => {
  const failed = deploys.filter((deploy) => deploy.failed).length;
  const rows = Object.entries(scores).map(([name, it]) =>
    [
      name.padEnd(14),
      it.auc.toFixed(3).padStart(6),
      it.brier_skill.toFixed(3).padStart(12),
      it.log_loss.toFixed(3).padStart(9),
      it.ece.toFixed(3).padStart(18),
      it.recall_top20.toFixed(3).padStart(31),
    ].join(" "),
  );
  const patterns = (scores["nopea"]?.patterns ?? []).map(
    (it) =>
      `  ${it.namespace}/${it.service} after ${it.when}: ${it.with.failed} of ${it.with.deploys} ` +
      `failed, against ${it.otherwise.failed} of ${it.otherwise.deploys} otherwise`,
  );
  return [
    `${file}: ${deploys.length} deploys, ${((100 * failed) / deploys.length).toFixed(1)} % failed`,
    "predictor         AUC  Brier skill  log-loss  calibration error  failures in the riskiest 20 %",
    ...rows,
    ...(patterns.length > 0 ? ["conditional patterns:", ...patterns] : []),
    "",
  ].join("\n");
};

class BadUse extends Error {}

/** The exit code. `priors` is the file of weights that known histories are replayed with. */
export const main = async (args: ReadonlyArray<string>, priors: URL): Promise<number> => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        learn: { type: "boolean", default: false },
        generate: { type: "string" },
        planted: { type: "string" },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) console.log(USAGE);
    else if (values.generate !== undefined) {
      const profile = Object.entries(profiles).find(([name]) => name === values.generate)?.[1];
      if (profile === undefined) throw new BadUse(`no profile ${values.generate}\n${USAGE}`);
      process.stdout.write(linesOf(generate(Number(values.seed), profile)));
    } else if (values.planted !== undefined) {
      for (const [name, profile] of Object.entries(profiles))
        console.log(name, JSON.stringify(await plantedFound(profile, Number(values.planted))));
    } else if (positionals.length === 0) throw new BadUse(USAGE);
    else if (values.learn) console.log(JSON.stringify(learnPriors(positionals.map(read)), null, 2));
    else {
      const all = positionals.map((file) => {
        const deploys = read(file);
        const scores = scoresOf(deploys, priors);
        if (!values.json) console.log(table(file, deploys, scores));
        return [file, scores] as const;
      });
      const only = all.length === 1 ? all[0]?.[1] : undefined;
      if (values.json) console.log(JSON.stringify(only ?? Object.fromEntries(all)));
    }
    return 0;
  } catch (error) {
    const known = error instanceof BadUse || (error instanceof Error && "code" in error);
    console.error(known ? error.message : error);
    return known ? 2 : 1;
  }
};
