import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LAB_MEASURES, WEIGHTED_MEASURES } from "@fieldmark/contract";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { evaluationJson, evaluationJsonText } from "./evaluation-json.ts";
import { goldenExamples } from "./golden-cases.test.support.ts";
import { type ScoredExamples, scoreExamples } from "./scored-examples.ts";

const birds = fileURLToPath(new URL("../../../../../shared/data/birds/", import.meta.url));

const rowsOf = (path: string): Record<string, string>[] =>
  parse(readFileSync(path, "utf8"), { columns: true, skip_empty_lines: true });

/** Examples of a row each, whose predicted class is the most probable. */
function labelled(classNames: readonly string[], pairs: readonly (readonly [number, number])[]) {
  const columns = classNames.length;
  const data = new Float32Array(pairs.length * columns);
  pairs.forEach(([, predicted], row) => {
    data[row * columns + predicted] = 1;
  });
  return scoreExamples({
    classNames,
    labels: Int32Array.from(pairs, ([label]) => label),
    probabilities: { rows: pairs.length, columns, data },
  });
}

function birdExamples(): ScoredExamples {
  const manifest = rowsOf(`${birds}manifest/test.csv`);
  const predictions = new Map(
    rowsOf(`${birds}expected-predictions.csv`).map((row) => [row.image_file_name, row]),
  );
  const names = new Map(manifest.map((row) => [Number(row.class_id), row.class_name ?? ""]));
  const classNames = [...names].sort(([a], [b]) => a - b).map(([, name]) => name);
  const values = manifest.flatMap((row) =>
    classNames.map((_, index) => Number(predictions.get(row.image_file_name)?.[`p${index}`])),
  );
  return scoreExamples({
    classNames,
    labels: Int32Array.from(manifest, (row) => Number(row.class_id) - 1),
    probabilities: {
      rows: manifest.length,
      columns: classNames.length,
      data: Float32Array.from(values),
    },
  });
}

test.skipIf(!existsSync(birds))(
  "the lab's profile writes the lab's file for its birds (needs shared data)",
  () => {
    const expected: unknown = JSON.parse(readFileSync(`${birds}expected-evaluation.json`, "utf8"));
    const examples = birdExamples();
    const found = evaluationJson(examples, { profile: "lab" });
    expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
    expect(JSON.stringify(JSON.parse(evaluationJsonText(examples, { profile: "lab" })))).toBe(
      JSON.stringify(expected),
    );
  },
);

const MANY = goldenExamples({
  name: "",
  seed: 4,
  examples: 240,
  classes: 4,
  labels: [0, 1, 1, 2, 3],
  spread: 1000,
  skill: 500,
  zeroBelow: 0,
});

test("the default profile adds Model Monitor's keys behind the lab's, and deviations from 200 examples on", () => {
  const metrics = evaluationJson(MANY).multiclass_classification_metrics;
  const constant = ["accuracy", ...WEIGHTED_MEASURES].map((key) => `${key}_best_constant_classifier`);
  expect(Object.keys(metrics)).toEqual([
    ...LAB_MEASURES,
    "confusion_matrix",
    ...WEIGHTED_MEASURES,
    ...constant,
  ]);
  for (const [key, entry] of Object.entries(metrics)) {
    if (key === "confusion_matrix") continue;
    expect(entry.standard_deviation, key).toBeGreaterThan(0);
    expect(entry.standard_deviation, key).toBeLessThan(0.05);
  }
  expect(evaluationJson(MANY)).toEqual(evaluationJson(MANY, { seed: 1 }));
  expect(evaluationJson(MANY)).not.toEqual(evaluationJson(MANY, { seed: 2 }));
  const lab = evaluationJson(MANY, { profile: "lab" }).multiclass_classification_metrics;
  expect(Object.keys(lab)).toEqual([...LAB_MEASURES, "confusion_matrix"]);
  expect(lab.accuracy).toEqual({ value: metrics.accuracy.value, standard_deviation: "NaN" });
});

test("below 200 examples the deviation is the string NaN", () => {
  const few = labelled(
    ["a", "b"],
    Array.from({ length: 199 }, (_, i) => [i % 2, 0] as const),
  );
  for (const [key, entry] of Object.entries(evaluationJson(few).multiclass_classification_metrics)) {
    if (key !== "confusion_matrix") expect(entry.standard_deviation).toBe("NaN");
  }
});

test("a class that is absent from the test set keeps its row and column", () => {
  const { confusion_matrix } = evaluationJson(
    labelled(["a", "b", "c"], [[0, 2]]),
  ).multiclass_classification_metrics;
  expect(confusion_matrix).toEqual({
    a: { a: 0, b: 0, c: 1 },
    b: { a: 0, b: 0, c: 0 },
    c: { a: 0, b: 0, c: 0 },
  });
});

test("class names that are special to JavaScript are keys like any other, and twins stay apart", () => {
  const classNames = ["__proto__", "constructor", "crane", "crane", "crane (class 2)", "toString"];
  const examples = labelled(classNames, [
    [0, 1],
    [2, 3],
    [3, 3],
    [4, 0],
    [5, 5],
  ]);
  const text = evaluationJsonText(examples);
  const parsed = JSON.parse(text) as ReturnType<typeof evaluationJson>;
  for (const json of [evaluationJson(examples), parsed]) {
    const rows = Object.entries(json.multiclass_classification_metrics.confusion_matrix);
    expect(rows.map(([name]) => name)).toEqual([
      "__proto__",
      "constructor",
      "crane (class 2)'",
      "crane (class 3)",
      "crane (class 2)",
      "toString",
    ]);
    expect(rows.map(([, row]) => Object.values(row))).toEqual([
      [0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0],
      [0, 0, 0, 1, 0, 0],
      [1, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]);
  }
  expect(Object.prototype).not.toHaveProperty("crane (class 3)");
});

test("the text keeps the order of classes whose names are numbers", () => {
  const text = evaluationJsonText(labelled(["10", "9", 'a"b'], [[0, 1]]));
  const keys = [...text.matchAll(/^ {6}("(?:[^"\\]|\\.)*"): \{/gm)].map((match) =>
    JSON.parse(match[1] ?? ""),
  );
  expect(keys).toEqual(["10", "9", 'a"b']);
  expect(text).toContain('"10": {"10": 0, "9": 1, "a\\"b": 0}');
  expect(JSON.parse(text)).toEqual(evaluationJson(labelled(["10", "9", 'a"b'], [[0, 1]])));
});

test("without examples every value is 0, so that a gate stays shut", () => {
  const metrics = evaluationJson(labelled(["a", "b"], [])).multiclass_classification_metrics;
  for (const [key, entry] of Object.entries(metrics)) {
    if (key !== "confusion_matrix")
      expect([key, entry]).toEqual([key, { value: 0, standard_deviation: "NaN" }]);
  }
});
