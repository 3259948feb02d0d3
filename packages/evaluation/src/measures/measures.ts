import type { Interval } from "../statistics/interval.ts";
import type { ReliabilityBin } from "./calibration.ts";
import type { ClassMeasureKey } from "./class-table.ts";
import type { Confusion } from "./confusion-matrix.ts";
import type { RiskCoveragePoint } from "./risk-coverage.ts";
import type { MeasureKey } from "./table.ts";

/** A measure's value with its confidence interval; null where undefined. */
export interface Estimate {
  readonly value: number | null;
  readonly interval: Interval | null;
}

/** One class and its measures against the rest. */
export interface ClassMeasures extends Readonly<Record<ClassMeasureKey, Estimate>> {
  /** 0-based, the model's order. */
  readonly index: number;
  readonly name: string;
  /** Examples of the class. */
  readonly support: number;
  /** Examples predicted as the class. */
  readonly predicted: number;
  readonly truePositives: number;
}

/** What a classifier would reach that always answers the most frequent class. */
export interface BestConstantClassifier {
  /** The lowest index among the most frequent classes. */
  readonly index: number;
  readonly name: string;
  readonly accuracy: number;
  readonly balanced_accuracy: number;
  readonly precision_weighted: number;
  readonly recall_weighted: number;
  readonly f0_5_weighted: number;
  readonly f1_weighted: number;
  readonly f2_weighted: number;
}

/** measures.json; its JSON Schema is schema/measures.schema.json. */
export interface Measures {
  readonly schemaVersion: 1;
  /** Confidence level of every interval. */
  readonly level: number;
  /** How the bootstrap was done. */
  readonly bootstrap: {
    /** 0 when no bootstrap interval was asked for. */
    readonly resamples: number;
    /** Resamples of ROC AUC and average precision. */
    readonly rankingResamples: number;
    readonly seed: number;
    readonly stratifiedBy: "actual class";
  };
  readonly examples: {
    readonly count: number;
    readonly correct: number;
    /** Classes that have examples. */
    readonly classesWithExamples: number;
    /** Examples whose probabilities sum to less than 0.999 or more than 1.001; they were renormalised. */
    readonly unnormalizedRows: number;
  };
  readonly overall: Readonly<Record<MeasureKey, Estimate>>;
  readonly bestConstantClassifier: BestConstantClassifier | null;
  readonly perClass: readonly ClassMeasures[];
  /** [classes][classes], rows actual, columns predicted. */
  readonly confusionMatrix: readonly (readonly number[])[];
  readonly mostConfused: readonly Confusion[];
  readonly reliability: readonly ReliabilityBin[];
  readonly riskCoverage: readonly RiskCoveragePoint[];
}
