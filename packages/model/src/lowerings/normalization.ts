import { transpose, unsqueeze } from "../graph/emit-shapes.ts";
import type { Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowered,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";
import { channelsFirstInput, inDataFormat } from "./window.ts";

/**
 * Normalises each channel by its own mean and variance. Keras 2 does its layer norms so, with the rows to normalise
 * as the channels of one picture; over a batch of several pictures the answer for one would hang on the others.
 */
function normalizeByItself(node: SourceNode, emit: Emit, x: Value): Lowered {
  if (x.shape?.[0] !== 1) return unsupported("is_training=true normalises by the batch itself");
  const axes = emit.ints([0, ...x.shape.slice(2).map((_, axis) => axis + 2)]);
  const mean = emit("ReduceMean", [x, axes], { keepdims: 1 });
  const centred = emit("Sub", [x, mean]);
  const variance = emit("ReduceMean", [emit("Mul", [centred, centred]), axes], { keepdims: 1 });
  const epsilon = emit.scalar(node.attributes.number("epsilon"), x.dataType);
  const normal = emit("Div", [centred, emit("Sqrt", [emit("Add", [variance, epsilon])])]);
  const perChannel = (value: Value): Value =>
    unsqueeze(emit, value, x.shape?.slice(2).map((_, axis) => axis + 1) ?? []);
  const y = emit("Add", [emit("Mul", [normal, perChannel(inputOf(node, 1))]), perChannel(inputOf(node, 2))]);
  return [inDataFormat(node, emit, y)];
}

/** Inputs: x, scale, offset, mean, variance; outputs: y, mean, variance. */
const fusedBatchNorm: Lowering = (node, emit) => {
  const x = channelsFirstInput(node, emit);
  if (node.attributes.flag("is_training")) return normalizeByItself(node, emit, x);
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
