import { describe, expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { floats, relativeDifference, runGraph } from "../graph/run-graph.test-support.ts";
import { lower } from "../lowerings/lower.ts";
import { type Draft, tensorflowGraph } from "../lowerings/tensorflow-graph.test-support.ts";
import { foldDilation } from "./fold-dilation.ts";
import { runPasses } from "./passes.ts";

const IMAGE = [null, 9, 8, 3];
const SAME = { strides: [1, 1, 1, 1], padding: "SAME" };
const VALID = { strides: [1, 1, 1, 1], padding: "VALID" };
const INFERENCE = { is_training: false, epsilon: 1e-3 };

const ops = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);
const find = (graph: Graph, op: string) => graph.nodes.find((node) => node.op === op)!;

/** The ops that are left, after checking that the result is the unfolded graph's. */
async function passed(
  build: (draft: Draft, x: string) => string,
  shape: readonly (number | null)[] = IMAGE,
): Promise<Graph> {
  const source = tensorflowGraph(shape, build);
  const x = floats(
    shape.map((size) => size ?? 2),
    5,
  );
  const graph = runPasses(lower(foldDilation(source)));
  const [expected] = await runGraph(lower(source), { x }, { optimized: false });
  const [actual] = await runGraph(graph, { x }, { optimized: false });
  expect(relativeDifference(actual!, expected!)).toBeLessThan(3e-6);
  return graph;
}

const batchNorm = ({ emit, weights, positive }: Draft, x: string, c: number): string =>
  emit("FusedBatchNormV3", [x, weights(c), weights(c), weights(c), positive(c)], INFERENCE);

/** Keras 3: x · (rsqrt(variance + ε) · gamma) + (beta − mean · …) */
function batchNormOfKeras3({ emit, weights, positive, constant }: Draft, x: string, c: number): string {
  const epsilon = constant({ dataType: "float32", shape: [], data: Float32Array.of(1e-3) });
  const inverse = emit("Rsqrt", [emit("AddV2", [positive(c), epsilon])]);
  const scale = emit("Mul", [inverse, weights(c)]);
  const shift = emit("Sub", [weights(c), emit("Mul", [weights(c), scale])]);
  return emit("AddV2", [emit("Mul", [x, scale]), shift]);
}

describe("batch norms and biases", () => {
  test.each([
    ["FusedBatchNorm", batchNorm],
    ["Keras 3", batchNormOfKeras3],
  ])("go into the convolution before them, as %s writes them", async (_, norm) => {
    const graph = await passed((draft, x) => {
      const biased = draft.emit("BiasAdd", [
        draft.emit("Conv2D", [x, draft.weights(3, 3, 3, 4)], SAME),
        draft.weights(4),
      ]);
      return draft.emit("Relu6", [norm(draft, biased, 4)]);
    });
    expect(ops(graph)).toEqual(["Transpose", "Conv", "Clip", "Transpose"]);
    expect(find(graph, "Conv").inputs).toHaveLength(3);
  });

  test("go into depthwise and transposed convolutions", async () => {
    const graph = await passed((draft, x) => {
      const deep = batchNorm(
        draft,
        draft.emit("DepthwiseConv2dNative", [x, draft.weights(3, 3, 3, 2)], SAME),
        6,
      );
      const sizes = draft.ints([4], [2, 18, 16, 4]);
      const window = { strides: [1, 2, 2, 1], padding: "SAME" };
      const up = draft.emit("Conv2DBackpropInput", [sizes, draft.weights(3, 3, 4, 6), deep], window);
      return batchNorm(draft, up, 4);
    });
    expect(ops(graph)).toEqual(["Transpose", "Conv", "ConvTranspose", "Transpose"]);
  });

  test("make a Gemm of a dense layer", async () => {
    const graph = await passed(
      (draft, x) => {
        const dense = draft.emit("BiasAdd", [
          draft.emit("MatMul", [x, draft.weights(6, 4)]),
          draft.weights(4),
        ]);
        return draft.emit("Softmax", [batchNormOfKeras3(draft, dense, 4)]);
      },
      [null, 6],
    );
    expect(ops(graph)).toEqual(["Gemm", "Softmax"]);
  });

  test("leave the large kernel of a dense layer as it is: a view of the file", () => {
    const kernel = floats([6, 4], 1);
    const source = tensorflowGraph([null, 6], ({ emit, constant, weights }, x) =>
      emit("BiasAdd", [emit("MatMul", [x, constant(kernel)]), weights(4)]),
    );
    const graph = runPasses(lower(source));
    expect([...graph.constants.values()].map(({ data }) => data)).toContain(kernel.data);
  });

  test("stay where something else uses the convolution too, as one op", async () => {
    const graph = await passed((draft, x) => {
      const conv = draft.emit("Conv2D", [x, draft.weights(3, 3, 3, 4)], SAME);
      return draft.emit("AddV2", [batchNormOfKeras3(draft, conv, 4), draft.emit("Relu", [conv])]);
    });
    expect(ops(graph)).toEqual(["Transpose", "Conv", "BatchNormalization", "Relu", "Add", "Transpose"]);
  });

  test("go into the convolution after them where nothing is padded", async () => {
    const graph = await passed((draft, x) => {
      const normal = batchNorm(draft, draft.emit("Relu", [x]), 3);
      return draft.emit("Conv2D", [normal, draft.weights(3, 3, 3, 4)], VALID);
    });
    expect(ops(graph)).toEqual(["Transpose", "Relu", "Conv", "Transpose"]);
  });

  test("do not go into a convolution whose zeros would then stand for shifted values", async () => {
    const graph = await passed((draft, x) => {
      const normal = batchNorm(draft, draft.emit("Relu", [x]), 3);
      return draft.emit("Conv2D", [normal, draft.weights(3, 3, 3, 4)], SAME);
    });
    expect(ops(graph)).toEqual(["Transpose", "Relu", "BatchNormalization", "Conv", "Transpose"]);
  });

  test("of scale alone go into a padded convolution, whatever its groups", async () => {
    const graph = await passed(
      (draft, x) => {
        const scaled = draft.emit("Mul", [draft.emit("Relu", [x]), draft.weights(4)]);
        return draft.emit("Conv2D", [scaled, draft.weights(3, 3, 2, 6)], SAME);
      },
      [null, 9, 8, 4],
    );
    expect(ops(graph)).toEqual(["Transpose", "Relu", "Conv", "Transpose"]);
  });
});

