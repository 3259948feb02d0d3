import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { CLASS_MEASURES } from "./class-table.ts";
import { computeMeasures } from "./compute-measures.ts";
import { goldenExamples } from "./golden-cases.test.support.ts";
import type { Measures } from "./measures.ts";
import { MEASURES } from "./table.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../schema/measures.schema.json", import.meta.url), "utf8"),
);
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

/** What measures.json holds beside the measures; measures-json.test.ts has the full ones. */
const BESIDE = {
  failures: [],
  warnings: [],
  conflictingCopies: [],
  recipeCheck: null,
  provenance: {
    time: "2026-01-02T03:04:05.678Z",
    command: "",
    versions: {},
    model: null,
    dataset: { source: "", digest: `sha256:${"0".repeat(64)}`, examples: 0, classNameSource: "index" },
    preprocessing: null,
    seconds: null,
  },
};

const made = (examples: number, classes: number, skill = 500): Measures & typeof BESIDE => ({
  ...BESIDE,
  ...computeMeasures(
    goldenExamples({
      name: "",
      seed: 8,
      examples,
      classes,
      labels: [0],
      spread: 1000,
      skill,
      zeroBelow: 0,
    }),
    { resamples: 100 },
  ),
});

test.each([
  [0, 0],
  [0, 3],
  [1, 1],
  [1, 4],
  [300, 2],
  [60, 40],
])("measures.json of %i examples of %i classes is valid by its schema", (examples, classes) => {
  const text = JSON.stringify(made(examples, classes));
  expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
});

test("nothing is NaN or infinite: reading the text gives the same object", () => {
  for (const classes of [1, 2, 5]) {
    for (const examples of [0, 1, 2, 40]) {
      const measures = made(examples, classes);
      expect(JSON.parse(JSON.stringify(measures))).toEqual(measures);
    }
  }
});

test("the schema names every measure of the tables, in their order, and nothing else", () => {
  const { overall, perClass } = schema.properties;
  expect(Object.keys(overall.properties)).toEqual(Object.keys(MEASURES));
  expect(overall.required).toEqual(Object.keys(MEASURES));
  expect(perClass.items.required).toEqual([
    "index",
    "name",
    "support",
    "predicted",
    "truePositives",
    ...Object.keys(CLASS_MEASURES),
  ]);
});

test.each<[string, (measures: Record<string, unknown>) => void]>([
  ["a missing measure", (measures) => delete (measures.overall as Record<string, unknown>).f1_macro],
  ["an unknown key", (measures) => Object.assign(measures, { f3: 1 })],
  [
    "a bootstrap interval without its count",
    (measures) => {
      const overall = measures.overall as Record<string, { interval: object }>;
      Object.assign(overall.accuracy ?? {}, { interval: { low: 0, high: 1, level: 0.95, method: "bca" } });
    },
  ],
  ["a value that is a string", (measures) => Object.assign(measures, { level: "0.95" })],
])("the schema refuses %s", (_, spoil) => {
  const measures = JSON.parse(JSON.stringify(made(50, 3)));
  expect(validate(measures)).toBe(true);
  spoil(measures);
  expect(validate(measures)).toBe(false);
});
