/** How good predictions were: of what failed and what didn't, against what was said before. */

export interface Prediction {
  readonly p: number;
  readonly failed: boolean;
  readonly at: number;
}

export interface Metrics {
  /** How often a failed deploy was given a higher risk than one that went well. */
  readonly auc: number;
  /** How much of the Brier score of always saying the base rate is saved. */
  readonly brier_skill: number;
  /** Mean over the deploys, in nats. */
  readonly log_loss: number;
  /** Calibration error: mean distance of what was said from what was, over ten bins of equal size. */
  readonly ece: number;
  /** How many of the failures were among the riskiest fifth. */
  readonly recall_top20: number;
}

const BINS = 10;

export const metricsOf = (predictions: ReadonlyArray<Prediction>): Metrics => {
  const sorted = [...predictions].sort((a, b) => a.p - b.p);
  const count = sorted.length;
  const failures = sorted.filter(({ failed }) => failed).length;
  const base = failures / count;
  let [ranks, brier, loss] = [0, 0, 0];
  for (let from = 0; from < count;) {
    let to = from;
    while (to < count && sorted[to]?.p === sorted[from]?.p) to += 1;
    // Equal risks share their mean rank.
    for (const { p, failed } of sorted.slice(from, to)) {
      if (failed) ranks += (from + to + 1) / 2;
      brier += (p - Number(failed)) ** 2;
      const said = Math.min(1 - 1e-6, Math.max(1e-6, p));
      loss -= Math.log(failed ? said : 1 - said);
    }
    from = to;
  }
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const of = sorted.slice(
      Math.floor((bin * count) / BINS),
      Math.floor(((bin + 1) * count) / BINS),
    );
    error += Math.abs(of.reduce((sum, { p, failed }) => sum + p - Number(failed), 0));
  }
  const top = sorted.slice(Math.floor(count * 0.8)).filter(({ failed }) => failed).length;
  return {
    auc: (ranks - (failures * (failures + 1)) / 2) / (failures * (count - failures)),
    brier_skill: 1 - brier / count / (base * (1 - base)),
    log_loss: loss / count,
    ece: error / count,
    recall_top20: top / failures,
  };
};
