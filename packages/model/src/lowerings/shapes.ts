import {
  cast,
  reshape,
  reshapeTo,
  runtimeShape,
  squeeze,
  transpose,
  unsqueeze,
} from "../graph/emit-shapes.ts";
import { staticShape } from "../graph/size.ts";
import { constantNumbers, constantScalar, positiveAxis, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowering,
  type LoweringTable,
  outputCount,
  type SourceNode,
  unsupported,
} from "./lowering.ts";

const UNKNOWN_AXIS = unsupported("its axis is only known at run time");

const axisOf = (value: Value | undefined): number | null => constantNumbers(value)?.[0] ?? null;

const shapeAs = (emit: Emit, x: Value, node: SourceNode): Value =>
  cast(emit, runtimeShape(emit, x), node.attributes.dataType("out_type"));

const squeezeOp: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const dims = node.attributes.numbers("squeeze_dims");
  const ones = staticShape(x.shape)?.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (dims.length === 0) return [ones ? squeeze(emit, x, ones) : emit("Squeeze", [x])];
  return [
    squeeze(
      emit,
      x,
      dims.map((axis) => positiveAxis(axis, x.shape?.length ?? 0)),
    ),
  ];
};

const expandDims: Lowering = (node, emit) => {
  const [x, axis] = [inputOf(node, 0), axisOf(node.inputs[1])];
  if (axis === null) return UNKNOWN_AXIS;
  return [unsqueeze(emit, x, [x.shape ? positiveAxis(axis, x.shape.length + 1) : axis])];
};

const concat = (emit: Emit, values: readonly Value[], axis: number | null) => {
  if (axis === null) return UNKNOWN_AXIS;
  const rank = values[0]?.shape?.length;
  // Parts of zero size, which ONNX Runtime may refuse beside a symbolic one, add nothing.
  const parts = values.filter((value) => !(rank === 1 && value.shape?.[0] === 0));
  const [only] = parts;
  if (parts.length === 1 && only) return [only];
  return [emit("Concat", parts, { axis: rank === undefined ? axis : positiveAxis(axis, rank) })];
};

const split = (emit: Emit, x: Value, { axis, sizes, parts }: SplitOptions): readonly Value[] => {
  if (parts === 1) return [x];
  if (sizes) return emit.all("Split", [x, emit.ints(sizes)], { axis }, parts);
  return emit.all("Split", [x], { axis, num_outputs: parts }, parts);
};

interface SplitOptions {
  readonly axis: number;
  /** null: equal parts. */
  readonly sizes: readonly number[] | null;
  readonly parts: number;
}

const splitEqually: Lowering = (node, emit) => {
  const [axis, x] = [axisOf(node.inputs[0]), inputOf(node, 1)];
  if (axis === null || !x.shape) return UNKNOWN_AXIS;
  const at = positiveAxis(axis, x.shape.length);
  const size = x.shape[at];
  const parts = outputCount(node, "num_split");
  const sizes = typeof size === "number" ? new Array<number>(parts).fill(size / parts) : null;
  return split(emit, x, { axis: at, sizes, parts });
};

const splitBySizes: Lowering = (node, emit) => {
  const [x, sizes, axis] = [inputOf(node, 0), constantNumbers(node.inputs[1]), axisOf(node.inputs[2])];
  if (axis === null || !x.shape) return UNKNOWN_AXIS;
  if (!sizes) return unsupported("its sizes are only known at run time");
  const at = positiveAxis(axis, x.shape.length);
  const whole = x.shape[at];
  const given = sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  if (sizes.includes(-1) && typeof whole !== "number") return unsupported("a size is only known at run time");
  const known = sizes.map((size) => (size === -1 ? Number(whole) - given : size));
  return split(emit, x, { axis: at, sizes: known, parts: known.length });
};

const unpack: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const axis = positiveAxis(node.attributes.number("axis"), x.shape?.length ?? 0);
  const count = outputCount(node, "num");
  return Array.from({ length: count }, (_, index) =>
    emit("Gather", [x, emit.scalar(index, "int64")], { axis }),
  );
};

const pack: Lowering = (node, emit) => {
  const rank = node.inputs[0]?.shape?.length;
  const axis = positiveAxis(node.attributes.number("axis"), (rank ?? -1) + 1);
  return [
    emit(
      "Concat",
      node.inputs.map((value) => unsqueeze(emit, value, [axis])),
      { axis },
    ),
  ];
};

/** Reverses some axes: slices from the last element to the first. */
const reverse: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const axes = constantNumbers(node.inputs[1]);
  if (!axes || !x.shape) return UNKNOWN_AXIS;
  if (axes.length === 0) return [x];
  const rank = x.shape.length;
  const inputs = [
    x,
    emit.ints(axes.map(() => -1)),
    emit.ints(axes.map(() => Number.MIN_SAFE_INTEGER)),
    emit.ints(axes.map((axis) => positiveAxis(axis, rank))),
    emit.ints(axes.map(() => -1)),
  ];
  return [emit("Slice", inputs)];
};

/** Moves the last elements of an axis to its front; one shift for each axis. */
const roll: Lowering = (node, emit) => {
  const [shifts, axes] = [constantNumbers(node.inputs[1]), constantNumbers(node.inputs[2])];
  const x = inputOf(node, 0);
  if (!shifts || !axes || !x.shape) return unsupported("its shift or axis is only known at run time");
  let result = x;
  for (const [k, axis] of axes.entries()) {
    const at = positiveAxis(axis, x.shape.length);
    const size = x.shape[at];
    if (typeof size !== "number") return unsupported("the size of its axis is only known at run time");
    const start = (size - ((shifts[k] ?? 0) % size)) % size;
    const part = (from: number, to: number): Value =>
      emit("Slice", [result, emit.ints([from]), emit.ints([to]), emit.ints([at])]);
    if (start > 0) result = emit("Concat", [part(start, size), part(0, start)], { axis: at });
  }
  return [result];
};

