import { expect, test } from "vitest";
import type { Predictions } from "../predictions/predictions.ts";
import { GALLERY, rankRows } from "./report-rows.ts";

/** Predictions of three classes: each row is [label, predicted, confidence]. */
function predictions(rows: readonly (readonly [number, number, number])[], name = "picture"): Predictions {
  const data = new Float32Array(rows.length * 3);
  rows.forEach(([, predicted, confidence], row) => {
    data.fill((1 - confidence) / 2, row * 3, row * 3 + 3);
    data[row * 3 + predicted] = confidence;
  });
  return {
    classNames: ["a", "b", "c"],
    imageFileNames: rows.map((_, row) => `${name}_${row}.jpg`),
    sha256: rows.map(() => ""),
    labels: Int32Array.from(rows, ([label]) => label),
    predicted: Int32Array.from(rows, ([, predicted]) => predicted),
    probabilities: { rows: rows.length, columns: 3, data },
    milliseconds: new Float64Array(rows.length),
  };
}

test("mistakes come first, the surest of them at the top; then correct pictures, the least sure first", () => {
  const { rows } = rankRows(
    predictions([
      [0, 0, 0.9],
      [0, 1, 0.6],
      [1, 1, 0.5],
      [2, 0, 0.8],
    ]),
  );
  expect(rows.map((row) => row.n)).toEqual([
    "picture_3.jpg",
    "picture_1.jpg",
    "picture_2.jpg",
    "picture_0.jpg",
  ]);
  expect(rows[0]).toMatchObject({ l: 2, p: 0, c: 800, t: 100 });
});

test("thumbnails go to the gallery, then to the fullest cells, then to every cell in turn", () => {
  const many = Array.from({ length: GALLERY + 8 }, (_, row) => [0, 1, 0.9 - row / 1000] as const);
  const { rows, order } = rankRows(predictions([...many, [1, 2, 0.4], [2, 2, 0.9]]));
  expect(order.slice(0, GALLERY)).toEqual(Array.from({ length: GALLERY }, (_, index) => index));
  expect(new Set(order).size).toBe(order.length);
  const cell = (index: number | undefined) => `${rows[index ?? -1]?.l}→${rows[index ?? -1]?.p}`;
  expect(order.slice(GALLERY, GALLERY + 2).map(cell)).toEqual(["1→2", "2→2"]);
});

test("names that do not fit are counted, and they are the surest correct ones", () => {
  const all = Array.from({ length: 9000 }, (_, row) => [0, 0, 0.5 + row / 20_000] as const);
  const { rows, unnamed } = rankRows(predictions(all, "a_long_name_".repeat(4)));
  expect(unnamed).toBeGreaterThan(0);
  expect(rows.length + unnamed).toBe(9000);
  expect(rows.at(-1)?.c).toBeLessThan(950);
});
