import type { RecipeCheck } from "./pipeline/recipe-check.ts";
import type { Failure } from "./predictions/collected.ts";
import type { Predictions } from "./predictions/predictions.ts";
import type { Provenance } from "./report/provenance.ts";

/** What an evaluation is made of, whether it was just run or read back. */
export interface EvaluationParts {
  readonly predictions: Predictions;
  readonly failures: readonly Failure[];
  readonly warnings: readonly string[];
  readonly recipeCheck: RecipeCheck | null;
  readonly provenance: Provenance;
}
