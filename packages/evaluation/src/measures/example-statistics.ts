import { CALIBRATION_BINS, calibrationGaps } from "./calibration.ts";
import { confidenceOrder, weightedRiskCoverage, wrongPredictions } from "./risk-coverage.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** A measure that can be had again quickly when examples are drawn several times or left out. */
export interface ExampleStatistic {
  /** The measure when example i stands `weights[i]` times; the weights sum to the number of examples. */
  resampled(weights: Int32Array): number;
  /** The measure without each example in turn: [examples]. */
  withoutEach(): Float64Array;
}

/** Mean of one value an example. */
export function meanStatistic(values: Float64Array): ExampleStatistic {
  const total = values.reduce((sum, value) => sum + value, 0);
  return {
    resampled(weights) {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += (weights[i] ?? 0) * (values[i] ?? 0);
      return sum / values.length;
    },
    withoutEach: () => values.map((value) => (total - value) / (values.length - 1)),
  };
}

/** Expected calibration error. */
export function calibrationStatistic(examples: ScoredExamples): ExampleStatistic {
  const { bins, gap } = calibrationGaps(examples);
  const gapSums = (weights: Int32Array): Float64Array => {
    const sums = new Float64Array(CALIBRATION_BINS);
    for (let i = 0; i < gap.length; i++) {
      const bin = bins[i] ?? 0;
      sums[bin] = (sums[bin] ?? 0) + (weights[i] ?? 0) * (gap[i] ?? 0);
    }
    return sums;
  };
  const absoluteTotal = (sums: Float64Array): number => sums.reduce((sum, value) => sum + Math.abs(value), 0);
  return {
    resampled: (weights) => absoluteTotal(gapSums(weights)) / gap.length,
    withoutEach() {
      const sums = gapSums(new Int32Array(gap.length).fill(1));
      const total = absoluteTotal(sums);
      return gap.map((value, i) => {
        const own = sums[bins[i] ?? 0] ?? 0;
        return (total - Math.abs(own) + Math.abs(own - value)) / (gap.length - 1);
      });
    },
  };
}

/** Area under the risk–coverage curve. */
export function riskCoverageStatistic(examples: ScoredExamples): ExampleStatistic {
  const ordered = confidenceOrder(examples);
  const wrong = wrongPredictions(examples);
  return {
    resampled: (weights) => weightedRiskCoverage(ordered, wrong, weights),
    withoutEach: () => riskCoverageWithoutEach(ordered.order, ordered.ends, wrong),
  };
}

/** In linear time, from sums over the runs of equal confidence before and after each example's own. */
function riskCoverageWithoutEach(order: Int32Array, ends: Int32Array, wrong: Uint8Array): Float64Array {
  const runs = ends.length;
  const mistakes = new Float64Array(runs);
  const before = new Float64Array(runs + 1);
  let found = 0;
  ends.forEach((end, run) => {
    const start = ends[run - 1] ?? 0;
    for (let i = start; i < end; i++) found += wrong[order[i] ?? 0] ?? 0;
    mistakes[run] = found;
    before[run + 1] = (before[run] ?? 0) + ((end - start) * found) / end;
  });
  // Sums over the later runs when one right, and when one wrong, answer has gone before them.
  const afterRight = new Float64Array(runs + 1);
  const afterWrong = new Float64Array(runs + 1);
  for (let run = runs - 1; run > 0; run--) {
    const end = ends[run] ?? 0;
    const size = end - (ends[run - 1] ?? 0);
    afterRight[run] = (afterRight[run + 1] ?? 0) + (size * (mistakes[run] ?? 0)) / (end - 1);
    afterWrong[run] = (afterWrong[run + 1] ?? 0) + (size * ((mistakes[run] ?? 0) - 1)) / (end - 1);
  }
  const values = new Float64Array(order.length);
  ends.forEach((end, run) => {
    const start = ends[run - 1] ?? 0;
    for (let i = start; i < end; i++) {
      const index = order[i] ?? 0;
      const mistake = wrong[index] ?? 0;
      const own = end - start === 1 ? 0 : ((end - start - 1) * ((mistakes[run] ?? 0) - mistake)) / (end - 1);
      const after = (mistake === 1 ? afterWrong : afterRight)[run + 1] ?? 0;
      values[index] = ((before[run] ?? 0) + own + after) / (order.length - 1);
    }
  });
  return values;
}
