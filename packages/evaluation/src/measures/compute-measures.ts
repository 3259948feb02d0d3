import { FieldmarkError } from "@fieldmark/contract";
import { pairwiseSum } from "../statistics/pairwise-sum.ts";
import { checkLevel } from "../statistics/wilson.ts";
import { bestConstantClassifier } from "./best-constant-classifier.ts";
import { reliabilityBins } from "./calibration.ts";
import { mostConfused } from "./confusion-matrix.ts";
import { bootstrapped, classEstimates, overallEstimates } from "./estimates.ts";
import type { Measures } from "./measures.ts";
import { bootstrapPlan } from "./resamples.ts";
import { riskCoverageCurve } from "./risk-coverage.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** Options of `computeMeasures`. */
export interface MeasureOptions {
  /** Confidence level of the intervals, in (0, 1). Default 0.95. */
  readonly level?: number;
  /**
   * Bootstrap resamples, at least 100, or 0 for no bootstrap intervals. Default 2,000. Very large datasets
   * get fewer, never below 200; measures.json states the count.
   */
  readonly resamples?: number;
  /** Seed of the resamples, a whole number. Default 1. */
  readonly seed?: number;
}

const MOST_CONFUSED = 100;
const RISK_COVERAGE_POINTS = 200;
const FEWEST_RESAMPLES = 100;

/**
 * Everything that measures.json holds: every measure of `MEASURES` and `CLASS_MEASURES` with its interval,
 * the confusion matrix, and the curves of the report. The same input and options give the same output.
 *
 * @throws USAGE when an option is out of range
 */
export function computeMeasures(examples: ScoredExamples, options: MeasureOptions = {}): Measures {
  const { level = 0.95, resamples = 2000, seed = 1 } = options;
  checkOptions({ level, resamples, seed });
  const classes = examples.classNames.length;
  const plan = bootstrapPlan(examples.labels.length, classes, { resamples, seed });
  const subject = bootstrapped(examples, plan, level);
  const { matrix, counts } = subject;
  return {
    schemaVersion: 1,
    level,
    bootstrap: { ...plan, stratifiedBy: "actual class" },
    examples: {
      count: examples.labels.length,
      correct: counts.truePositives.reduce((sum, count) => sum + count, 0),
      classesWithExamples: counts.actual.filter((support) => support > 0).length,
      unnormalizedRows: unnormalizedRows(examples),
    },
    overall: overallEstimates(subject),
    bestConstantClassifier: bestConstantClassifier(counts.actual, examples.classNames),
    perClass: classEstimates(subject),
    confusionMatrix: Array.from({ length: classes }, (_, row) =>
      Array.from(matrix.counts.subarray(row * classes, (row + 1) * classes)),
    ),
    mostConfused: mostConfused(matrix, MOST_CONFUSED),
    reliability: reliabilityBins(examples),
    riskCoverage: riskCoverageCurve(examples, RISK_COVERAGE_POINTS),
  };
}

function checkOptions({ level, resamples, seed }: Required<MeasureOptions>): void {
  checkLevel(level);
  if (!Number.isInteger(seed)) throw new FieldmarkError("USAGE", `seed ${seed}; expected a whole number`);
  if (!Number.isInteger(resamples) || (resamples !== 0 && resamples < FEWEST_RESAMPLES)) {
    throw new FieldmarkError(
      "USAGE",
      `${resamples} bootstrap resamples; expected 0 or a whole number from ${FEWEST_RESAMPLES} on`,
    );
  }
}

function unnormalizedRows({ probabilities: { rows, columns, data } }: ScoredExamples): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (Math.abs(pairwiseSum(data, row * columns, columns) - 1) > 1e-3) count++;
  }
  return count;
}
