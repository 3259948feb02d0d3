import { pairwiseMean, weightedMean } from "../statistics/pairwise-sum.ts";
import type { ClassCounts } from "./confusion-matrix.ts";

/**
 * How the values of the classes become one.
 * - `micro`: from the counts of all classes together
 * - `macro`: mean over the classes that occur in labels or predictions
 * - `macro_all_classes`: mean over every class of the model, an absent one as 0
 * - `weighted`: mean weighted by support
 */
export type Average = "micro" | "macro" | "macro_all_classes" | "weighted";

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}

/** A plain array: a typed one costs more to make than what it holds, and this is done for every resample. */
function ofEachClass({ truePositives, actual, predicted }: ClassCounts, of: OfCounts): number[] {
  const values: number[] = [];
  for (let i = 0; i < truePositives.length; i++) {
    values.push(of(truePositives[i] ?? 0, actual[i] ?? 0, predicted[i] ?? 0));
  }
  return values;
}

type OfCounts = (truePositives: number, actual: number, predicted: number) => number;

/** 0 where the denominator is 0, as scikit-learn's `zero_division=0`. */
const ratio = (numerator: number, denominator: number): number =>
  denominator === 0 ? 0 : numerator / denominator;

/**
 * Share of examples whose predicted class is their class.
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @see scikit-learn `accuracy_score`
 */
export function accuracy({ truePositives, actual }: ClassCounts): number {
  return sum(truePositives) / sum(actual);
}

/**
 * Mean recall of the classes that have examples.
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @see scikit-learn `balanced_accuracy_score`
 */
export function balancedAccuracy({ truePositives, actual }: ClassCounts): number {
  const recalls: number[] = [];
  actual.forEach((support, index) => {
    if (support > 0) recalls.push((truePositives[index] ?? 0) / support);
  });
  return pairwiseMean(recalls);
}

/**
 * Balanced accuracy on a scale where guessing gives 0 and perfection 1.
 * @returns a number in [−1, 1]; NaN with fewer than two classes in the labels
 * @see scikit-learn `balanced_accuracy_score(adjusted=True)`
 */
export function balancedAccuracyAdjusted(counts: ClassCounts): number {
  let classes = 0;
  for (const support of counts.actual) if (support > 0) classes++;
  if (classes < 2) return Number.NaN;
  const chance = 1 / classes;
  return (balancedAccuracy(counts) - chance) / (1 - chance);
}

/** Precision of each class: [classes], 0 where nothing was predicted as the class. */
export function precisionPerClass(counts: ClassCounts): number[] {
  return ofEachClass(counts, (truePositives, _, predicted) => ratio(truePositives, predicted));
}

/** Recall of each class: [classes], 0 where the class has no examples. */
export function recallPerClass(counts: ClassCounts): number[] {
  return ofEachClass(counts, ratio);
}

/** F-beta of each class: [classes], 0 where the class occurs in neither labels nor predictions. */
function fBetaPerClass(counts: ClassCounts, beta: number): number[] {
  return ofEachClass(counts, fBetaOf(beta));
}

/** F-beta of one class from its counts. */
export function fBetaOf(beta: number): OfCounts {
  const beta2 = beta ** 2;
  return (truePositives, actual, predicted) => ratio((1 + beta2) * truePositives, beta2 * actual + predicted);
}

/**
 * Precision: of the examples predicted as a class, the share that are of it.
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @see scikit-learn `precision_score(zero_division=0)`
 */
export function precision(counts: ClassCounts, average: Average): number {
  return averaged(precisionPerClass, counts, average);
}

/**
 * Recall: of the examples of a class, the share predicted as it.
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @see scikit-learn `recall_score(zero_division=0)`
 */
export function recall(counts: ClassCounts, average: Average): number {
  return averaged(recallPerClass, counts, average);
}

/**
 * F-beta: the weighted harmonic mean of precision and recall; `beta` > 1 favours recall.
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @see scikit-learn `fbeta_score(zero_division=0)`
 */
export function fBeta(counts: ClassCounts, beta: number, average: Average): number {
  return averaged((all) => fBetaPerClass(all, beta), counts, average);
}

function averaged(
  perClass: (counts: ClassCounts) => number[],
  counts: ClassCounts,
  average: Average,
): number {
  if (sum(counts.actual) === 0) return Number.NaN;
  if (average === "micro") return perClass(together(counts))[0] ?? Number.NaN;
  if (average === "macro_all_classes") return pairwiseMean(perClass(counts));
  const occurring = occurringClasses(counts);
  const values = perClass(occurring);
  return average === "macro" ? pairwiseMean(values) : weightedMean(values, occurring.actual);
}

/** The counts of all classes as those of one. */
function together({ truePositives, actual, predicted }: ClassCounts): ClassCounts {
  return {
    truePositives: Float64Array.of(sum(truePositives)),
    actual: Float64Array.of(sum(actual)),
    predicted: Float64Array.of(sum(predicted)),
  };
}

/** The counts of the classes that occur in labels or predictions, in their order. */
export function occurringClasses(counts: ClassCounts): ClassCounts {
  const { truePositives, actual, predicted } = counts;
  const occurs = (_: number, index: number): boolean => (actual[index] ?? 0) + (predicted[index] ?? 0) > 0;
  let occurring = 0;
  for (let index = 0; index < actual.length; index++) if (occurs(0, index)) occurring++;
  if (occurring === actual.length) return counts;
  return {
    truePositives: truePositives.filter(occurs),
    actual: actual.filter(occurs),
    predicted: predicted.filter(occurs),
  };
}
