import type { Attributes } from "../graph/attributes.ts";

const TWO_D = { data_format: "NHWC", explicit_paddings: [], dilations: [1, 1, 1, 1] };
const THREE_D = { data_format: "NDHWC", dilations: [1, 1, 1, 1, 1] };
const POOL = { data_format: "NHWC", explicit_paddings: [] };
const NORM = { epsilon: 1e-4, data_format: "NHWC", is_training: true };
const REDUCE = { keep_dims: false };
const RESIZE = { align_corners: false, half_pixel_centers: false };
const FUSED = { fused_ops: [], epsilon: 1e-4, leakyrelu_alpha: 0.2 };

/**
 * Attributes that files leave out because they have TensorFlow's default value, by op.
 *
 * @see TensorFlow `core/ops/*.cc`; op registrations of 2.15 and 2.21 agree on all of these
 */
export const TENSORFLOW_DEFAULTS: Readonly<Record<string, Attributes>> = {
  All: REDUCE,
  Any: REDUCE,
  ArgMax: { output_type: "int64" },
  ArgMin: { output_type: "int64" },
  AvgPool: POOL,
  AvgPool3D: { data_format: "NDHWC" },
  BatchMatMul: { adj_x: false, adj_y: false },
  BatchMatMulV2: { adj_x: false, adj_y: false },
  BatchMatMulV3: { adj_x: false, adj_y: false },
  BiasAdd: { data_format: "NHWC" },
  Conv2D: TWO_D,
  Conv2DBackpropInput: TWO_D,
  Conv3D: THREE_D,
  Conv3DBackpropInputV2: THREE_D,
  Cumsum: { exclusive: false, reverse: false },
  DepthToSpace: { data_format: "NHWC" },
  DepthwiseConv2dNative: TWO_D,
  EuclideanNorm: REDUCE,
  FusedBatchNorm: NORM,
  FusedBatchNormV2: NORM,
  FusedBatchNormV3: NORM,
  GatherV2: { batch_dims: 0 },
  LRN: { depth_radius: 5, bias: 1, alpha: 1, beta: 0.5 },
  LeakyRelu: { alpha: 0.2 },
  MatMul: { transpose_a: false, transpose_b: false },
  Max: REDUCE,
  MaxPool: POOL,
  MaxPool3D: { data_format: "NDHWC" },
  Mean: REDUCE,
  Min: REDUCE,
  OneHot: { axis: -1 },
  Pack: { axis: 0 },
  Prod: REDUCE,
  ResizeArea: { align_corners: false },
  ResizeBicubic: RESIZE,
  ResizeBilinear: RESIZE,
  ResizeNearestNeighbor: RESIZE,
  ScaleAndTranslate: { kernel_type: "lanczos3", antialias: true },
  Shape: { out_type: "int32" },
  ShapeN: { out_type: "int32" },
  Size: { out_type: "int32" },
  SpaceToDepth: { data_format: "NHWC" },
  Squeeze: { squeeze_dims: [] },
  StridedSlice: { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 },
  Sum: REDUCE,
  TopKV2: { sorted: true, index_type: "int32" },
  Unpack: { axis: 0 },
  _FusedConv2D: { ...TWO_D, ...FUSED },
  _FusedDepthwiseConv2dNative: { ...TWO_D, ...FUSED },
  _FusedMatMul: { transpose_a: false, transpose_b: false, ...FUSED },
};
