import type { Value } from "../graph/value.ts";
import { activations } from "./activations.ts";
import { convolutions } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import {
  type Emit,
  type Lowered,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";
import { matmul } from "./matmul.ts";
import { normalization } from "./normalization.ts";

/** What follows the main op, by its name in `fused_ops`, and how many inputs of its own it takes. */
const FOLLOWERS: ReadonlyMap<string, { readonly lower: Lowering; readonly extra: number }> = new Map([
  ["BiasAdd", { lower: elementwise.BiasAdd, extra: 1 }],
  ["FusedBatchNorm", { lower: normalization.FusedBatchNorm, extra: 4 }],
  ["Relu", { lower: activations.Relu, extra: 0 }],
  ["Relu6", { lower: activations.Relu6, extra: 0 }],
  ["Elu", { lower: activations.Elu, extra: 0 }],
  ["LeakyRelu", { lower: activations.LeakyRelu, extra: 0 }],
  ["Sigmoid", { lower: activations.Sigmoid, extra: 0 }],
  ["Tanh", { lower: activations.Tanh, extra: 0 }],
  ["Prelu", { lower: (node, emit) => [prelu(emit, node.inputs)], extra: 1 }],
]);

/** x where it is positive, x · slope elsewhere; slopes are per channel, which stands last. */
const prelu = (emit: Emit, [x, slope]: readonly Value[]): Value => {
  if (!x || !slope) throw new TypeError("Prelu has two inputs");
  const negative = emit("Mul", [slope, emit("Min", [x, emit.scalar(0, x.dataType)])]);
  return emit("Add", [emit("Relu", [x]), negative]);
};

/** The attributes of a follower: the fused node's, and what a plain node of its kind would say. */
function followerNode(node: SourceNode, inputs: readonly Value[]): SourceNode {
  const { attributes } = node;
  const reader: SourceNode["attributes"] = {
    ...attributes,
    flag: (key) => (key === "is_training" ? false : attributes.flag(key)),
    number: (key) => (key === "alpha" ? attributes.number("leakyrelu_alpha") : attributes.number(key)),
    text: (key) => (key === "data_format" && !attributes.has(key) ? "NHWC" : attributes.text(key)),
  };
  return { ...node, inputs, attributes: reader };
}

/** An op that Grappler fused: the main op on the first two inputs, then each of `fused_ops` in turn. */
const fused =
  (main: Lowering): Lowering =>
  (node, emit): Lowered => {
    let lowered = main({ ...node, inputs: node.inputs.slice(0, 2) }, emit);
    let next = 2;
    for (const name of node.attributes.texts("fused_ops")) {
      const follower = FOLLOWERS.get(name);
      if (!follower) return unsupported(`fused op ${name}`);
      if ("unsupported" in lowered) return lowered;
      const extra = node.inputs.slice(next, next + follower.extra);
      next += follower.extra;
      lowered = follower.lower(followerNode(node, [...lowered.slice(0, 1), ...extra]), emit);
    }
    return "unsupported" in lowered ? lowered : lowered.slice(0, 1);
  };

export const fusedOps = {
  _FusedConv2D: fused(convolutions.Conv2D),
  _FusedDepthwiseConv2dNative: fused(convolutions.DepthwiseConv2dNative),
  _FusedMatMul: fused(matmul.MatMul),
} satisfies LoweringTable;
