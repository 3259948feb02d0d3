import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CLASS_MEASURES, type ClassMeasureSpec } from "./class-table.ts";
import { MEASURES, type MeasureSpec } from "./table.ts";

const INTERVALS = { wilson: "Wilson", bca: "bootstrap" } as const;

const cell = (text: string): string => text.replaceAll("|", "\\|");

function rows(table: Readonly<Record<string, MeasureSpec | ClassMeasureSpec>>): string {
  const lines = Object.entries(table).map(([key, spec]) => {
    const [least, most] = spec.range.map((bound) => String(Number(bound.toFixed(2))).replace("-", "−"));
    const better = spec.direction === "higher" ? "↑" : "↓";
    const cells = [`\`${key}\``, spec.title, `${least} … ${most} ${better}`, INTERVALS[spec.interval]];
    return `| ${[...cells, spec.definition, spec.source].map(cell).join(" | ")} |`;
  });
  return [
    "| key | measure | range, better | interval | definition | source |",
    "|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

const page = `# Measures
<!-- Printed from table.ts and class-table.ts in packages/evaluation/src/measures by
     npx vitest run packages/evaluation/src/measures/measures-page.test.ts -u -->

What \`measures.json\` holds, and how each number comes about. Its JSON Schema is
[packages/evaluation/schema/measures.schema.json](../packages/evaluation/schema/measures.schema.json).

- **Equal to scikit-learn's**, bit for bit, logarithms apart: the golden files of the tests are made by
  \`packages/evaluation/golden/make_measures.py\`.
- **Averages** run over the classes that occur in labels or predictions, and a class whose denominator is 0
  counts as 0, as scikit-learn does with \`zero_division=0\`. Averages over every class of the model are named
  \`…_macro_all_classes\`.
- **Undefined is \`null\`**, never NaN, and left out of means: a class in neither labels nor predictions has no
  values, a class without examples no ROC AUC.
- **Probabilities** are float32 as the model gave them for ranking (top-k, ROC AUC, average precision). For log
  loss, Brier score, calibration and risk–coverage each row is divided by its sum in float64.
- **Intervals** have the level that is written beside them, 95 % by default.
  - *Wilson*: the score interval of a proportion, as statsmodels' \`proportion_confint(method="wilson")\`.
  - *bootstrap*: bias-corrected and accelerated (BCa), as \`scipy.stats.bootstrap\` with one sample a class: each
    resample draws, with replacement, as many examples of every class as the class has. 2,000 seeded resamples
    (xoshiro128\\*\\*); fewer, never below 200, above 100,000 examples, and for ROC AUC and average precision above
    1,000,000 examples × classes; the count stands in each interval. Where all resamples agree, as with a
    perfect model, there is no interval.

## Overall
${rows(MEASURES)}

## Per class
${rows(CLASS_MEASURES)}

## Also in measures.json
- \`bestConstantClassifier\`: what always answering the most frequent class (the lowest index of equals) reaches.
- \`confusionMatrix\`: counts; rows actual, columns predicted, in the model's order. \`mostConfused\`: its largest
  cells beside the diagonal, at most 100.
- \`reliability\`: the 15 bins of the expected calibration error. \`riskCoverage\`: the curve, at most 200 points.

## evaluation.json
The file that a SageMaker pipeline reads. \`accuracy\`, \`precision\`, \`recall\` and \`f1\` are micro averages, so all
four are the accuracy; \`weighted_*\` are the weighted averages above; \`*_best_constant_classifier\` are those of the
classifier that always answers the most frequent class. From 200 examples on, \`standard_deviation\` is the sample
standard deviation (divisor 4) over five seeded random samples of 80 % of the examples, drawn without replacement;
below that it is the string \`"NaN"\`. With \`--profile lab\` there are only the lab's keys, and it is always
\`"NaN"\`. Class names that occur twice get their 0-based index: \`crane (class 134)\`.
`;

test("docs/measures.md is printed from the tables", async () => {
  await expect(page).toMatchFileSnapshot("../../../../docs/measures.md");
});

test("the page is in the repository and names every measure", () => {
  const text = readFileSync(fileURLToPath(new URL("../../../../docs/measures.md", import.meta.url)), "utf8");
  for (const key of [...Object.keys(MEASURES), ...Object.keys(CLASS_MEASURES)]) {
    expect(text).toContain(`| \`${key}\` |`);
  }
});
