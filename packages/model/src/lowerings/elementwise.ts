import { cast, runtimeShape, unsqueeze } from "../graph/emit-shapes.ts";
import { isFloat } from "../graph/tensor-numbers.ts";
import { constantNumbers, elementsOf, type Value } from "../graph/value.ts";
import { convertTensor } from "../tensor-convert.ts";
import { type Emit, inputOf, type Lowering, type LoweringTable } from "./lowering.ts";

/** Ops that ONNX has too, under another name or the same. */
export const sameAs =
  (op: string): Lowering =>
  (node, emit) => [emit(op, node.inputs)];

const one = (emit: Emit, x: Value): Value => emit.scalar(1, x.dataType);

/** A tensor of `value` as large as `x`. */
function filledLike(emit: Emit, x: Value, value: number): Value {
  return emit("Expand", [emit.scalar(value, x.dataType), runtimeShape(emit, x)]);
}

const isNonNegative = (x: Value): boolean =>
  elementsOf(x)?.every((size) => typeof size === "string" || (size !== null && size >= 0)) ?? false;

/** Division that rounds down; ONNX's rounds integers towards zero, which differs below zero only. */
const floorDiv: Lowering = (node, emit) => {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  if (isFloat(a.dataType)) return [emit("Floor", [emit("Div", [a, b])])];
  if (isNonNegative(a) && isNonNegative(b)) return [emit("Div", [a, b])];
  return [emit("Div", [emit("Sub", [a, emit("Mod", [a, b])]), b])];
};

const floorMod: Lowering = (node, emit) => {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  if (!isFloat(a.dataType)) return [emit("Mod", [a, b])];
  return [emit("Sub", [a, emit("Mul", [b, emit("Floor", [emit("Div", [a, b])])])])];
};

/** 0 wherever the test holds, the result elsewhere. */
const zeroWhere =
  (test: "first" | "second", compute: (a: Value, b: Value, emit: Emit) => Value): Lowering =>
  (node, emit) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const zero = emit.scalar(0, a.dataType);
    return [emit("Where", [emit("Equal", [test === "first" ? a : b, zero]), zero, compute(a, b, emit)])];
  };

const not =
  (op: string): Lowering =>
  (node, emit) => [emit("Not", [emit(op, node.inputs)])];

/** Select of TensorFlow 1: a condition of one axis chooses whole rows. */
const select: Lowering = (node, emit) => {
  const [condition, a, b] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const rank = a.shape?.length ?? 0;
  const rows = condition.shape?.length === 1 && rank > 1;
  const aligned = rows
    ? unsqueeze(
        emit,
        condition,
        Array.from({ length: rank - 1 }, (_, axis) => axis + 1),
      )
    : condition;
  return [emit("Where", [aligned, a, b])];
};

/** Bounds of one element become Clip's; others go through Max and Min. */
const clipByValue: Lowering = (node, emit) => {
  const [x, low, high] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  if (low.shape?.length === 0 && high.shape?.length === 0) return [emit("Clip", [x, low, high])];
  return [emit("Min", [emit("Max", [x, low]), high])];
};

/** Max or Min against one known number is a Clip, which runtimes fuse into convolutions. */
const bound =
  (op: "Max" | "Min"): Lowering =>
  (node, emit) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const [x, limit] = a.constant ? [b, a] : [a, b];
    const number = limit.constant?.shape.length === 0 ? constantNumbers(limit)?.[0] : undefined;
    if (number === undefined || x.dataType !== "float32") return [emit(op, [a, b])];
    if (op === "Max" && number === 0) return [emit("Relu", [x])];
    return [emit("Clip", op === "Max" ? [x, limit, null] : [x, null, limit])];
  };

/**
 * Truncates floats on their way to integers, as ONNX does. Halves and bfloat16 are computed in float32, rounded
 * once to what they can hold.
 */
const castTo: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const to = node.attributes.dataType("DstT");
  if (!isFloat(to)) return [cast(emit, x, to)];
  const single = cast(emit, x, "float32");
  if (to === "float32" || to === "float64") return [single];
  if (!single.constant) return [cast(emit, cast(emit, single, to), "float32")];
  return [emit.constant(convertTensor(convertTensor(single.constant, to), "float32"))];
};