/** int64 [size]: 0, 1, 2, … */
const countingTo = (emit: Emit, size: number): Value =>
  emit("Range", [emit.scalar(0, "int64"), emit.scalar(size, "int64"), emit.scalar(1, "int64")]);

/** bool [size, size], true on the main diagonal. */
function diagonal(emit: Emit, size: number): Value {
  const indices = countingTo(emit, size);
  return emit("Equal", [unsqueeze(emit, indices, [1]), indices]);
}

const MAIN_DIAGONAL = unsupported("only the main diagonal of a square matrix of known size is");

/** Inputs: diagonal, k, rows, columns, padding value. */
const matrixDiag: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const size = x.shape?.at(-1);
  const [k, rows, columns] = [1, 2, 3].map((index) => constantScalar(inputOf(node, index)));
  const square = [rows, columns].every((count) => count === -1 || count === size);
  if (typeof size !== "number" || k !== 0 || !square) return MAIN_DIAGONAL;
  const spread = unsqueeze(emit, x, [(x.shape?.length ?? 1) - 1]);
  return [emit("Where", [diagonal(emit, size), spread, inputOf(node, 4)])];
};

/** Inputs: matrix, k, padding value. */
const matrixDiagPart: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const [rows, columns] = x.shape?.slice(-2) ?? [];
  if (typeof rows !== "number" || rows !== columns || constantScalar(inputOf(node, 1)) !== 0)
    return MAIN_DIAGONAL;
  const kept = emit("Where", [diagonal(emit, rows), x, emit.scalar(0, x.dataType)]);
  return [emit("ReduceSum", [kept, emit.ints([(x.shape?.length ?? 2) - 1])], { keepdims: 0 })];
};

/** Compares with every class, so that an index outside gives a row of `off`, as TensorFlow's. */
const oneHot: Lowering = (node, emit) => {
  const [indices, depth] = [inputOf(node, 0), constantNumbers(node.inputs[1])?.[0]];
  const [on, off] = [inputOf(node, 2), inputOf(node, 3)];
  if (depth === undefined || !indices.shape) return unsupported("its depth is only known at run time");
  const rank = indices.shape.length;
  const axis = positiveAxis(node.attributes.number("axis"), rank + 1);
  if (!(axis >= 0 && axis <= rank)) return unsupported(`axis ${axis} of ${rank + 1}`);
  const classes = countingTo(emit, depth);
  const after = Array.from({ length: rank - axis }, (_, index) => index + 1);
  const hit = emit("Equal", [
    unsqueeze(emit, cast(emit, indices, "int64"), [axis]),
    unsqueeze(emit, classes, after),
  ]);
  return [emit("Where", [hit, on, off])];
};

/** TensorFlow's and ONNX's (DCR) order of the channels agree: block row, block column, channel. */
const blockMove =
  (op: string): Lowering =>
  (node, emit) => {
    const x = inputOf(node, 0);
    const blocksize = node.attributes.number("block_size");
    const format = node.attributes.text("data_format");
    if (format === "NCHW") return [emit(op, [x], { blocksize })];
    if (format !== "NHWC") return unsupported(`data_format ${format}`);
    return [transpose(emit, emit(op, [transpose(emit, x, [0, 3, 1, 2])], { blocksize }), [0, 2, 3, 1])];
  };

const range: Lowering = (node, emit) => {
  const scalars = node.inputs.map((value) => (value.shape?.length === 0 ? value : reshape(emit, value, [])));
  return [emit("Range", scalars)];
};

export const shapes = {
  Reshape: (node, emit) => [reshapeTo(emit, inputOf(node, 0), inputOf(node, 1))],
  Squeeze: squeezeOp,
  ExpandDims: expandDims,
  Transpose: (node, emit) => {
    const perm = constantNumbers(node.inputs[1]);
    return perm
      ? [transpose(emit, inputOf(node, 0), perm)]
      : unsupported("its permutation is only known at run time");
  },
  Tile: (node, emit) => [emit("Tile", [inputOf(node, 0), cast(emit, inputOf(node, 1), "int64")])],
  Fill: (node, emit) => [emit("Expand", [inputOf(node, 1), cast(emit, inputOf(node, 0), "int64")])],
  BroadcastTo: (node, emit) => [emit("Expand", [inputOf(node, 0), cast(emit, inputOf(node, 1), "int64")])],
  Shape: (node, emit) => [shapeAs(emit, inputOf(node, 0), node)],
  ShapeN: (node, emit) => node.inputs.map((x) => shapeAs(emit, x, node)),
  Size: (node, emit) => [cast(emit, emit("Size", [inputOf(node, 0)]), node.attributes.dataType("out_type"))],
  Rank: (node, emit) => {
    const rank = inputOf(node, 0).shape?.length;
    return rank === undefined ? unsupported("its input's rank is unknown") : [emit.scalar(rank, "int32")];
  },
  Range: range,
  ConcatV2: (node, emit) => concat(emit, node.inputs.slice(0, -1), axisOf(node.inputs.at(-1))),
  Concat: (node, emit) => concat(emit, node.inputs.slice(1), axisOf(node.inputs[0])),
  Split: splitEqually,
  SplitV: splitBySizes,
  Unpack: unpack,
  Pack: pack,
  ReverseV2: reverse,
  Roll: roll,
  MatrixDiagV3: matrixDiag,
  MatrixDiagPartV3: matrixDiagPart,
  OneHot: oneHot,
  DepthToSpace: blockMove("DepthToSpace"),
  SpaceToDepth: blockMove("SpaceToDepth"),
} satisfies LoweringTable;
