import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { neural } from "./neural.ts";
import type { OnnxOp } from "./onnx-op.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

/** Every ONNX op that a graph may hold, with its type rule and, where useful, its evaluation. */
export const ONNX_OPS: ReadonlyMap<string, OnnxOp> = new Map(
  Object.entries({ ...elementwise, ...reductions, ...shapes, ...indexing, ...neural }),
);
