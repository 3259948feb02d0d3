import { pairwiseSum } from "../statistics/pairwise-sum.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** Equal-width bins of confidence. */
export const CALIBRATION_BINS = 15;

/** Examples whose confidence lies in (low, high]; the first bin takes 0 too. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence of the bin's examples; null when it is empty. */
  readonly confidence: number | null;
  /** Accuracy of the bin's examples; null when it is empty. */
  readonly accuracy: number | null;
}

/**
 * Probability of the predicted class, rows divided by their sums in float64.
 * @returns [examples], each in (0, 1]
 */
export function confidences({ probabilities, predicted }: ScoredExamples): Float64Array {
  const { columns, data } = probabilities;
  return Float64Array.from(
    predicted,
    (column, row) => (data[row * columns + column] ?? 0) / pairwiseSum(data, row * columns, columns),
  );
}

/** Bin of each confidence: edges at i / 15, a value on an edge in the lower bin. [examples] */
function calibrationBins(confidence: Float64Array): Int32Array {
  return Int32Array.from(confidence, (value) => {
    let bin = Math.min(CALIBRATION_BINS - 1, Math.floor(value * CALIBRATION_BINS));
    while (bin > 0 && value <= bin / CALIBRATION_BINS) bin--;
    while (bin < CALIBRATION_BINS - 1 && value > (bin + 1) / CALIBRATION_BINS) bin++;
    return bin;
  });
}

/** The 15 bins of a reliability diagram. */
export function reliabilityBins(examples: ScoredExamples): ReliabilityBin[] {
  const confidence = confidences(examples);
  const bins = calibrationBins(confidence);
  const counts = new Float64Array(CALIBRATION_BINS);
  const correct = new Float64Array(CALIBRATION_BINS);
  const sums = new Float64Array(CALIBRATION_BINS);
  bins.forEach((bin, i) => {
    counts[bin] = (counts[bin] ?? 0) + 1;
    sums[bin] = (sums[bin] ?? 0) + (confidence[i] ?? 0);
    if (examples.labels[i] === examples.predicted[i]) correct[bin] = (correct[bin] ?? 0) + 1;
  });
  return Array.from(counts, (count, bin) => ({
    low: bin / CALIBRATION_BINS,
    high: (bin + 1) / CALIBRATION_BINS,
    count,
    confidence: count === 0 ? null : (sums[bin] ?? 0) / count,
    accuracy: count === 0 ? null : (correct[bin] ?? 0) / count,
  }));
}

/**
 * Expected calibration error: mean over the examples of |accuracy − confidence| of their bin, with 15
 * equal-width bins of the predicted class's probability.
 * @returns a number in [0, 1]; NaN when there are no examples
 * @see Naeini, Cooper and Hauskrecht (2015); Guo et al. (2017)
 */
export function expectedCalibrationError(examples: ScoredExamples): number {
  const gaps = calibrationGaps(examples);
  const sums = new Float64Array(CALIBRATION_BINS);
  gaps.bins.forEach((bin, i) => {
    sums[bin] = (sums[bin] ?? 0) + (gaps.gap[i] ?? 0);
  });
  return pairwiseSum(sums.map(Math.abs)) / gaps.gap.length;
}

/** What the error is summed from: each example's bin and (1 if correct, else 0) − confidence. */
export function calibrationGaps(examples: ScoredExamples): { bins: Int32Array; gap: Float64Array } {
  const confidence = confidences(examples);
  const gap = confidence.map((value, i) => (examples.labels[i] === examples.predicted[i] ? 1 : 0) - value);
  return { bins: calibrationBins(confidence), gap };
}
