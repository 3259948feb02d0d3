import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { madeBy, orders } from "../graph/producers.ts";
import { rewrite } from "../graph/rewrite.ts";
import { constantScalar, type Value } from "../graph/value.ts";

const isAbout = (value: Value | null | undefined, number: number): boolean =>
  Math.abs((constantScalar(value) ?? Number.NaN) - number) < 1e-6 * Math.abs(number);

/**
 * Writes x · (1 + erf(x / √2)) / 2, which Keras 3 takes by erfc(−x / √2), in the one form that ONNX Runtime knows and
 * makes a single Gelu of.
 */
export function fuseGelu(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, builder) => {
      if (node.op !== "Mul") return null;
      for (const [half, twice] of orders(node.inputs)) {
        for (const [x, factor] of orders(madeBy(builder, "Mul", half))) {
          if (isAbout(factor, 0.5) && isTwiceNormal(builder, twice, x)) return [gelu(builder, x)];
        }
      }
      return null;
    },
    ["Erf"],
  );
}

/** 1 + erf(x / √2), or 1 − erf(−x / √2) */
function isTwiceNormal(builder: GraphBuilder, value: Value, x: Value): boolean {
  const ofErf = (erf: Value, matches: (argument: Value | null | undefined) => boolean): boolean =>
    matches(madeBy(builder, "Erf", erf)?.[0]);
  const [one, taken] = madeBy(builder, "Sub", value) ?? [];
  if (one && taken && isAbout(one, 1)) return ofErf(taken, (argument) => isScaled(builder, argument, x, -1));
  return orders(madeBy(builder, "Add", value)).some(
    ([left, right]) => isAbout(left, 1) && ofErf(right, (argument) => isScaled(builder, argument, x, 1)),
  );
}

/** sign · x / √2 */
function isScaled(builder: GraphBuilder, value: Value | null | undefined, x: Value, sign: 1 | -1): boolean {
  const [negated] = madeBy(builder, "Neg", value) ?? [];
  if (negated) return isScaled(builder, negated, x, sign === 1 ? -1 : 1);
  const isOperand = (operand: Value, left: 1 | -1): boolean =>
    operand === x ? left === 1 : left === -1 && madeBy(builder, "Neg", operand)?.[0] === x;
  const [dividend, divisor] = madeBy(builder, "Div", value) ?? [];
  if (dividend && isAbout(divisor, Math.SQRT2)) return isOperand(dividend, sign);
  return orders(madeBy(builder, "Mul", value)).some(
    ([operand, factor]) => isAbout(factor, Math.SQRT1_2) && isOperand(operand, sign),
  );
}

function gelu(builder: GraphBuilder, x: Value): Value {
  const number = (value: number): Value => builder.scalar(value, x.dataType);
  const erf = builder.emit("Erf", [builder.emit("Div", [x, number(Math.SQRT2)])]);
  const product = builder.emit("Mul", [x, builder.emit("Add", [erf, number(1)])]);
  return builder.emit("Mul", [product, number(0.5)]);
}
