/**
 * Deploys in order of time: each is first predicted, and its outcome revealed when it was known, so
 * that a predictor never sees the future. The first twentieth warms up and is not scored.
 */
import type { Deploy } from "./History.js";
import { type Metrics, metricsOf, type Prediction } from "./Metrics.js";

/** `predict` is called when a deploy begins, and what it returns for `reveal` when its outcome is known. */
export interface Predictor<Kept> {
  readonly predict: (deploy: Deploy) => { readonly p: number; readonly kept: Kept };
  readonly reveal: (deploy: Deploy, kept: Kept) => void;
}

const WARM_UP = 0.05;

export const replay = <Kept>(
  deploys: ReadonlyArray<Deploy>,
  predictor: Predictor<Kept>,
): ReadonlyArray<Prediction> => {
  const waiting = new Soonest<{ readonly deploy: Deploy; readonly kept: Kept }>();
  const predictions = deploys.map((deploy) => {
    for (const known of waiting.until(deploy.at)) predictor.reveal(known.deploy, known.kept);
    const { p, kept } = predictor.predict(deploy);
    waiting.add(deploy.revealedAt, { deploy, kept });
    return { p, failed: deploy.failed, at: deploy.at };
  });
  for (const known of waiting.until(Infinity)) predictor.reveal(known.deploy, known.kept);
  return predictions.slice(Math.floor(predictions.length * WARM_UP));
};

export const score = <Kept>(deploys: ReadonlyArray<Deploy>, predictor: Predictor<Kept>): Metrics =>
  metricsOf(replay(deploys, predictor));

/** A heap by time; of one instant, what was added first comes first. */
class Soonest<A> {
  private readonly heap: Array<{ at: number; order: number; value: A }> = [];
  private order = 0;

  add(at: number, value: A) {
    const entry = { at, order: this.order++, value };
    let i = this.heap.push(entry) - 1;
    for (;;) {
      const above = (i - 1) >> 1;
      if (i === 0 || this.before(above, i)) return;
      this.swap(i, above);
      i = above;
    }
  }

  *until(at: number): Generator<A> {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined || first.at > at) return;
      const last = this.heap.pop();
      if (last !== undefined && this.heap.length > 0) {
        this.heap[0] = last;
        this.sink();
      }
      yield first.value;
    }
  }

  private sink() {
    for (let i = 0; ;) {
      let least = i;
      for (const below of [2 * i + 1, 2 * i + 2])
        if (below < this.heap.length && this.before(below, least)) least = below;
      if (least === i) return;
      this.swap(i, least);
      i = least;
    }
  }

  private before(i: number, j: number): boolean {
    const [a, b] = [this.heap[i], this.heap[j]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private swap(i: number, j: number) {
    const [a, b] = [this.heap[i], this.heap[j]];
    if (a === undefined || b === undefined) return;
    this.heap[i] = b;
    this.heap[j] = a;
  }
}
