import type { EvaluationParts } from "../evaluation-parts.ts";

/**
 * The parts of an evaluation without its times. Here stands what is a time: the moment of the report, the seconds that
 * the run took, and each picture's milliseconds. All else in the files is the same whenever, and on however many
 * instances, the same evaluation runs.
 */
export function withoutTimes(parts: EvaluationParts): EvaluationParts {
  const { predictions, provenance } = parts;
  return {
    ...parts,
    predictions: {
      ...predictions,
      milliseconds: new Float64Array(predictions.milliseconds.length).fill(Number.NaN),
    },
    provenance: { ...provenance, time: null, seconds: null },
  };
}
