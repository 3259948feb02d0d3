import { ONNX_ELEMENT_TYPES } from "../../onnx/element-types.ts";
import type { DataType, Tensor } from "../../tensor.ts";
import type { Attributes } from "../attributes.ts";
import { addSizes, divideSizes, multiplySizes, type Size } from "../size.ts";
import { elementCount, isInteger, numbersOf, plainArray, tensorOf } from "../tensor-numbers.ts";
import { elementsOf } from "../value.ts";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast.ts";
import {
  type Call,
  type ConstantCall,
  input,
  numberOr,
  type OnnxOp,
  type OnnxOpTable,
  outputShape,
  tensor,
} from "./onnx-op.ts";

/** One number in, one out; the result is rounded to the output's element type. */
const unary = (evaluate?: (x: number) => number, dataType?: DataType): OnnxOp => ({
  types: (call) => {
    const x = input(call, 0);
    return [{ dataType: dataType ?? x.dataType, shape: x.shape }];
  },
  ...(evaluate && { evaluate: (call: ConstantCall) => map(call, evaluate) }),
});

function map({ inputs, outputs }: ConstantCall, evaluate: (x: number) => number): readonly Tensor[] | null {
  const [x] = inputs;
  const [output] = outputs;
  const numbers = x && numbersOf(x);
  if (!numbers || !output) return null;
  return [tensorOf(output.dataType, x.shape, Float64Array.from(numbers, evaluate))];
}

type Binary = (a: number, b: number) => number;

/** How a result's formula follows from the inputs' formulas. */
type ElementRule = (a: Size, b: Size) => Size | null;

interface BinaryOptions {
  /** Element type of the output where it is not the inputs'. */
  readonly dataType?: DataType;
  /** The function for integers where it differs from the one for floats. */
  readonly integers?: Binary;
  readonly elements?: ElementRule;
}

const binary = (evaluate: Binary, { dataType, integers, elements }: BinaryOptions = {}): OnnxOp => ({
  types: (call) => {
    const [a, b] = [input(call, 0), input(call, 1)];
    const shape = broadcastShapes([a.shape, b.shape], call.unknown);
    return [{ dataType: dataType ?? a.dataType, shape, elements: elements ? zip(call, elements) : null }];
  },
  evaluate: (call) => {
    const shape = outputShape(call);
    const [a, b] = [tensor(call, 0), tensor(call, 1)];
    const [left, right] = [numbersOf(a), numbersOf(b)];
    if (!shape || !left || !right) return null;
    const compute = isInteger(a.dataType) ? (integers ?? evaluate) : evaluate;
    const numbers = new Float64Array(elementCount(shape));
    walk(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)], ([i, j], index) => {
      numbers[index] = compute(left[i ?? 0] ?? 0, right[j ?? 0] ?? 0);
    });
    return [tensorOf(call.outputs[0]?.dataType ?? a.dataType, shape, numbers)];
  },
});

/** Formulas of an elementwise result: of equal lengths, or one against all. */
function zip(call: Call, rule: ElementRule): readonly (Size | null)[] | null {
  const [a, b] = [elementsOf(input(call, 0)), elementsOf(input(call, 1))];
  if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return null;
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const [left, right] = [a[a.length === 1 ? 0 : index], b[b.length === 1 ? 0 : index]];
    return left == null || right == null ? null : rule(left, right);
  });
}

const numeric =
  (compute: Binary): ElementRule =>
  (a, b) =>
    typeof a === "number" && typeof b === "number" ? compute(a, b) : null;

const compare = (evaluate: (a: number, b: number) => boolean): OnnxOp =>
  binary((a, b) => (evaluate(a, b) ? 1 : 0), { dataType: "bool" });

const floorMod: Binary = (a, b) => a - b * Math.floor(a / b);

const roundHalfEven = (x: number): number => {
  const down = Math.floor(x);
  const part = x - down;
  return part < 0.5 || (part === 0.5 && down % 2 === 0) ? down : down + 1;
};

const ELEMENT_TYPE_NAMES: ReadonlyMap<number, DataType> = new Map(
  Object.entries(ONNX_ELEMENT_TYPES).map(([name, number]) => [number, name as DataType]),
);

const SELU_ALPHA = 1.6732632423543772;
const SELU_GAMMA = 1.0507009873554805;

