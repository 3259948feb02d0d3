import { FieldmarkError } from "@fieldmark/contract";
import type { Interval } from "../statistics/interval.ts";
import { pairwiseSum } from "../statistics/pairwise-sum.ts";
import { strataOf } from "../statistics/strata.ts";
import { checkLevel, wilsonInterval } from "../statistics/wilson.ts";
import { bestConstantClassifier } from "./best-constant-classifier.ts";
import { countsInterval, exampleInterval, fBetaInterval } from "./bootstrap-intervals.ts";
import { reliabilityBins } from "./calibration.ts";
import { fBetaOf, precisionPerClass, recallPerClass } from "./classification.ts";
import {
  type ClassCounts,
  type ConfusionMatrix,
  classCounts,
  confusionMatrix,
  mostConfused,
} from "./confusion-matrix.ts";
import type { ExampleStatistic } from "./example-statistics.ts";
import type { ClassMeasures, Estimate, Measures } from "./measures.ts";
import { meanOfDefined, rankingPerClass } from "./ranking.ts";
import { type RankingIntervals, rankingIntervals } from "./ranking-intervals.ts";
import { classRankings, type RankingValues } from "./ranking-statistics.ts";
import { type BootstrapPlan, bootstrapPlan, drawResamples, type Resamples } from "./resamples.ts";
import { riskCoverageCurve } from "./risk-coverage.ts";
import type { ScoredExamples } from "./scored-examples.ts";
import { MEASURES, type MeasureKey, type MeasureSpec } from "./table.ts";

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
  checkLevel(level);
  if (!Number.isInteger(seed)) throw new FieldmarkError("USAGE", `seed ${seed}; expected a whole number`);
  if (!Number.isInteger(resamples) || (resamples !== 0 && resamples < FEWEST_RESAMPLES)) {
    throw new FieldmarkError(
      "USAGE",
      `${resamples} bootstrap resamples; expected 0 or a whole number from ${FEWEST_RESAMPLES} on`,
    );
  }
  const classes = examples.classNames.length;
  const plan = bootstrapPlan(examples.labels.length, classes, { resamples, seed });
  const evaluation = new Evaluation(examples, plan, level);
  const { matrix, counts } = evaluation;
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
    overall: evaluation.overall(),
    bestConstantClassifier: bestConstantClassifier(counts.actual, examples.classNames),
    perClass: evaluation.perClass(),
    confusionMatrix: Array.from({ length: classes }, (_, row) =>
      Array.from(matrix.counts.subarray(row * classes, (row + 1) * classes)),
    ),
    mostConfused: mostConfused(matrix, MOST_CONFUSED),
    reliability: reliabilityBins(examples),
    riskCoverage: riskCoverageCurve(examples, RISK_COVERAGE_POINTS),
  };
}

const estimate = (value: number, interval: Interval | null): Estimate => ({
  value: Number.isNaN(value) ? null : value,
  interval: Number.isNaN(value) ? null : interval,
});

function unnormalizedRows({ probabilities: { rows, columns, data } }: ScoredExamples): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (Math.abs(pairwiseSum(data, row * columns, columns) - 1) > 1e-3) count++;
  }
  return count;
}

/** One evaluation's intermediate results, each computed once. */
class Evaluation {
  readonly matrix: ConfusionMatrix;
  readonly counts: ClassCounts;
  readonly #examples: ScoredExamples;
  readonly #level: number;
  readonly #statistics = new Map<MeasureKey, ExampleStatistic>();
  readonly #resamples: Resamples | null;
  readonly #rankings: RankingValues;
  readonly #rankingMeans: Record<keyof RankingValues, Record<"macro" | "weighted", number>>;
  readonly #rankingIntervals: Record<keyof RankingValues, RankingIntervals> | null;
  readonly #strata;