describe("padding", () => {
  const padded = (draft: Draft, x: string): string =>
    draft.emit("Pad", [x, draft.ints([4, 2], [0, 0, 1, 2, 0, 1, 0, 0])]);

  test("goes into the convolution, one Pad or two", async () => {
    const graph = await passed((draft, x) =>
      draft.emit("Conv2D", [padded(draft, padded(draft, x)), draft.weights(3, 3, 3, 4)], VALID),
    );
    expect(ops(graph)).toEqual(["Transpose", "Conv", "Transpose"]);
    expect(find(graph, "Conv").attributes.pads).toEqual([2, 0, 4, 2]);
  });

  test("with another value than zero stays", async () => {
    const graph = await passed((draft, x) => {
      const value = draft.constant({ dataType: "float32", shape: [], data: Float32Array.of(0.5) });
      const pads = draft.ints([4, 2], [0, 0, 1, 1, 1, 1, 0, 0]);
      return draft.emit("Conv2D", [draft.emit("PadV2", [x, pads, value]), draft.weights(3, 3, 3, 4)], VALID);
    });
    expect(ops(graph)).toEqual(["Transpose", "Pad", "Conv", "Transpose"]);
  });

  const window = { ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: "VALID" };

  test("goes into a maximum of what is not below zero", async () => {
    const graph = await passed((draft, x) =>
      draft.emit("MaxPool", [padded(draft, draft.emit("Relu", [x]))], window),
    );
    expect(ops(graph)).toEqual(["Transpose", "Relu", "MaxPool", "Transpose"]);
  });

  test("stays before a maximum that may be below zero", async () => {
    const graph = await passed((draft, x) => draft.emit("MaxPool", [padded(draft, x)], window));
    expect(ops(graph)).toEqual(["Transpose", "Pad", "MaxPool", "Transpose"]);
  });

  test("counts in a mean", async () => {
    const graph = await passed((draft, x) => draft.emit("AvgPool", [padded(draft, x)], window));
    expect(ops(graph)).toEqual(["Transpose", "AveragePool", "Transpose"]);
    expect(find(graph, "AveragePool").attributes.count_include_pad).toBe(1);
  });
});

