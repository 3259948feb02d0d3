import { describe, expect, test } from "vitest";
import type { AttributeValue, Graph, Node } from "../graph/graph.ts";
import type { DataType, Tensor } from "../tensor.ts";
import { recognisePreprocessing } from "./recognise.ts";

type Step =
  | readonly [op: string]
  | readonly [op: string, constant: readonly number[]]
  | readonly ["const-first", op: string, constant: readonly number[]];

const floats = (values: readonly number[]): Tensor => ({
  dataType: "float32",
  shape: values.length === 1 ? [] : [1, 1, 1, values.length],
  data: Float32Array.from(values),
});

/** A graph that applies the steps to its input, then a convolution. */
function graphOf(
  steps: readonly Step[],
  { names = [] as readonly string[], dataType = "float32" as DataType } = {},
): Graph {
  const constants = new Map<string, Tensor>();
  const nodes: Node[] = [{ name: "shape", op: "Shape", inputs: ["x"], outputs: ["s"], attributes: {} }];
  let value = "x";
  const add = (op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}) => {
    const output = `v${nodes.length}`;
    nodes.push({ name: `node${nodes.length}`, op, inputs, outputs: [output], attributes });
    value = output;
  };
  const constant = (tensor: Tensor) => {
    const name = `c${constants.size}`;
    constants.set(name, tensor);
    return name;
  };
  for (const step of steps) {
    if (step.length === 3) add(step[1], [constant(floats(step[2])), value]);
    else if (step[0] === "reverse") {
      const ints = (...list: number[]) =>
        constant({ dataType: "int32", shape: [list.length], data: Int32Array.from(list) });
      add("StridedSlice", [value, ints(0, 0), ints(0, 0), ints(1, -1)], {
        begin_mask: 2,
        end_mask: 2,
        ellipsis_mask: 1,
        new_axis_mask: 0,
        shrink_axis_mask: 0,
      });
    } else add(step[0], step[1] === undefined ? [value] : [value, constant(floats(step[1]))]);
  }
  const kernel = constant({ dataType: "float32", shape: [3, 3, 3, 8], data: new Float32Array(216) });
  add("Conv2D", [value, kernel]);
  for (const name of names)
    nodes.push({ name, op: "Relu", inputs: [value], outputs: [`${name}:0`], attributes: {} });
  return {
    inputs: [{ name: "x", key: "image", dataType, shape: [null, 224, 224, 3] }],
    outputs: [{ name: value, key: "y", dataType: "float32", shape: null }],
    nodes,
    constants,
  };
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_VARIANCE = [0.229 ** 2, 0.224 ** 2, 0.225 ** 2];
const negative = (values: readonly number[]) => values.map((value) => -value);

