import { confidences } from "./calibration.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** If only the most confident share of the examples were answered, this share of the answers would be wrong. */
export interface RiskCoveragePoint {
  /** Share of the examples that are answered, in (0, 1]. */
  readonly coverage: number;
  /** Share of the answers that are wrong, in [0, 1]. */
  readonly risk: number;
  /** The least confidence that is still answered. */
  readonly confidence: number;
}

/** Examples from the most to the least confident, and where each run of equal confidence ends. */
export interface ConfidenceOrder {
  /** [examples], indices. */
  readonly order: Int32Array;
  /** Ends (exclusive, in `order`) of the runs of equal confidence. */
  readonly ends: Int32Array;
  /** [examples], confidence of each example. */
  readonly confidence: Float64Array;
}

export function confidenceOrder(examples: ScoredExamples): ConfidenceOrder {
  const confidence = confidences(examples);
  const order = Int32Array.from(confidence, (_, i) => i);
  order.sort((a, b) => (confidence[b] ?? 0) - (confidence[a] ?? 0));
  const ends: number[] = [];
  order.forEach((index, i) => {
    const next = order[i + 1];
    if (next === undefined || confidence[next] !== confidence[index]) ends.push(i + 1);
  });
  return { order, ends: Int32Array.from(ends), confidence };
}

/**
 * The risk–coverage curve, from the most confident examples to all of them.
 * Equally confident examples are answered together. At most `limit` points, evenly spread, the last kept.
 */
export function riskCoverageCurve(examples: ScoredExamples, limit: number): RiskCoveragePoint[] {
  const { order, ends, confidence } = confidenceOrder(examples);
  const points: RiskCoveragePoint[] = [];
  let wrong = 0;
  let start = 0;
  for (const end of ends) {
    for (let i = start; i < end; i++) {
      const index = order[i] ?? 0;
      if (examples.labels[index] !== examples.predicted[index]) wrong++;
    }
    start = end;
    points.push({
      coverage: end / order.length,
      risk: wrong / end,
      confidence: confidence[order[end - 1] ?? 0] ?? 0,
    });
  }
  if (points.length <= limit) return points;
  const step = (points.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, i) => points[Math.round(i * step)]).filter(
    (point) => point !== undefined,
  );
}

/**
 * Area under the risk–coverage curve: the mean, over the examples, of the risk at the coverage that
 * just takes the example in.
 * @returns a number in [0, 1], 0 when nothing is wrong; NaN when there are no examples
 * @see Geifman and El-Yaniv (2017), "Selective classification for deep neural networks"
 */
export function areaUnderRiskCoverage(examples: ScoredExamples): number {
  const weights = new Int32Array(examples.labels.length).fill(1);
  return weightedRiskCoverage(confidenceOrder(examples), wrongPredictions(examples), weights);
}

/** 1 where the prediction is wrong: [examples]. */
export function wrongPredictions({ labels, predicted }: ScoredExamples): Uint8Array {
  return Uint8Array.from(labels, (label, i) => (label === predicted[i] ? 0 : 1));
}

/** The same area when each example stands `weights[i]` times. */
export function weightedRiskCoverage(
  { order, ends }: ConfidenceOrder,
  wrong: Uint8Array,
  weights: Int32Array,
): number {
  let area = 0;
  let answered = 0;
  let mistakes = 0;
  let start = 0;
  for (const end of ends) {
    const before = answered;
    for (let i = start; i < end; i++) {
      const index = order[i] ?? 0;
      const weight = weights[index] ?? 0;
      answered += weight;
      mistakes += weight * (wrong[index] ?? 0);
    }
    start = end;
    if (answered > before) area += (answered - before) * (mistakes / answered);
  }
  return area / answered;
}