describe("channels first", () => {
  test("one Transpose, at the input, in a residual network with squeeze and excitation", async () => {
    const graph = await passed((draft, x) => {
      const { emit, weights, ints } = draft;
      const stem = emit("Relu", [emit("Conv2D", [x, weights(3, 3, 3, 8)], SAME)]);
      const square = emit("Reshape", [emit("Mean", [stem, ints([2], [1, 2])]), ints([4], [-1, 1, 1, 8])]);
      const gate = emit("Sigmoid", [emit("Conv2D", [square, weights(1, 1, 8, 8)], SAME)]);
      const excited = emit("AddV2", [emit("Mul", [stem, gate]), stem]);
      const joined = emit("ConcatV2", [excited, stem, ints([], [3])]);
      const pooled = emit("MaxPool", [joined], {
        ksize: [1, 2, 2, 1],
        strides: [1, 2, 2, 1],
        padding: "SAME",
      });
      return emit("MatMul", [emit("Mean", [pooled, ints([2], [1, 2])]), weights(16, 5)]);
    });
    expect(ops(graph).filter((op) => op === "Transpose")).toHaveLength(1);
    expect(ops(graph)[0]).toBe("Transpose");
    expect(ops(graph)).not.toContain("Reshape");
    expect(ops(graph).filter((op) => op === "GlobalAveragePool")).toHaveLength(2);
  });

  test("Flatten sees the elements in TensorFlow's order", async () => {
    const graph = await passed(({ emit, weights, ints }, x) => {
      const conv = emit("Conv2D", [x, weights(3, 3, 3, 4)], SAME);
      return emit("MatMul", [emit("Reshape", [conv, ints([2], [-1, 288])]), weights(288, 5)]);
    });
    expect(ops(graph)).toEqual(["Transpose", "Conv", "Transpose", "Reshape", "MatMul"]);
  });

  test("a constant picture that is added is put in order once, as a constant", async () => {
    const graph = await passed(({ emit, weights }, x) =>
      emit("Conv2D", [emit("AddV2", [x, weights(9, 8, 3)]), weights(3, 3, 3, 4)], SAME),
    );
    expect(ops(graph)).toEqual(["Transpose", "Add", "Conv", "Transpose"]);
  });
});

describe("dilated convolutions", () => {
  /** As tf.nn.convolution writes them: pads and crops include what makes the size divide by the block. */
  const dilated = (draft: Draft, x: string, convolution: string, kernel: string): string => {
    const block = draft.ints([2], [2, 3]);
    const blocks = draft.emit("SpaceToBatchND", [x, block, draft.ints([2, 2], [2, 3, 3, 4])]);
    const inside = draft.emit(convolution, [blocks, kernel], VALID);
    return draft.emit("BatchToSpaceND", [inside, block, draft.ints([2, 2], [0, 1, 0, 1])]);
  };

  test("become one convolution, the padding of a Pad before them added", async () => {
    const graph = await passed(
      (draft, x) => {
        const padded = draft.emit("Pad", [x, draft.ints([4, 2], [0, 0, 1, 0, 0, 0, 0, 0])]);
        return dilated(draft, draft.emit("Relu", [padded]), "Conv2D", draft.weights(3, 3, 3, 4));
      },
      [null, 8, 8, 3],
    );
    expect(ops(graph)).toEqual(["Transpose", "Pad", "Relu", "Conv", "Transpose"]);
    expect(find(graph, "Conv").attributes).toMatchObject({ dilations: [2, 3], pads: [2, 3, 2, 3] });
  });

  test("depthwise too, right behind a Pad", async () => {
    const graph = await passed(
      (draft, x) => {
        const padded = draft.emit("Pad", [x, draft.ints([4, 2], [0, 0, 1, 0, 0, 0, 0, 0])]);
        return dilated(draft, padded, "DepthwiseConv2dNative", draft.weights(3, 3, 3, 1));
      },
      [null, 8, 8, 3],
    );
    expect(ops(graph)).toEqual(["Transpose", "Conv", "Transpose"]);
    expect(find(graph, "Conv").attributes).toMatchObject({ dilations: [2, 3], group: 3, pads: [3, 3, 2, 3] });
  });

  test("are left alone where something else uses the blocks", async () => {
    const graph = await passed((draft, x) => {
      const block = draft.ints([2], [3, 2]);
      const none = draft.ints([2, 2], [0, 0, 0, 0]);
      const blocks = draft.emit("SpaceToBatchND", [x, block, none]);
      const conv = draft.emit("DepthwiseConv2dNative", [blocks, draft.weights(1, 1, 3, 1)], VALID);
      const [left, right] = [conv, blocks].map((value) => draft.emit("BatchToSpaceND", [value, block, none]));
      return draft.emit("AddV2", [left!, right!]);
    });
    expect(find(graph, "Conv").attributes.dilations).toEqual([1, 1]);
  });
});

