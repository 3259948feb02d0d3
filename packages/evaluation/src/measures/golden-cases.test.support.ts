import { randomBelow, seededBits } from "../statistics/random.ts";
import { type ScoredExamples, scoreExamples } from "./scored-examples.ts";

/** What a random case is made from; golden/make_measures.py makes the same numbers from it. */
export interface GoldenCase {
  readonly name: string;
  readonly seed: number;
  readonly examples: number;
  readonly classes: number;
  /** Examples have only these classes; one that is listed twice comes up twice as often. */
  readonly labels: readonly number[];
  /** Scores are whole numbers in [1, spread] before rows are normalised: a small one makes ties. */
  readonly spread: number;
  /** Added to the true class's score. */
  readonly skill: number;
  /** Scores below it become probabilities of 0, but for the first class. */
  readonly zeroBelow: number;
}

/** Labels, then scores row by row, from one stream of random numbers. */
export function goldenExamples(golden: GoldenCase): ScoredExamples {
  const { examples, classes, labels: choices, spread, skill, zeroBelow } = golden;
  const bits = seededBits(golden.seed);
  const labels = Int32Array.from({ length: examples }, () => choices[randomBelow(bits, choices.length)] ?? 0);
  const data = new Float32Array(examples * classes);
  for (let row = 0; row < examples; row++) {
    const scores = Array.from({ length: classes }, (_, column) => {
      const score = 1 + randomBelow(bits, spread);
      return (column > 0 && score < zeroBelow ? 0 : score) + (column === labels[row] ? skill : 0);
    });
    const sum = scores.reduce((total, score) => total + score, 0) || 1;
    scores.forEach((score, column) => {
      data[row * classes + column] = score / sum;
    });
  }
  return scoreExamples({
    classNames: Array.from({ length: classes }, (_, index) => `class_${index}`),
    labels,
    probabilities: { rows: examples, columns: classes, data },
  });
}
