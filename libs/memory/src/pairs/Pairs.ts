/** What the deploy of one service shortly before says about the deploy of another. */

/** A pair's part of the score. */
export interface Part {
  /** The service that was deployed before. */
  readonly service: string;
  readonly logOdds: number;
}