  constructor(examples: ScoredExamples, plan: BootstrapPlan, level: number) {
    const classes = examples.classNames.length;
    this.#examples = examples;
    this.#level = level;
    this.matrix = confusionMatrix(examples.labels, examples.predicted, classes);
    this.counts = classCounts(this.matrix);
    const support = this.counts.actual;
    this.#strata = strataOf(examples.labels, classes);
    this.#rankings = rankingPerClass(examples);
    const means = (values: Float64Array) => ({
      macro: meanOfDefined(values, support, "macro"),
      weighted: meanOfDefined(values, support, "weighted"),
    });
    this.#rankingMeans = {
      rocAuc: means(this.#rankings.rocAuc),
      averagePrecision: means(this.#rankings.averagePrecision),
    };
    for (const [key, spec] of specs()) {
      if (spec.from === "examples") this.#statistics.set(key, spec.statistic(examples));
    }
    const rankingOfClass = classRankings(examples);
    const bootstraps = plan.resamples > 0 && examples.labels.length > 0;
    this.#resamples = bootstraps
      ? drawResamples(examples, {
          strata: this.#strata,
          actual: support,
          statistics: [...this.#statistics.values()],
          rankingOfClass,
          plan,
        })
      : null;
    this.#rankingIntervals =
      this.#resamples &&
      rankingIntervals({
        examples,
        rankingOfClass,
        strata: this.#strata,
        support,
        estimates: this.#rankings,
        means: this.#rankingMeans,
        resamples: this.#resamples.rankings,
        level,
      });
  }

  overall(): Measures["overall"] {
    const entries = specs().map(([key, spec]): [MeasureKey, Estimate] => [key, this.#estimateOf(key, spec)]);
    return Object.fromEntries(entries) as Record<MeasureKey, Estimate>;
  }

  #estimateOf(key: MeasureKey, spec: MeasureSpec): Estimate {
    const { matrix, counts } = this;
    const [resamples, level] = [this.#resamples, this.#level];
    if (spec.from === "ranking") {
      const value = this.#rankingMeans[spec.measure][spec.average];
      return estimate(value, this.#rankingIntervals?.[spec.measure][spec.average] ?? null);
    }
    if (spec.from === "proportion") {
      const value = spec.value({ examples: this.#examples, counts });
      const trials = this.#examples.labels.length;
      if (Number.isNaN(value)) return estimate(value, null);
      return estimate(value, wilsonInterval(Math.round(value * trials), trials, level));
    }
    if (spec.from === "counts") {
      const value = spec.value(counts);
      if (resamples === null) return estimate(value, null);
      const subject = { estimate: value, matrix, counts, resamples: resamples.counts, level };
      return estimate(value, countsInterval(spec.resampled ?? spec.value, subject));
    }
    const value = spec.value(this.#examples);
    const statistic = this.#statistics.get(key);
    const distribution = resamples?.statistics[[...this.#statistics.keys()].indexOf(key)];
    if (statistic === undefined || distribution === undefined) return estimate(value, null);
    const subject = { estimate: value, distribution, strata: this.#strata, level };
    return estimate(value, exampleInterval(statistic, subject));
  }

  perClass(): ClassMeasures[] {
    const { counts, matrix } = this;
    const precisions = precisionPerClass(counts);
    const recalls = recallPerClass(counts);
    const resamples = this.#resamples?.counts;
    const level = this.#level;
    const ranked = (measure: keyof RankingValues, index: number): Estimate =>
      estimate(
        this.#rankings[measure][index] ?? Number.NaN,
        this.#rankingIntervals?.[measure].perClass[index] ?? null,
      );
    return this.#examples.classNames.map((name, index) => {
      const support = counts.actual[index] ?? 0;
      const predicted = counts.predicted[index] ?? 0;
      const truePositives = counts.truePositives[index] ?? 0;
      const occurs = support + predicted > 0;
      const share = (value: number | undefined, trials: number): Estimate =>
        estimate(occurs ? (value ?? Number.NaN) : Number.NaN, wilsonInterval(truePositives, trials, level));
      const fBeta = (beta: number): Estimate =>
        estimate(
          occurs ? fBetaOf(beta)(truePositives, support, predicted) : Number.NaN,
          resamples === undefined ? null : fBetaInterval(index, beta, { matrix, counts, resamples, level }),
        );
      return {
        index,
        name,
        support,
        predicted,
        truePositives,
        precision: share(precisions[index], predicted),
        recall: share(recalls[index], support),
        f1: fBeta(1),
        f0_5: fBeta(0.5),
        f2: fBeta(2),
        roc_auc: ranked("rocAuc", index),
        average_precision: ranked("averagePrecision", index),
      };
    });
  }
}

function specs(): [MeasureKey, MeasureSpec][] {
  return Object.entries(MEASURES) as [MeasureKey, MeasureSpec][];
}
