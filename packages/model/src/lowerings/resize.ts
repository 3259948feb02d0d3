import { cast, transpose } from "../graph/emit-shapes.ts";
import { constantNumbers, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";
import {
  areaWeights,
  bicubicWeights,
  type Grid,
  KERNELS,
  type ResizeWeights,
  scaleAndTranslateWeights,
} from "./resize-weights.ts";

const NHWC_TO_NCHW = [0, 3, 1, 2];
const NCHW_TO_NHWC = [0, 2, 3, 1];
const RUN_TIME = unsupported("its sizes are only known at run time, or beyond bounds");

type Convention = "half_pixel" | "align_corners" | "asymmetric";

function convention({ attributes }: SourceNode): Convention {
  if (attributes.flag("align_corners")) return "align_corners";
  return attributes.flag("half_pixel_centers") ? "half_pixel" : "asymmetric";
}

/** A Resize of height and width to what input 1 says. */
function resize(node: SourceNode, emit: Emit, attributes: { mode: string; nearest_mode?: string }): Value {
  const x = transpose(emit, inputOf(node, 0), NHWC_TO_NCHW);
  const sizes = cast(emit, inputOf(node, 1), "int64");
  const batchAndChannels = emit("Slice", [emit("Shape", [x]), emit.ints([0]), emit.ints([2])]);
  const whole = emit("Concat", [batchAndChannels, sizes], { axis: 0 });
  const y = emit("Resize", [x, null, null, whole], {
    coordinate_transformation_mode: convention(node),
    ...attributes,
  });
  return transpose(emit, y, NCHW_TO_NHWC);
}

/** Resize's halves go up: what TensorFlow's floor of a half-pixel position comes to. */
const nearest: Lowering = (node, emit) => {
  const nearestMode = convention(node) === "asymmetric" ? "floor" : "round_prefer_ceil";
  return [
    cast(emit, resize(node, emit, { mode: "nearest", nearest_mode: nearestMode }), inputOf(node, 0).dataType),
  ];
};

/** Weights of one axis are few enough up to this many: 2,048 × 2,048. */
const MOST_WEIGHTS = 1 << 22;

/** Sizes [height, width] of the input and of the output, where both are known and within bounds. */
function staticSizes(node: SourceNode): { from: readonly number[]; to: readonly number[] } | null {
  const from = inputOf(node, 0).shape?.slice(1, 3);
  const to = constantNumbers(node.inputs[1]);
  if (!from?.every((size) => typeof size === "number") || !to) return null;
  const sizes = { from: from as readonly number[], to };
  const fits = [0, 1].every((k) => {
    const [inputs = 0, outputs = 0] = [sizes.from[k], sizes.to[k]];
    return inputs > 0 && outputs > 0 && Number.isInteger(outputs) && inputs * outputs <= MOST_WEIGHTS;
  });
  return fits ? sizes : null;
}

interface AxisWeights {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: ResizeWeights;
}

/** Rows and columns are mixed by two constant matrices: any separable resize, exactly. */
function resizeByMatrices(
  emit: Emit,
  image: Value,
  [rows, columns]: readonly [AxisWeights, AxisWeights],
): Value {
  const x = cast(emit, transpose(emit, image, NHWC_TO_NCHW), "float32");
  const matrix = ({ inputs, outputs, weights }: AxisWeights): Value =>
    emit.constant({ dataType: "float32", shape: [outputs, inputs], data: weights });
  const wide = emit("MatMul", [x, transpose(emit, matrix(columns), [1, 0])]);
  return transpose(emit, emit("MatMul", [matrix(rows), wide]), NCHW_TO_NHWC);
}

const byGrid =
  (weightsOf: (grid: Grid) => ResizeWeights): Lowering =>
  (node, emit) => {
    const sizes = staticSizes(node);
    if (!sizes) return RUN_TIME;
    const alignCorners = node.attributes.flag("align_corners");
    const halfPixelCenters =
      node.attributes.has("half_pixel_centers") && node.attributes.flag("half_pixel_centers");
    const axis = (k: number): AxisWeights => {
      const [inputs, outputs] = [sizes.from[k] ?? 1, sizes.to[k] ?? 1];
      return { inputs, outputs, weights: weightsOf({ inputs, outputs, alignCorners, halfPixelCenters }) };
    };
    return [resizeByMatrices(emit, inputOf(node, 0), [axis(0), axis(1)])];
  };

const scaleAndTranslate: Lowering = (node, emit) => {
  const sizes = staticSizes(node);
  const [scales, translations] = [constantNumbers(node.inputs[2]), constantNumbers(node.inputs[3])];
  const kernel = KERNELS.get(node.attributes.text("kernel_type"));
  if (!sizes || !scales || !translations) return RUN_TIME;
  if (!kernel) return unsupported(`kernel_type ${node.attributes.text("kernel_type")}`);
  const antialias = node.attributes.flag("antialias");
  const axis = (k: number): AxisWeights => {
    const [inputs, outputs] = [sizes.from[k] ?? 1, sizes.to[k] ?? 1];
    const place = { scale: scales[k] ?? 1, translation: translations[k] ?? 0 };
    return {
      inputs,
      outputs,
      weights: scaleAndTranslateWeights({ inputs, outputs, kernel, antialias, ...place }),
    };
  };
  return [resizeByMatrices(emit, inputOf(node, 0), [axis(0), axis(1)])];
};

export const resizing = {
  ResizeBilinear: (node, emit) => {
    const x = cast(emit, inputOf(node, 0), "float32");
    return [resize({ ...node, inputs: [x, inputOf(node, 1)] }, emit, { mode: "linear" })];
  },
  ResizeNearestNeighbor: nearest,
  ResizeBicubic: byGrid(bicubicWeights),
  ResizeArea: byGrid(areaWeights),
  ScaleAndTranslate: scaleAndTranslate,
} satisfies LoweringTable;
