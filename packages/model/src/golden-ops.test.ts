import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { FieldmarkError } from "@fieldmark/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "./load-model.ts";
import type { Model, OutputKind } from "./model.ts";
import type { DataType, Tensor, TensorData } from "./tensor.ts";
import { numbersOf } from "./tensor-convert.ts";

/** Made by golden/make_ops.py. */
const FOLDER = fileURLToPath(new URL("../golden/ops/", import.meta.url));

interface SavedTensor {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly base64?: string;
  readonly strings?: readonly string[];
}

interface Case {
  readonly about: string;
  /** Largest absolute difference of a floating-point output; other outputs are equal. */
  readonly tolerance: number;
  readonly signature: string;
  readonly classOutput?: { readonly kind: OutputKind; readonly classes: number };
  readonly inputs: Readonly<Record<string, SavedTensor>>;
  readonly outputs?: Readonly<Record<string, SavedTensor>>;
  /** Code of the error that importing it gives. */
  readonly error?: string;
}

const ELEMENTS: Readonly<Record<string, (bytes: ArrayBuffer) => TensorData>> = {
  float32: (bytes) => new Float32Array(bytes),
  float64: (bytes) => new Float64Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  int64: (bytes) => new BigInt64Array(bytes),
  float16: (bytes) => new Uint16Array(bytes),
  bfloat16: (bytes) => new Uint16Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  bool: (bytes) => new Uint8Array(bytes),
};

function tensor({ dataType, shape, base64 = "", strings }: SavedTensor): Tensor {
  if (strings) return { dataType, shape, data: strings.map((text) => new TextEncoder().encode(text)) };
  const bytes = Uint8Array.from(Buffer.from(base64, "base64")).buffer;
  return { dataType, shape, data: ELEMENTS[dataType]!(bytes) };
}

function tensors(saved: Readonly<Record<string, SavedTensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(saved).map(([key, value]) => [key, tensor(value)]));
}

function expectClose(actual: Tensor, expected: Tensor, tolerance: number): void {
  expect({ dataType: actual.dataType, shape: actual.shape }).toEqual({
    dataType: expected.dataType,
    shape: expected.shape,
  });
  if (!/float/.test(expected.dataType)) {
    expect(actual.data).toEqual(expected.data);
    return;
  }
  expect(largestDifference(numbersOf(actual), numbersOf(expected))).toBeLessThanOrEqual(tolerance);
}

/** NaN where any element is. */
function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let at = 0; at < expected.length; at++) most = Math.max(most, Math.abs(actual[at]! - expected[at]!));
  return most;
}

/** What `classify` should give of the saved model's own scores. */
function probabilities(scores: ArrayLike<number>, kind: OutputKind, rows: number): number[] {
  const columns = scores.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const of = Array.from({ length: columns }, (_, column) => scores[row * columns + column]!);
    if (kind === "probabilities") return of;
    if (kind !== "logits") {
      const [score = Number.NaN] = of;
      const second = kind === "sigmoid" ? score : 1 / (1 + Math.exp(-score));
      return [1 - second, second];
    }
    const powers = of.map((score) => Math.exp(score - Math.max(...of)));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  }).flat();
}

/** `classify` takes float32 pictures of a known size. */
function takesPictures({ description }: Model): boolean {
  const [input, ...others] = Object.values(description.inputs);
  const [, height, width, channels] = input?.shape ?? [];
  return others.length === 0 && input?.dataType === "float32" && Boolean(height && width) && channels === 3;
}

let cacheFolder: string;

beforeAll(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), "fieldmark-golden-ops-"));
});

afterAll(async () => {
  await rm(cacheFolder, { recursive: true, force: true });
});

const casesOf = (producer: string): Record<string, Case> =>
  JSON.parse(gunzipSync(readFileSync(join(FOLDER, producer, "cases.json.gz"))).toString());

describe.each(readdirSync(FOLDER))("%s", (producer) => {
  const cases = casesOf(producer);
  const open = (name: string) =>
    loadModel(join(FOLDER, producer, `${name}.tar.gz`), {
      cacheFolder,
      threads: 1,
      ...(cases[name]!.signature === "serving_default" ? {} : { signature: cases[name]!.signature }),
    });

  test.each(Object.keys(cases).filter((name) => cases[name]!.error === undefined))("%s", async (name) => {
    const { inputs, outputs = {}, tolerance, classOutput } = cases[name]!;
    await using model = await open(name);
    const fed = tensors(inputs);
    const expected = tensors(outputs);
    const actual = await model.predict(fed);
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, value] of Object.entries(expected)) {
      expectClose(actual[key]!, value, tolerance);
    }
    if (classOutput === undefined) return;
    expect(model.classOutput()).toMatchObject(classOutput);
    const [pixels] = Object.values(fed);
    if (pixels === undefined || !takesPictures(model)) return;
    const rows = pixels.shape[0]!;
    const [scores] = Object.values(expected);
    expect(
      largestDifference(
        await model.classify(pixels.data as Float32Array, rows),
        probabilities(numbersOf(scores!), classOutput.kind, rows),
      ),
    ).toBeLessThanOrEqual(tolerance);
  });

  test.each(Object.keys(cases).filter((name) => cases[name]!.error !== undefined))(
    "%s is refused",
    async (name) => {
      const refused = await open(name).then(
        async (model) => {
          await model.close();
          return null;
        },
        (error: unknown) => error as FieldmarkError,
      );
      expect(refused).toMatchObject({ name: "FieldmarkError", code: cases[name]!.error });
    },
  );

  test("a model of four rows takes three (padded) and six (split)", async () => {
    await using model = await open("fixed_batch");
    const [[inputName, input]] = Object.entries(tensors(cases.fixed_batch!.inputs)) as [[string, Tensor]];
    const [[outputName, output]] = Object.entries(tensors(cases.fixed_batch!.outputs!)) as [[string, Tensor]];
    const rowsOf = ({ data, shape }: Tensor, rows: readonly number[]) => {
      const size = data.length / shape[0]!;
      return Float32Array.from(
        rows.flatMap((row) => [...(data as Float32Array).subarray(row * size, (row + 1) * size)]),
      );
    };
    for (const rows of [
      [2, 0, 1],
      [3, 2, 1, 0, 0, 1],
    ]) {
      const shape = [rows.length, ...input.shape.slice(1)];
      const actual = await model.predict({
        [inputName]: { dataType: "float32", shape, data: rowsOf(input, rows) },
      });
      expect(actual[outputName]!.shape).toEqual([rows.length, 5]);
      expect(largestDifference(numbersOf(actual[outputName]!), rowsOf(output, rows))).toBeLessThanOrEqual(
        1e-5,
      );
    }
  });
});

test("unsupported ops are listed all at once, with their counts", async () => {
  const [producer = ""] = readdirSync(FOLDER);
  const refused = await loadModel(join(FOLDER, producer, "unsupported_ops.tar.gz"), { cacheFolder }).catch(
    String,
  );
  expect(refused).toMatch(/Betainc/);
  expect(refused).toMatch(/Digamma\W*2|2\W*Digamma/);
});
