import { transpose } from "../graph/emit-shapes.ts";
import { inputOf, type Lowering, type LoweringTable, unsupported } from "./lowering.ts";
import { channelsFirstInput, inDataFormat } from "./window.ts";

/** Inputs: x, scale, offset, mean, variance; outputs: y, mean, variance. */
const fusedBatchNorm: Lowering = (node, emit) => {
  if (node.attributes.flag("is_training"))
    return unsupported("is_training=true normalises by the batch itself");
  const x = channelsFirstInput(node, emit);
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((index) => inputOf(node, index));
  if (!scale || !offset || !mean || !variance) throw new TypeError("FusedBatchNorm has five inputs");
  const epsilon = node.attributes.number("epsilon");
  const y = emit("BatchNormalization", [x, scale, offset, mean, variance], { epsilon });
  return [inDataFormat(node, emit, y), mean, variance];
};

/** Over the channels; ONNX divides alpha by the number of channels in the window. */
const localResponse: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const size = 2 * node.attributes.number("depth_radius") + 1;
  const y = emit("LRN", [transpose(emit, x, [0, 3, 1, 2])], {
    alpha: node.attributes.number("alpha") * size,
    beta: node.attributes.number("beta"),
    bias: node.attributes.number("bias"),
    size,
  });
  return [transpose(emit, y, [0, 2, 3, 1])];
};

export const normalization = {
  FusedBatchNorm: fusedBatchNorm,
  FusedBatchNormV2: fusedBatchNorm,
  FusedBatchNormV3: fusedBatchNorm,
  LRN: localResponse,
} satisfies LoweringTable;
