import type { Interval } from "../statistics/interval.ts";
import { byStratum, type Strata } from "../statistics/strata.ts";
import { bootstrapInterval } from "./bootstrap-intervals.ts";
import { type Ranking, type RankingValues, rankingWithoutEach } from "./ranking-statistics.ts";
import type { ScoredExamples } from "./scored-examples.ts";

type RankingMeasure = keyof RankingValues;

/** What the intervals of the rankings are made of. */
export interface RankingSubject {
  readonly examples: ScoredExamples;
  readonly rankingOfClass: (column: number) => Ranking;
  readonly strata: Strata;
  /** [classes], examples of each class. */
  readonly support: Float64Array;
  /** [classes] each, NaN where undefined. */
  readonly estimates: RankingValues;
  /** Means over the classes where the measure is defined. */
  readonly means: Readonly<Record<RankingMeasure, Readonly<Record<"macro" | "weighted", number>>>>;
  /** Distributions of each class. */
  readonly resamples: readonly RankingValues[];
  readonly level: number;
}

/** Intervals of one measure. */
export interface RankingIntervals {
  /** [classes] */
  readonly perClass: readonly (Interval | null)[];
  readonly macro: Interval | null;
  readonly weighted: Interval | null;
}

/** Intervals of both rankings, of each class and of their means. */
export function rankingIntervals(
  subject: RankingSubject,
): Readonly<Record<RankingMeasure, RankingIntervals>> {
  const { rankingOfClass, strata, support, estimates, resamples, level } = subject;
  const perClass: Record<RankingMeasure, (Interval | null)[]> = { rocAuc: [], averagePrecision: [] };
  const means = { rocAuc: new MeanOverClasses(subject), averagePrecision: new MeanOverClasses(subject) };
  for (const [column, distributions] of resamples.entries()) {
    const without = rankingWithoutEach(rankingOfClass(column));
    for (const measure of ["rocAuc", "averagePrecision"] as const) {
      const estimate = estimates[measure][column] ?? Number.NaN;
      const values = { distribution: distributions[measure], without: without[measure] };
      const jackknife = byStratum(strata, values.without);
      perClass[measure].push(
        bootstrapInterval({ estimate, distribution: values.distribution, jackknife, level }),
      );
      if (!Number.isNaN(estimate)) means[measure].add(column, support[column] ?? 0, values);
    }
  }
  const intervalsOf = (measure: RankingMeasure): RankingIntervals => ({
    perClass: perClass[measure],
    macro: means[measure].interval("macro", subject.means[measure].macro),
    weighted: means[measure].interval("weighted", subject.means[measure].weighted),
  });
  return { rocAuc: intervalsOf("rocAuc"), averagePrecision: intervalsOf("averagePrecision") };
}

/** Running sums over the classes, of the resamples' values and of the values without each example. */
class MeanOverClasses {
  readonly #subject: RankingSubject;
  readonly #sums: Record<"macro" | "weighted", { distribution: Float64Array; without: Float64Array }>;
  readonly #supportWithout: Float64Array;
  #classes = 0;
  #support = 0;

  constructor(subject: RankingSubject) {
    this.#subject = subject;
    const resamples = subject.resamples[0]?.rocAuc.length ?? 0;
    const examples = subject.examples.labels.length;
    const zeros = () => ({
      distribution: new Float64Array(resamples),
      without: new Float64Array(examples),
    });
    this.#sums = { macro: zeros(), weighted: zeros() };
    this.#supportWithout = new Float64Array(examples);
  }

  add(
    column: number,
    support: number,
    { distribution, without }: { readonly distribution: Float64Array; readonly without: Float64Array },
  ): void {
    const { macro, weighted } = this.#sums;
    this.#classes++;
    this.#support += support;
    distribution.forEach((value, i) => {
      macro.distribution[i] = (macro.distribution[i] ?? 0) + value;
      weighted.distribution[i] = (weighted.distribution[i] ?? 0) + value * support;
    });
    without.forEach((value, i) => {
      const left = this.#subject.examples.labels[i] === column ? support - 1 : support;
      macro.without[i] = (macro.without[i] ?? 0) + value;
      weighted.without[i] = (weighted.without[i] ?? 0) + value * left;
      this.#supportWithout[i] = (this.#supportWithout[i] ?? 0) + left;
    });
  }

  interval(average: "macro" | "weighted", estimate: number): Interval | null {
    const { distribution, without } = this.#sums[average];
    const total = average === "macro" ? this.#classes : this.#support;
    const left = (i: number): number => (average === "macro" ? total : (this.#supportWithout[i] ?? 0));
    return bootstrapInterval({
      estimate,
      distribution: distribution.map((sum) => sum / total),
      jackknife: byStratum(
        this.#subject.strata,
        without.map((sum, i) => sum / left(i)),
      ),
      level: this.#subject.level,
    });
  }
}
