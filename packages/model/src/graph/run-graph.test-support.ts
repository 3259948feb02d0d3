import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { withOwnOutputs } from "../onnx/own-outputs.ts";
import { MODEL_FILE, writeModel } from "../onnx/write-model.ts";
import type { DataType, Tensor } from "../tensor.ts";
import type { Graph } from "./graph.ts";

/** Runs a graph of ONNX ops in ONNX Runtime, as a model file; inputs by name, outputs in the graph's order. */
export async function runGraph(
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  { optimized = true }: { readonly optimized?: boolean } = {},
): Promise<readonly Tensor[]> {
  const own = withOwnOutputs(graph);
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-graph-"));
  try {
    await writeModel(own, folder);
    const session = await InferenceSession.create(join(folder, MODEL_FILE), {
      intraOpNumThreads: 1,
      graphOptimizationLevel: optimized ? "all" : "disabled",
    });
    const feeds = own.inputs.map(({ name }) => {
      const { dataType, shape, data } = named(inputs, name);
      return [name, new OrtTensor(dataType as "float32", data as Float32Array, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    await session.release();
    return own.outputs.map(({ name }) => {
      const { dims, data, type } = named(results, name);
      return { dataType: type as DataType, shape: dims, data: data as Float32Array };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function named<T>(values: Readonly<Record<string, T>>, name: string): T {
  const value = values[name];
  if (value === undefined) throw new Error(`there is no value "${name}"`);
  return value;
}

/** A small generator of repeatable numbers in −1 … 1, multiples of 1/64 so that sums are nearly exact. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 16) % 129) / 64 - 1;
  };
}

export function floats(shape: readonly number[], seed: number): Tensor {
  const next = numbersFrom(seed);
  const length = shape.reduce((count, size) => count * size, 1);
  return { dataType: "float32", shape, data: Float32Array.from({ length }, next) };
}

/** Largest |a − b|, as a share of the largest |b| where that is above 1. */
export function relativeDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  let difference = 0;
  let largest = 1;
  for (const [index, value] of right.entries()) {
    difference = Math.max(difference, Math.abs((left[index] ?? Number.NaN) - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}
