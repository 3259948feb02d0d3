import { cast } from "../graph/emit-shapes.ts";
import { constantNumbers, positiveAxis, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowered,
  type Lowering,
  type LoweringTable,
  unsupported,
} from "./lowering.ts";

/** Reduces along the axes of the second input. */
const reduce =
  (op: string): Lowering =>
  (node, emit) => {
    const [x, axes] = [inputOf(node, 0), inputOf(node, 1)];
    const keepdims = node.attributes.flag("keep_dims") ? 1 : 0;
    const known = constantNumbers(axes);
    if (known?.length === 0) return [x];
    const rank = x.shape?.length;
    const positive = known && rank !== undefined ? known.map((axis) => positiveAxis(axis, rank)) : known;
    return [emit(op, [x, positive ? emit.ints(positive) : cast(emit, axes, "int64")], { keepdims })];
  };

/** All and Any: ONNX reduces no booleans. */
const logical =
  (op: string): Lowering =>
  (node, emit) => {
    const x = cast(emit, inputOf(node, 0), "int32");
    const lowered = reduce(op)({ ...node, inputs: [x, inputOf(node, 1)] }, emit);
    return "unsupported" in lowered ? lowered : lowered.map((value) => cast(emit, value, "bool"));
  };

/** Ties go to the first index, in both. */
const argument =
  (op: string): Lowering =>
  (node, emit) => {
    const axis = constantNumbers(node.inputs[1])?.[0] ?? 0;
    const index = emit(op, [inputOf(node, 0)], { axis, keepdims: 0, select_last_index: 0 });
    return [cast(emit, index, node.attributes.dataType("output_type"))];
  };

function topK(node: Parameters<Lowering>[0], emit: Emit, k: Value): Lowered {
  const sorted = node.attributes.flag("sorted") ? 1 : 0;
  const count = cast(emit, k, "int64");
  const one = k.shape?.length === 0 ? emit("Reshape", [count, emit.ints([1])]) : count;
  const attributes = { axis: -1, largest: 1, sorted };
  const [values, indices] = emit.all("TopK", [inputOf(node, 0), one], attributes, 2);
  if (!values || !indices) throw new TypeError("TopK has two outputs");
  const { has, dataType } = node.attributes;
  return [values, cast(emit, indices, has("index_type") ? dataType("index_type") : "int32")];
}

const cumsum: Lowering = (node, emit) => {
  const axis = constantNumbers(node.inputs[1])?.[0];
  if (axis === undefined) return unsupported("its axis is only known at run time");
  const exclusive = node.attributes.flag("exclusive") ? 1 : 0;
  const reverse = node.attributes.flag("reverse") ? 1 : 0;
  return [emit("CumSum", [inputOf(node, 0), emit.scalar(axis, "int64")], { exclusive, reverse })];
};

export const reductions = {
  Mean: reduce("ReduceMean"),
  Sum: reduce("ReduceSum"),
  Max: reduce("ReduceMax"),
  Min: reduce("ReduceMin"),
  Prod: reduce("ReduceProd"),
  EuclideanNorm: reduce("ReduceL2"),
  All: logical("ReduceMin"),
  Any: logical("ReduceMax"),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Cumsum: cumsum,
  TopKV2: (node, emit) => topK(node, emit, inputOf(node, 1)),
} satisfies LoweringTable;
