import { transpose } from "../graph/emit-shapes.ts";
import type { Value } from "../graph/value.ts";
import { type Emit, inputOf, type Lowering, type LoweringTable, unsupported } from "./lowering.ts";

/** The last two axes swapped. */
function adjoint(emit: Emit, x: Value): Value | null {
  const rank = x.shape?.length;
  if (rank === undefined) return null;
  const axes = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return transpose(emit, x, [...axes, rank - 1, rank - 2]);
}

/** Gemm takes transposed matrices as they are, so that no weight is copied. */
const matMul: Lowering = (node, emit) => {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const transA = node.attributes.flag("transpose_a") ? 1 : 0;
  const transB = node.attributes.flag("transpose_b") ? 1 : 0;
  if (transA + transB === 0) return [emit("MatMul", [a, b])];
  return [emit("Gemm", [a, b], { alpha: 1, beta: 1, transA, transB })];
};

const batchMatMul: Lowering = (node, emit) => {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const left = node.attributes.flag("adj_x") ? adjoint(emit, a) : a;
  const right = node.attributes.flag("adj_y") ? adjoint(emit, b) : b;
  return left && right ? [emit("MatMul", [left, right])] : unsupported("the rank of its input is unknown");
};

export const matmul = {
  MatMul: matMul,
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  BatchMatMulV3: batchMatMul,
  Einsum: (node, emit) => [
    emit("Einsum", node.inputs, { equation: node.attributes.text("equation").replaceAll(" ", "") }),
  ],
} satisfies LoweringTable;
