import { sameAs } from "./elementwise.ts";
import { inputOf, type LoweringTable } from "./lowering.ts";

export const activations = {
  Relu: sameAs("Relu"),
  Relu6: (node, emit) => {
    const x = inputOf(node, 0);
    return [emit("Clip", [x, emit.scalar(0, x.dataType), emit.scalar(6, x.dataType)])];
  },
  /** TensorFlow's op defaults alpha to 0.2; Keras' layer defaults to 0.3 and always writes it. */
  LeakyRelu: (node, emit) => [emit("LeakyRelu", node.inputs, { alpha: node.attributes.number("alpha") })],
  Elu: (node, emit) => [emit("Elu", node.inputs, { alpha: 1 })],
  Selu: sameAs("Selu"),
  Softplus: sameAs("Softplus"),
  Softsign: sameAs("Softsign"),
  Sigmoid: sameAs("Sigmoid"),
  Tanh: sameAs("Tanh"),
  Softmax: (node, emit) => [emit("Softmax", node.inputs, { axis: -1 })],
  LogSoftmax: (node, emit) => [emit("LogSoftmax", node.inputs, { axis: -1 })],
} satisfies LoweringTable;
