/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Confidence level, in (0, 1). */
  readonly level: number;
  readonly method: "wilson" | "bca";
  /** Bootstrap resamples; only for "bca". */
  readonly resamples?: number;
}
