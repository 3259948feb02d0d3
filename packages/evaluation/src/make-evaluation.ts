import type { MeasuredEvaluation, MeasuresJson, OutputOptions } from "./evaluate-options.ts";
import type { EvaluationParts } from "./evaluation-parts.ts";
import { computeMeasures } from "./measures/compute-measures.ts";
import type { RecipeCheck } from "./pipeline/recipe-check.ts";
import { withoutTimes } from "./report/times.ts";
import { conflictingCopies, suspicions } from "./warnings.ts";

/** Measures of the predictions, and everything that a reader should be warned of. */
export function makeEvaluation(
  parts: EvaluationParts,
  { seed, times = true }: Pick<OutputOptions, "seed" | "times">,
): MeasuredEvaluation {
  const { predictions, failures, recipeCheck, provenance } = times ? parts : withoutTimes(parts);
  const measures = computeMeasures(predictions, seed === undefined ? {} : { seed });
  const accuracy = measures.overall.accuracy.interval;
  const baseline = measures.bestConstantClassifier;
  const suspected =
    accuracy === null || baseline === null
      ? []
      : suspicions(predictions, { wilsonLow: accuracy.low, baseline: baseline.accuracy });
  const json: MeasuresJson = {
    ...measures,
    failures,
    warnings: [...recipeWarnings(recipeCheck), ...suspected, ...parts.warnings],
    conflictingCopies: conflictingCopies(predictions),
    recipeCheck,
    provenance,
  };
  return { predictions, measures: json };
}

function recipeWarnings(check: RecipeCheck | null): readonly string[] {
  if (check === null || check.better === null) return [];
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return [
    `the recipe may be wrong: on ${check.examples} pictures ${check.recipe} is right on ${percent(check.accuracy)}, ` +
      `${check.better.recipe} on ${percent(check.better.accuracy)}; try --recipe ${check.better.recipe}`,
  ];
}
