import { runtimeShape } from "../graph/emit-shapes.ts";
import type { Value } from "../graph/value.ts";
import type { Emit, Lowering, LoweringTable, SourceNode } from "./lowering.ts";
import { channelsFirstInput, inDataFormat, placeWindow, spatial, windowAxes } from "./window.ts";

interface Pooled {
  readonly x: Value;
  readonly attributes: { readonly kernel_shape: readonly number[]; readonly strides: readonly number[] };
}

/** How an input that had to be padded at run time is pooled. */
type PoolPadded = (emit: Emit, pads: Value, pooled: Pooled) => Value;

const pool =
  (op: string, poolPadded: PoolPadded): Lowering =>
  (node: SourceNode, emit) => {
    const x = channelsFirstInput(node, emit);
    const kernel = spatial(node, node.attributes.numbers("ksize"));
    const axes = windowAxes(node, kernel);
    const attributes = { kernel_shape: kernel, strides: axes.map(({ stride }) => stride) };
    const placement = placeWindow(node, emit, { x, axes });
    const y =
      placement.kind === "pads"
        ? poolPadded(emit, placement.pads, { x, attributes })
        : emit(op, [x], { ...attributes, ...placement.attributes });
    return [inDataFormat(node, emit, y, kernel.length + 2)];
  };

const padWith = (emit: Emit, x: Value, pads: Value, value: number): Value =>
  emit("Pad", [x, pads, emit.scalar(value, x.dataType)], { mode: "constant" });

const maxPool = pool("MaxPool", (emit, pads, { x, attributes }) =>
  emit("MaxPool", [padWith(emit, x, pads, Number.NEGATIVE_INFINITY)], attributes),
);

/** The padding does not count: the mean with zeros, divided by the share of real elements. */
const averagePool = pool("AveragePool", (emit, pads, { x, attributes }) => {
  const ones = emit("Expand", [emit.scalar(1, x.dataType), runtimeShape(emit, x)]);
  const means = [x, ones].map((value) => emit("AveragePool", [padWith(emit, value, pads, 0)], attributes));
  return emit("Div", means);
});

export const pooling = {
  MaxPool: maxPool,
  MaxPool3D: maxPool,
  AvgPool: averagePool,
  AvgPool3D: averagePool,
} satisfies LoweringTable;