export const elementwise: OnnxOpTable = {
  Identity: {
    types: (call) => {
      const { dataType, shape, elements } = input(call, 0);
      return [{ dataType, shape, elements }];
    },
    evaluate: (call) => [tensor(call, 0)],
    views: true,
  },
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfEven),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Tanh: unary(Math.tanh),
  Erf: unary(),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Softplus: unary((x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0)),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Selu: unary((x) => SELU_GAMMA * (x > 0 ? x : SELU_ALPHA * Math.expm1(x))),
  LeakyRelu: unary(),
  Elu: unary(),
  HardSigmoid: unary(),
  Not: unary((x) => (x === 0 ? 1 : 0)),
  IsNaN: unary((x) => (Number.isNaN(x) ? 1 : 0), "bool"),
  IsInf: unary((x) => (Math.abs(x) === Number.POSITIVE_INFINITY ? 1 : 0), "bool"),
  Cast: {
    types: (call) => {
      const x = input(call, 0);
      const dataType = castTarget(call.attributes);
      return [
        {
          dataType,
          shape: x.shape,
          elements: isInteger(dataType) && isInteger(x.dataType) ? x.elements : null,
        },
      ];
    },
    evaluate: (call) => {
      const x = tensor(call, 0);
      const dataType = castTarget(call.attributes);
      if (x.dataType === dataType) return [x];
      const numbers = numbersOf(x);
      if (!numbers || (plainArray(dataType, 0) === null && dataType !== "int64")) return null;
      return [tensorOf(dataType, x.shape, numbers)];
    },
  },
  Clip: {
    types: (call) => {
      const { dataType, shape } = input(call, 0);
      return [{ dataType, shape }];
    },
    evaluate: (call) => {
      const bound = (index: number, fallback: number): number => {
        const limit = call.inputs[index];
        return (limit && numbersOf(limit)?.[0]) ?? fallback;
      };
      const [low, high] = [bound(1, Number.NEGATIVE_INFINITY), bound(2, Number.POSITIVE_INFINITY)];
      return map(call, (x) => Math.min(Math.max(x, low), high));
    },
  },
  Add: binary((a, b) => a + b, { elements: addSizes }),
  Sub: binary((a, b) => a - b, {
    elements: (a, b) => (typeof b === "number" ? addSizes(a, -b) : a === b ? 0 : null),
  }),
  Mul: binary((a, b) => a * b, { elements: multiplySizes }),
  Div: binary((a, b) => a / b, {
    integers: (a, b) => Math.trunc(a / b),
    elements: (a, b) =>
      typeof a === "number" && typeof b === "number" ? Math.trunc(a / b) : divideSizes(a, b),
  }),
  Pow: binary((a, b) => a ** b),
  Mod: {
    ...binary(floorMod),
    evaluate: (call) =>
      numberOr(call.attributes, "fmod", 0) === 1
        ? (binary((a, b) => a % b).evaluate?.(call) ?? null)
        : (binary(floorMod).evaluate?.(call) ?? null),
  },
  Max: binary(Math.max, { elements: numeric(Math.max) }),
  Min: binary(Math.min, { elements: numeric(Math.min) }),
  And: binary((a, b) => a & b),
  Or: binary((a, b) => a | b),
  Equal: compare((a, b) => a === b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Where: {
    types: (call) => {
      const [condition, a, b] = [input(call, 0), input(call, 1), input(call, 2)];
      const shape = broadcastShapes([condition.shape, a.shape, b.shape], call.unknown);
      return [{ dataType: a.dataType, shape }];
    },
    evaluate: (call) => {
      const shape = outputShape(call);
      const [condition, a, b] = [tensor(call, 0), tensor(call, 1), tensor(call, 2)];
      const [test, left, right] = [numbersOf(condition), numbersOf(a), numbersOf(b)];
      if (!shape || !test || !left || !right) return null;
      const strides = [condition, a, b].map((value) => broadcastStrides(value.shape, shape));
      const numbers = new Float64Array(elementCount(shape));
      walk(shape, strides, ([i, j, k], index) => {
        numbers[index] = test[i ?? 0] ? (left[j ?? 0] ?? 0) : (right[k ?? 0] ?? 0);
      });
      return [tensorOf(a.dataType, shape, numbers)];
    },
  },
};

const castTarget = ({ to }: Attributes): DataType => ELEMENT_TYPE_NAMES.get(Number(to)) ?? "float32";

/** Ops that treat every element alike, so that a permutation of the axes passes through them. */
export const isElementwise = (op: string): boolean => op in elementwise;
