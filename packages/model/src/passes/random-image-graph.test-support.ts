import type { Graph } from "../graph/graph.ts";
import { numbersFrom } from "../graph/run-graph.test-support.ts";
import { type Draft, type DraftOutput, tensorflowGraph } from "../lowerings/tensorflow-graph.test-support.ts";

interface Image {
  readonly name: string;
  readonly shape: readonly [height: number, width: number, channels: number];
}

/**
 * A random graph of TensorFlow ops on one image [batch, 9, 8, 3], channels last, of the kinds that classifiers are made of:
 * branches, residuals, batch norms, padding, squeeze and excitation, and a head or an image as its output.
 */
export function randomImageGraph(seed: number, steps: number): Graph {
  return tensorflowGraph([null, 9, 8, 3], (draft) => randomOps(draft, numbersFrom(seed), steps), seed);
}

function randomOps(draft: Draft, next: () => number, steps: number): readonly DraftOutput[] {
  const { emit, weights, positive, ints } = draft;
  const pick = <T>(list: readonly T[]): T =>
    list[Math.floor(((next() + 1) / 2.02) * list.length)] ?? (list[0] as T);
  const images: Image[] = [{ name: "x", shape: [9, 8, 3] }];
  const add = (name: string, shape: Image["shape"]): void => void images.push({ name, shape });
  const slid = (size: number, stride: number): number => Math.ceil(size / stride);

  const kinds: readonly ((image: Image) => void)[] = [
    ({ name, shape: [h, w, c] }) => {
      const [out, stride] = [pick([2, 3, 4]), pick([1, 1, 2])];
      const attributes = { strides: [1, stride, stride, 1], padding: "SAME" };
      add(emit("Conv2D", [name, weights(3, 3, c, out)], attributes), [slid(h, stride), slid(w, stride), out]);
    },
    ({ name, shape: [h, w, c] }) => {
      const pads = ints([4, 2], [0, 0, 1, 2, 0, 1, 0, 0]);
      const padded = emit("Pad", [name, pads]);
      const attributes = { strides: [1, 1, 1, 1], padding: "VALID" };
      add(emit("DepthwiseConv2dNative", [padded, weights(2, 2, c, 1)], attributes), [h + 2, w, c]);
    },
    ({ name, shape }) => {
      const [, , c] = shape;
      const inputs = [name, weights(c), weights(c), weights(c), positive(c)];
      add(emit("FusedBatchNormV3", inputs, { is_training: false, epsilon: 1e-3 }), shape);
    },
    ({ name, shape }) => add(emit("BiasAdd", [name, weights(shape[2])]), shape),
    ({ name, shape }) => add(emit("Mul", [weights(shape[2]), name]), shape),
    ({ name, shape }) => add(emit("Sub", [name, weights(1, 1, 1, shape[2])]), shape),
    ({ name, shape }) => add(emit(pick(["Relu", "Relu6", "Sigmoid", "Tanh"]), [name]), shape),
    ({ name, shape: [h, w, c] }) => {
      const attributes = { ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: "SAME" };
      add(emit(pick(["MaxPool", "AvgPool"]), [name], attributes), [slid(h, 2), slid(w, 2), c]);
    },
    ({ name, shape: [h, w, c] }) => {
      const like = images.filter(({ shape }) => shape[0] === h && shape[1] === w);
      const other = pick(like);
      add(emit("ConcatV2", [name, other.name, ints([], [-1])]), [h, w, c + other.shape[2]]);
    },
    ({ name, shape }) => {
      const other = pick(images.filter((image) => image.shape.join() === shape.join()));
      add(emit(pick(["AddV2", "Mul", "Maximum"]), [name, other.name]), shape);
    },
    ({ name, shape }) => {
      const mean = emit("Mean", [name, ints([2], [1, 2])]);
      const square = emit("Reshape", [mean, ints([4], [-1, 1, 1, shape[2]])]);
      const window = { strides: [1, 1, 1, 1], padding: "SAME" };
      const gate = emit("Sigmoid", [emit("Conv2D", [square, weights(1, 1, shape[2], shape[2])], window)]);
      add(emit("Mul", [name, gate]), shape);
    },
    ({ name, shape: [h, w, c] }) => {
      if (h < 3) return;
      const masks = { begin_mask: 5, end_mask: 13 };
      const bounds = [ints([4], [0, 1, 0, 0]), ints([4], [0, h - 1, 0, 0]), ints([4], [1, 1, 1, 1])];
      add(emit("StridedSlice", [name, ...bounds], { ...masks, begin_mask: 13 }), [h - 2, w, c]);
    },
    ({ name, shape: [h, w, c] }) => add(emit("Transpose", [name, ints([4], [0, 2, 1, 3])]), [w, h, c]),
    ({ name, shape }) => add(emit("ReverseV2", [name, ints([1], [3])]), shape),
    ({ name, shape }) => add(emit("Softmax", [name]), shape),
  ];
  for (let step = 0; step < steps; step++) pick(kinds)(pick(images.slice(-4)));

  const last = images.at(-1) as Image;
  const [h, w, c] = last.shape;
  const flat = emit("Reshape", [last.name, ints([2], [-1, h * w * c])]);
  return [
    { key: "image", name: emit("Identity", [last.name]), shape: [null, h, w, c] },
    { key: "scores", name: emit("MatMul", [flat, weights(h * w * c, 3)]), shape: [null, 3] },
  ];
}
