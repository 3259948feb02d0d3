import type { JackknifeStratum } from "../statistics/bca.ts";
import type { Interval } from "../statistics/interval.ts";
import { byStratum, strataOf } from "../statistics/strata.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { bootstrapInterval, fBetaInterval, jackknifeCells } from "./bootstrap-intervals.ts";
import { fBetaOf, precisionPerClass, recallPerClass } from "./classification.ts";
import { type ClassCounts, type ConfusionMatrix, classCounts, confusionMatrix } from "./confusion-matrix.ts";
import type { ClassMeasures, Estimate, Measures } from "./measures.ts";
import { meanOfDefined, type RankingPerClass, rankingPerClass } from "./ranking.ts";
import { type RankingIntervals, rankingIntervals } from "./ranking-intervals.ts";
import { classRankings } from "./ranking-statistics.ts";
import { type BootstrapPlan, drawResamples, type Reducer, type Resamples } from "./resamples.ts";
import type { ScoredExamples } from "./scored-examples.ts";
import { MEASURES, type MeasureKey, type MeasureSpec } from "./table.ts";

type RankingMeasure = keyof RankingPerClass;

/** What the estimates are read from: everything that several of them share, computed once. */
export interface Bootstrapped {
  readonly examples: ScoredExamples;
  readonly matrix: ConfusionMatrix;
  readonly counts: ClassCounts;
  readonly level: number;
  readonly rankings: RankingPerClass;
  readonly rankingMeans: Readonly<Record<RankingMeasure, Readonly<Record<"macro" | "weighted", number>>>>;
  /** Null when no resamples were asked for, or there is nothing to resample. */
  readonly bootstrap: {
    readonly resamples: Resamples;
    readonly rankingIntervals: Readonly<Record<RankingMeasure, RankingIntervals>>;
    /** Leave-one-out values of a measure of `distributions`. */
    readonly jackknife: (key: MeasureKey) => readonly JackknifeStratum[];
  } | null;
}

const SPECS = Object.entries(MEASURES) as readonly (readonly [MeasureKey, MeasureSpec])[];

/** Draws the resamples of all measures together. */
export function bootstrapped(examples: ScoredExamples, plan: BootstrapPlan, level: number): Bootstrapped {
  const classes = examples.classNames.length;
  const matrix = confusionMatrix(examples.labels, examples.predicted, classes);
  const counts = classCounts(matrix);
  const rankings = rankingPerClass(examples);
  const means = (values: Float64Array) => ({
    macro: meanOfDefined(values, counts.actual, "macro"),
    weighted: meanOfDefined(values, counts.actual, "weighted"),
  });
  const rankingMeans = {
    rocAuc: means(rankings.rocAuc),
    averagePrecision: means(rankings.averagePrecision),
  };
  const subject = { examples, matrix, counts, level, rankings, rankingMeans };
  if (plan.resamples === 0 || examples.labels.length === 0) return { ...subject, bootstrap: null };

  const strata = strataOf(examples.labels, classes);
  const reducers = new Map<string, Reducer>();
  const jackknives = new Map<string, () => JackknifeStratum[]>();
  for (const [key, spec] of SPECS) {
    if (spec.from === "counts") {
      const measure = spec.resampled ?? spec.value;
      reducers.set(key, (_, resampled) => measure(resampled));
      jackknives.set(key, () => jackknifeCells(measure, matrix, counts));
    } else if (spec.from === "examples") {
      const statistic = spec.statistic(examples);
      reducers.set(key, (weights) => statistic.resampled(weights));
      jackknives.set(key, () => byStratum(strata, statistic.withoutEach()));
    }
  }
  const rankingOfClass = classRankings(examples);
  const resamples = drawResamples(examples, {
    strata,
    actual: counts.actual,
    reducers,
    rankingOfClass,
    plan,
  });
  const intervals = rankingIntervals({
    examples,
    rankingOfClass,
    strata,
    support: counts.actual,
    estimates: rankings,
    means: rankingMeans,
    resamples: resamples.rankings,
    level,
  });
  const jackknife = (key: MeasureKey): JackknifeStratum[] => jackknives.get(key)?.() ?? [];
  return { ...subject, bootstrap: { resamples, rankingIntervals: intervals, jackknife } };
}

/** Every measure of `MEASURES`, in its order. */
export function overallEstimates(subject: Bootstrapped): Measures["overall"] {
  const entries = SPECS.map(([key, spec]) => [key, overallEstimate(subject, key, spec)] as const);
  return Object.fromEntries(entries) as Record<MeasureKey, Estimate>;
}

const estimated = (value: number, interval: Interval | null): Estimate =>
  Number.isNaN(value) ? { value: null, interval: null } : { value, interval };

function overallEstimate(subject: Bootstrapped, key: MeasureKey, spec: MeasureSpec): Estimate {
  const { examples, counts, level, bootstrap } = subject;
  if (spec.from === "ranking") {
    const intervals = bootstrap?.rankingIntervals[spec.measure];
    return estimated(subject.rankingMeans[spec.measure][spec.average], intervals?.[spec.average] ?? null);
  }
  if (spec.from === "proportion") {
    const value = spec.value({ examples, counts });
    if (Number.isNaN(value)) return estimated(value, null);
    const trials = examples.labels.length;
    return estimated(value, wilsonInterval(Math.round(value * trials), trials, level));
  }
  const value = spec.from === "counts" ? spec.value(counts) : spec.value(examples);
  const distribution = bootstrap?.resamples.distributions.get(key);
  if (!bootstrap || distribution === undefined) return estimated(value, null);
  const jackknife = bootstrap.jackknife(key);
  return estimated(value, bootstrapInterval({ estimate: value, distribution, jackknife, level }));
}

/** Every measure of `CLASS_MEASURES`, of every class. */
export function classEstimates(subject: Bootstrapped): ClassMeasures[] {
  const { examples, counts, matrix, level, bootstrap } = subject;
  const precisions = precisionPerClass(counts);
  const recalls = recallPerClass(counts);
  return examples.classNames.map((name, index) => {
    const support = counts.actual[index] ?? 0;
    const predicted = counts.predicted[index] ?? 0;
    const truePositives = counts.truePositives[index] ?? 0;
    const occurring = (value: number | undefined, interval: Interval | null): Estimate =>
      estimated(support + predicted > 0 ? (value ?? Number.NaN) : Number.NaN, interval);
    const fBeta = (beta: number): Estimate =>
      occurring(
        fBetaOf(beta)(truePositives, support, predicted),
        bootstrap && fBetaInterval(index, beta, { matrix, counts, resamples: bootstrap.resamples, level }),
      );
    const ranked = (measure: RankingMeasure): Estimate =>
      estimated(
        subject.rankings[measure][index] ?? Number.NaN,
        bootstrap?.rankingIntervals[measure].perClass[index] ?? null,
      );
    return {
      index,
      name,
      support,
      predicted,
      truePositives,
      precision: occurring(precisions[index], wilsonInterval(truePositives, predicted, level)),
      recall: occurring(recalls[index], wilsonInterval(truePositives, support, level)),
      f1: fBeta(1),
      f0_5: fBeta(0.5),
      f2: fBeta(2),
      roc_auc: ranked("rocAuc"),
      average_precision: ranked("averagePrecision"),
    };
  });
}