describe("fused ops", () => {
  const number = (draft: Draft, value: number): string =>
    draft.constant({ dataType: "float32", shape: [], data: Float32Array.of(value) });

  test.each(["Keras 2", "Keras 3"])("layer norm, as %s writes it", async (keras) => {
    const graph = await passed((draft, x) => {
      const { emit, weights, ints } = draft;
      const axes = ints([1], [-1]);
      const mean = emit("Mean", [x, axes], { keep_dims: true });
      const variance = emit("Mean", [emit("SquaredDifference", [x, emit("StopGradient", [mean])]), axes], {
        keep_dims: true,
      });
      const inverse = emit("Rsqrt", [emit("AddV2", [variance, number(draft, 1e-6)])]);
      const scale = emit("Mul", [inverse, weights(3)]);
      const beta = weights(3);
      const shift =
        keras === "Keras 2"
          ? emit("Sub", [beta, emit("Mul", [mean, scale])])
          : emit("AddV2", [emit("Mul", [emit("Neg", [mean]), scale]), beta]);
      return emit("AddV2", [emit("Mul", [x, scale]), shift]);
    });
    expect(ops(graph)).toEqual(["LayerNormalization"]);
    expect(find(graph, "LayerNormalization").attributes.axis).toBe(3);
  });

  test("a norm by the mean of something else is no layer norm", async () => {
    const graph = await passed((draft, x) => {
      const { emit, ints } = draft;
      const axes = ints([1], [-1]);
      const mean = emit("Mean", [emit("Relu", [x]), axes], { keep_dims: true });
      const variance = emit("Mean", [emit("SquaredDifference", [x, mean]), axes], { keep_dims: true });
      const scale = emit("Rsqrt", [emit("AddV2", [variance, number(draft, 1e-6)])]);
      return emit("AddV2", [emit("Mul", [x, scale]), emit("Mul", [emit("Neg", [mean]), scale])]);
    });
    expect(ops(graph)).not.toContain("LayerNormalization");
  });

  test.each(["Erf", "Erfc"])("an exact GELU by %s takes the form that the runtime knows", async (op) => {
    const graph = await passed((draft, x) => {
      const { emit } = draft;
      const half = emit("Mul", [number(draft, 0.5), x]);
      if (op === "Erf") {
        const erf = emit("Erf", [emit("RealDiv", [x, number(draft, Math.SQRT2)])]);
        return emit("Mul", [half, emit("AddV2", [number(draft, 1), erf])]);
      }
      const scaled = emit("Mul", [emit("Neg", [x]), number(draft, Math.SQRT1_2)]);
      return emit("Mul", [half, emit("Erfc", [scaled])]);
    });
    expect(ops(graph)).toEqual(["Div", "Erf", "Add", "Mul", "Mul"]);
  });

  test.each(["RealDiv", "Mul"])("a hard sigmoid by %s", async (op) => {
    const graph = await passed((draft, x) => {
      const six = number(draft, op === "Mul" ? 1 / 6 : 6);
      return draft.emit(op, [draft.emit("Relu6", [draft.emit("AddV2", [x, number(draft, 3)])]), six]);
    });
    expect(ops(graph)).toEqual(["HardSigmoid"]);
  });

  test("a dense layer on the channels of an image is one product", async () => {
    const graph = await passed(({ emit, weights, ints }, x) => {
      const rows = emit("Reshape", [x, ints([2], [-1, 3])]);
      const product = emit("MatMul", [rows, weights(3, 5)]);
      return emit("BiasAdd", [emit("Reshape", [product, ints([4], [-1, 9, 8, 5])]), weights(5)]);
    });
    expect(ops(graph)).toEqual(["MatMul", "Add"]);
  });

  test("nothing is left of what changes nothing", async () => {
    const graph = await passed(({ emit, constant, ints }, x) => {
      const zeros = constant({ dataType: "float32", shape: [3], data: new Float32Array(3) });
      const ones = constant({ dataType: "float32", shape: [], data: Float32Array.of(1) });
      const flat = emit("Reshape", [emit("AddV2", [x, zeros]), ints([2], [-1, 216])]);
      return emit("Relu", [emit("Mul", [emit("Reshape", [flat, ints([4], [-1, 9, 8, 3])]), ones])]);
    });
    expect(ops(graph)).toEqual(["Relu"]);
  });
});