export const elementwise = {
  Add: sameAs("Add"),
  AddV2: sameAs("Add"),
  AddN: (node, emit) => [node.inputs.slice(1).reduce((sum, x) => emit("Add", [sum, x]), inputOf(node, 0))],
  Sub: sameAs("Sub"),
  Mul: sameAs("Mul"),
  MulNoNan: zeroWhere("second", (a, b, emit) => emit("Mul", [a, b])),
  RealDiv: sameAs("Div"),
  Div: sameAs("Div"),
  DivNoNan: zeroWhere("second", (a, b, emit) => emit("Div", [a, b])),
  Xdivy: zeroWhere("first", (a, b, emit) => emit("Div", [a, b])),
  Xlogy: zeroWhere("first", (a, b, emit) => emit("Mul", [a, emit("Log", [b])])),
  TruncateDiv: sameAs("Div"),
  FloorDiv: floorDiv,
  FloorMod: floorMod,
  Mod: (node, emit) => [emit("Mod", node.inputs, { fmod: 1 })],
  TruncateMod: (node, emit) => [emit("Mod", node.inputs, { fmod: 1 })],
  Pow: sameAs("Pow"),
  Maximum: bound("Max"),
  Minimum: bound("Min"),
  SquaredDifference: (node, emit) => {
    const difference = emit("Sub", node.inputs);
    return [emit("Mul", [difference, difference])];
  },
  ClipByValue: clipByValue,
  Neg: sameAs("Neg"),
  Abs: sameAs("Abs"),
  Sign: sameAs("Sign"),
  Square: (node, emit) => [emit("Mul", [inputOf(node, 0), inputOf(node, 0)])],
  Sqrt: sameAs("Sqrt"),
  Rsqrt: (node, emit) => [emit("Reciprocal", [emit("Sqrt", node.inputs)])],
  Reciprocal: sameAs("Reciprocal"),
  Inv: sameAs("Reciprocal"),
  Exp: sameAs("Exp"),
  Expm1: (node, emit) => [emit("Sub", [emit("Exp", node.inputs), one(emit, inputOf(node, 0))])],
  Log: sameAs("Log"),
  Log1p: (node, emit) => [emit("Log", [emit("Add", [inputOf(node, 0), one(emit, inputOf(node, 0))])])],
  Floor: sameAs("Floor"),
  Ceil: sameAs("Ceil"),
  /** Halves go to the even neighbour, in both. */
  Round: sameAs("Round"),
  Rint: sameAs("Round"),
  Sin: sameAs("Sin"),
  Cos: sameAs("Cos"),
  Tan: sameAs("Tan"),
  Asin: sameAs("Asin"),
  Acos: sameAs("Acos"),
  Atan: sameAs("Atan"),
  Sinh: sameAs("Sinh"),
  Cosh: sameAs("Cosh"),
  Asinh: sameAs("Asinh"),
  Acosh: sameAs("Acosh"),
  Atanh: sameAs("Atanh"),
  Erf: sameAs("Erf"),
  Erfc: (node, emit) => [emit("Sub", [one(emit, inputOf(node, 0)), emit("Erf", node.inputs)])],
  Greater: sameAs("Greater"),
  GreaterEqual: sameAs("GreaterOrEqual"),
  Less: sameAs("Less"),
  LessEqual: sameAs("LessOrEqual"),
  Equal: sameAs("Equal"),
  NotEqual: not("Equal"),
  LogicalAnd: sameAs("And"),
  LogicalOr: sameAs("Or"),
  LogicalNot: sameAs("Not"),
  IsNan: sameAs("IsNaN"),
  IsInf: sameAs("IsInf"),
  IsFinite: (node, emit) => [
    emit("Not", [emit("Or", [emit("IsNaN", node.inputs), emit("IsInf", node.inputs)])]),
  ],
  Select: select,
  SelectV2: sameAs("Where"),
  ZerosLike: (node, emit) => [filledLike(emit, inputOf(node, 0), 0)],
  OnesLike: (node, emit) => [filledLike(emit, inputOf(node, 0), 1)],
  Cast: castTo,
  BiasAdd: (node, emit) => {
    const [x, bias] = [inputOf(node, 0), inputOf(node, 1)];
    const channelsFirst = node.attributes.text("data_format") === "NCHW";
    const spatial = Array.from({ length: (x.shape?.length ?? 2) - 2 }, (_, axis) => axis + 1);
    return [emit("Add", [x, channelsFirst ? unsqueeze(emit, bias, spatial) : bias])];
  },
} satisfies LoweringTable;