describe("arithmetic at the start of the graph says which pixels it takes", () => {
  test.each<{ title: string; steps: readonly Step[]; name: string | null }>([
    { title: "Rescaling(1/255)", steps: [["Cast"], ["Mul", [1 / 255]], ["AddV2", [0]]], name: "raw" },
    {
      title: "Rescaling(1/127.5, offset=-1)",
      steps: [
        ["Mul", [1 / 127.5]],
        ["AddV2", [-1]],
      ],
      name: "raw",
    },
    {
      title: "preprocess_input, mode tf",
      steps: [
        ["RealDiv", [127.5]],
        ["Sub", [1]],
      ],
      name: "raw",
    },
    {
      title: "preprocess_input, mode torch",
      steps: [
        ["RealDiv", [255]],
        ["BiasAdd", negative(IMAGENET_MEAN)],
        ["RealDiv", IMAGENET_VARIANCE.map(Math.sqrt)],
      ],
      name: "raw",
    },
    {
      title: "preprocess_input, mode caffe",
      steps: [["reverse"], ["BiasAdd", [-103.939, -116.779, -123.68]]],
      name: "raw",
    },
    {
      title: "EfficientNet: Rescaling, Normalization, Rescaling",
      steps: [
        ["Mul", [1 / 255]],
        ["Sub", IMAGENET_MEAN],
        ["RealDiv", IMAGENET_VARIANCE.map(Math.sqrt)],
        ["Mul", [2.1]],
      ],
      name: "raw",
    },
    {
      title: "ConvNeXt: Normalization of 0 … 255",
      steps: [
        ["Sub", IMAGENET_MEAN.map((one) => one * 255)],
        ["RealDiv", IMAGENET_VARIANCE.map((one) => Math.sqrt(one) * 255)],
      ],
      name: "raw",
    },
    {
      title: "255 − x, scaled",
      steps: [
        ["const-first", "Sub", [255]],
        ["Mul", [1 / 255]],
      ],
      name: null,
    },
    {
      title: "Normalization of 0 … 1",
      steps: [
        ["Sub", [0.48, 0.45, 0.4]],
        ["RealDiv", [0.22, 0.22, 0.22]],
      ],
      name: "unit",
    },
    {
      title: "Rescaling(2, offset=-1)",
      steps: [
        ["Mul", [2]],
        ["AddV2", [-1]],
      ],
      name: "unit",
    },
    { title: "Rescaling(255)", steps: [["Mul", [255]]], name: "unit" },
    {
      title: "Normalization of −1 … 1",
      steps: [
        ["Sub", [-0.1, 0, 0.1]],
        ["RealDiv", [0.5, 0.5, 0.5]],
      ],
      name: null,
    },
    { title: "a reversal alone", steps: [["reverse"]], name: null },
    { title: "a factor that says nothing", steps: [["Mul", [3]]], name: null },
    { title: "not a number", steps: [["Mul", [Number.NaN]]], name: null },
  ])("$title → $name", ({ steps, name }) => {
    const found = recognisePreprocessing(graphOf(steps));
    expect(found?.name ?? null).toBe(name);
    if (found) expect(found.reason).toMatch(/^the graph first .* \(node\d.*\): it takes pixels/);
  });

  test("it outweighs what the names of layers say", () => {
    const names = ["model/conv_dw_1/depthwise", "model/conv_pw_13/Conv2D"];
    expect(recognisePreprocessing(graphOf([["Mul", [1 / 255]]], { names }))?.name).toBe("raw");
    expect(recognisePreprocessing(graphOf([], { names }))?.name).toBe("mobilenet");
  });

  test("the reason tells the arithmetic in numbers", () => {
    const steps: Step[] = [["reverse"], ["BiasAdd", [-103.939, -116.779, -123.68]]];
    expect(recognisePreprocessing(graphOf(steps))?.reason).toBe(
      "the graph first reverses the channels and adds [-103.939, -116.779, -123.68] (node1 … node2): it takes pixels as they are, 0 to 255",
    );
  });

  test("two paths from the input are no arithmetic on it", () => {
    const graph = graphOf([["Mul", [1 / 255]]]);
    const other: Node = { name: "other", op: "Mul", inputs: ["x", "c0"], outputs: ["other"], attributes: {} };
    expect(recognisePreprocessing({ ...graph, nodes: [...graph.nodes, other] })).toBeNull();
  });
});

test("a model of integers takes pixels as they are", () => {
  expect(recognisePreprocessing(graphOf([["Cast"]], { dataType: "uint8" }))).toEqual({
    name: "raw",
    reason: "the input image is uint8: pixels as they are, 0 to 255",
  });
});

describe("names of layers tell the family of keras.applications", () => {
  test.each([
    ["mobilenet_v2", ["m/expanded_conv_depthwise/x", "m/block_1_expand/Conv2D", "m/block_16_project/Conv2D"]],
    [
      "mobilenet_v2",
      ["m/expanded_conv_depthwise_1/x", "m/block_1_expand_1/Conv2D", "m/block_16_project_1/Conv2D"],
    ],
    ["resnet", ["conv2_block1_0_conv/Conv2D", "conv5_block3_3_conv/Conv2D"]],
    [
      "resnet_v2",
      ["conv2_block1_0_conv/Conv2D", "conv5_block3_3_conv/Conv2D", "conv2_block1_preact_bn/Rsqrt"],
    ],
    ["vgg16", ["vgg16/block1_conv1/Conv2D", "vgg16/block5_conv3/Conv2D"]],
    ["vgg19", ["vgg19/block1_conv1/Conv2D", "vgg19/block5_conv3/Conv2D", "vgg19/block5_conv4/Conv2D"]],
    ["xception", ["block1_conv1/Conv2D", "block2_sepconv1/a", "block14_sepconv2/a"]],
    [null, ["model/conv2d/Conv2D", "model/conv2d_1/Conv2D", "model/block1_conv1/Conv2D"]],
  ] as const)("%s: %j", (name, names) => {
    expect(recognisePreprocessing(graphOf([], { names }))?.name ?? null).toBe(name);
  });
});

test("several inputs are not recognised", () => {
  const graph = graphOf([["Mul", [1 / 255]]]);
  expect(recognisePreprocessing({ ...graph, inputs: [...graph.inputs, ...graph.inputs] })).toBeNull();
});
