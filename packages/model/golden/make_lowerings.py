"""Makes lowerings.json: one TensorFlow op a case, with its attributes as SavedModels keep them and its answers.

    python3 make_lowerings.py

Each case is an op's NodeDef with default attributes stripped, its inputs (fed, or constants of the graph), and
the outputs that TensorFlow computes. Run it with the newest TensorFlow; results do not depend on the version.
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

raw = tf.raw_ops
CASES = []
rng = np.random.default_rng(1)


def some(*shape):
    """Multiples of 1/8 between -4 and 4."""
    return (rng.integers(-32, 33, shape) / 8).astype(np.float32)


def positive(*shape):
    return (rng.integers(1, 33, shape) / 8).astype(np.float32)


def plain(array):
    """Shortest decimals that read back to the same numbers."""
    kind = array.dtype.name
    return {"dataType": kind, "shape": list(array.shape), "data": [float(str(v)) for v in (array if array.dtype == np.float32 else array.astype(np.float64)).ravel()]}


def attribute(value):
    kind = value.WhichOneof("value")
    if kind == "s":
        return value.s.decode()
    if kind == "type":
        return tf.as_dtype(value.type).name
    if kind == "shape":
        return [d.size for d in value.shape.dim]
    if kind == "list":
        return [v.decode() for v in value.list.s] or list(value.list.i) or [round(v, 9) for v in value.list.f]
    return getattr(value, kind)


def case(op, inputs, name="", dynamic=True, create=None, **attributes):
    """inputs: by the names of raw_ops; arrays are constants, pairs (None, array) are only known at run time; dynamic: whether any batch will do."""
    with tf.Graph().as_default() as graph:
        feeds, arguments = {}, {}

        def place(value):
            if isinstance(value, tuple):
                array = value[1]
                tensor = tf.compat.v1.placeholder(array.dtype, array.shape)
                feeds[tensor] = array
                return tensor
            return tf.constant(value)

        for key, value in inputs.items():
            arguments[key] = [place(v) for v in value] if isinstance(value, list) and isinstance(value[0], (tuple, np.ndarray)) else place(value)
        if create:
            graph, feeds = create(graph)
        else:
            getattr(raw, op)(**arguments, **attributes)
        node = [n for n in graph.get_operations() if n.type == op][-1]
        defaults = {a.name: a.default_value for a in op_def_registry.get(op).attr if a.HasField("default_value")}
        kept = {k: attribute(v) for k, v in node.node_def.attr.items() if not k.startswith("_") and defaults.get(k) != v}
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(graph=graph, config=config) as session:
            values = session.run(list(node.inputs), feeds)
            outputs = session.run(list(node.outputs), feeds)
    CASES.append({
        "op": op, "name": name or op, "dynamic": dynamic, "attributes": kept,
        "inputs": [{**plain(np.asarray(v)), "fed": t in feeds} for t, v in zip(node.inputs, values)],
        "outputs": [plain(np.asarray(v)) for v in outputs],
    })


F = lambda *shape: (None, some(*shape))
P = lambda *shape: (None, positive(*shape))
I = lambda values, dtype=np.int32: np.asarray(values, dtype)
fedi = lambda values, dtype=np.int32: (None, np.asarray(values, dtype))

# ---- Plumbing
for op in ("Identity", "StopGradient", "Snapshot"):
    case(op, {"input": F(2, 3)})
case("PreventGradient", {"input": F(2, 3)}, message="")
case("IdentityN", {"input": [F(2, 3), F(4)]})
case("CheckNumerics", {"tensor": F(2, 3)}, message="")
case("EnsureShape", {"input": F(2, 3)}, shape=[2, 3])
case("PlaceholderWithDefault", {"input": some(2, 3)}, shape=[2, 3])

# ---- Elementwise
for op in ("Neg", "Abs", "Sign", "Square", "Exp", "Floor", "Ceil", "Round", "Rint", "Sin", "Cos", "Atan", "Sinh", "Cosh", "Asinh", "Erf", "Erfc", "Expm1", "ZerosLike", "OnesLike", "IsNan", "IsInf", "IsFinite"):
    case(op, {("a" if op == "x" else "x"): (None, np.array([[-2.5, -1.5, -0.5, 0], [0.5, 1.5, 2.5, 0.25]], np.float32))})
for op in ("Sqrt", "Rsqrt", "Reciprocal", "Inv", "Log", "Log1p"):
    case(op, {"x": P(2, 3)})
for op in ("Tan", "Asin", "Acos", "Atanh"):
    case(op, {"x": (None, np.array([[-0.75, -0.25, 0.125, 0.875]], np.float32))})
case("Acosh", {"x": (None, np.array([[1.0, 1.5, 3.0]], np.float32))})
for op in ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "SquaredDifference", "FloorDiv", "FloorMod", "DivNoNan", "MulNoNan", "Xdivy", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"):
    case(op, {"x": F(2, 3), "y": (None, np.array([[1, -2, 4], [0.5, -0.25, 3]], np.float32))})
for op in ("DivNoNan", "MulNoNan"):
    case(op, {"x": F(1, 4), "y": (None, np.array([[0, 1, 0, 2]], np.float32))}, name=op + " by zero")
for op in ("Xdivy", "Xlogy"):
    case(op, {"x": (None, np.array([[0, 1, 2]], np.float32)), "y": (None, np.array([[0, 2, 4]], np.float32))}, name=op + " of zero")
case("Pow", {"x": P(2, 3), "y": F(2, 3)})
case("Maximum", {"x": F(2, 5), "y": np.float32(0.5)}, name="Maximum with a number")
case("Minimum", {"x": np.float32(0.5), "y": F(2, 5)}, name="Minimum with a number")
case("Maximum", {"x": F(2, 5), "y": np.float32(0)}, name="Maximum with zero")
ints = {"x": fedi([[7, -7, 8, -9, 0, 5]]), "y": fedi([[2, 2, -3, -4, 5, 7]])}
for op in ("FloorDiv", "FloorMod", "TruncateDiv", "Mod", "TruncateMod", "Maximum", "Add", "Div"):
    case(op, ints, name=op + " of integers")
case("AddN", {"inputs": [F(2, 3), F(2, 3), F(2, 3)]})
case("ClipByValue", {"t": F(2, 5), "clip_value_min": np.float32(-1), "clip_value_max": np.float32(1.5)})
case("ClipByValue", {"t": F(2, 3), "clip_value_min": some(2, 3) - 4, "clip_value_max": some(2, 3) + 4}, name="ClipByValue by tensors", dynamic=False)
case("LogicalAnd", {"x": (None, np.array([True, True, False])), "y": (None, np.array([True, False, False]))})
case("LogicalOr", {"x": (None, np.array([True, True, False])), "y": (None, np.array([True, False, False]))})
case("LogicalNot", {"x": (None, np.array([True, False]))})
case("Select", {"condition": (None, np.array([True, False])), "x": F(2, 3), "y": F(2, 3)})
case("SelectV2", {"condition": (None, np.array([[True], [False]])), "t": F(2, 3), "e": F(3)})
case("Cast", {"x": F(2, 5)}, DstT=tf.int32)
case("Cast", {"x": fedi([[0, 2, -1]])}, DstT=tf.bool, name="Cast to bool")
case("Cast", {"x": F(2, 5)}, DstT=tf.float64, name="Cast to float64")
case("BiasAdd", {"value": F(2, 3, 4), "bias": some(4)})
case("BiasAdd", {"value": F(2, 3, 4, 5), "bias": some(3)}, name="BiasAdd NCHW", data_format="NCHW")

# ---- Activations
for op in ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign"):
    case(op, {"features": (None, np.array([[-8, -1, -0.5, 0, 0.5], [1, 3, 5.5, 6.5, 8]], np.float32))})
case("LeakyRelu", {"features": F(2, 5)}, alpha=0.5, name="LeakyRelu 0.5")
case("Sigmoid", {"x": F(2, 5)})
case("Tanh", {"x": F(2, 5)})
case("Softmax", {"logits": F(2, 5)})
case("LogSoftmax", {"logits": F(2, 5)})

# ---- Reductions
for op in ("Mean", "Sum", "Max", "Min", "Prod", "EuclideanNorm"):
    case(op, {"input": F(2, 3, 4), "axis": I([1, -1])})
    case(op, {"input": F(2, 3, 4), "axis": I(1)}, keep_dims=True, name=op + " keeping axes")
case("Mean", {"input": F(2, 3), "axis": I([])}, name="Mean over no axis")
case("Mean", {"input": fedi([[7, -4, 2], [1, 2, 2]]), "axis": I(1)}, name="Mean of integers")
bools = (None, np.array([[True, True], [True, False], [False, False]]))
case("All", {"input": bools, "axis": I([1])})
case("Any", {"input": bools, "axis": I([1])}, keep_dims=True)
ties = (None, np.array([[1, 3, 3, 0], [5, 0, 0, 5]], np.float32))
case("ArgMax", {"input": ties, "dimension": I(1)})
case("ArgMin", {"input": ties, "dimension": I(-1)}, output_type=tf.int32)
case("Cumsum", {"x": F(2, 4), "axis": I(1)})
case("Cumsum", {"x": F(2, 4), "axis": I(-1)}, exclusive=True, reverse=True, name="Cumsum backwards")
case("TopKV2", {"input": F(2, 6), "k": I(2)})

# ---- Matrices
case("MatMul", {"a": F(2, 3), "b": some(3, 4)})
case("MatMul", {"a": F(3, 2), "b": some(4, 3)}, transpose_a=True, transpose_b=True, name="MatMul transposed", dynamic=False)
for op in ("BatchMatMul", "BatchMatMulV2"):
    case(op, {"x": F(2, 3, 4), "y": F(2, 5, 4)}, adj_y=True)
case("BatchMatMulV3", {"x": F(2, 3, 4), "y": F(2, 3, 5)}, adj_x=True, Tout=tf.float32)
case("Einsum", {"inputs": [F(2, 3, 4), F(4, 5, 6)]}, equation="abc,cde->abde")

# ---- Windows
G = [((9, 11), 3, 2, "SAME"), ((8, 10), 3, 2, "SAME"), ((9, 11), 3, 2, "VALID"), ((10, 8), 3, 5, "SAME"), ((7, 6), 2, 3, "SAME"), ((6, 7), 1, 2, "SAME")]
for (h, w), k, s, p in G:
    name = f" {h}x{w} k{k} s{s} {p}"
    case("Conv2D", {"input": F(2, h, w, 2), "filter": some(k, k, 2, 3)}, strides=[1, s, s, 1], padding=p, name="Conv2D" + name)
    case("DepthwiseConv2dNative", {"input": F(2, h, w, 2), "filter": some(k, k, 2, 2)}, strides=[1, s, s, 1], padding=p, name="DepthwiseConv2dNative" + name)
    for op in ("MaxPool", "AvgPool"):
        case(op, {("input" if op == "MaxPool" else "value"): F(2, h, w, 2)}, ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=p, name=op + name)
case("Conv2D", {"input": F(2, 7, 8, 2), "filter": some(3, 3, 2, 3)}, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1], name="Conv2D dilated")
case("Conv2D", {"input": F(2, 7, 8, 4), "filter": some(3, 3, 2, 6)}, strides=[1, 1, 1, 1], padding="SAME", name="Conv2D grouped")
case("Conv2D", {"input": F(2, 7, 8, 2), "filter": some(3, 3, 2, 3)}, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 3, 0, 0], name="Conv2D explicit")
case("Conv3D", {"input": F(2, 4, 5, 6, 2), "filter": some(3, 3, 3, 2, 3)}, strides=[1, 2, 1, 1, 1], padding="SAME")
for op in ("MaxPool3D", "AvgPool3D"):
    case(op, {"input": F(2, 4, 5, 6, 2)}, ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME")
for k, s, p, out in ((3, 2, "SAME", (10, 8)), (4, 3, "VALID", (16, 13)), (2, 3, "SAME", (15, 12)), (3, 2, "SAME", (9, 7)), (2, 3, "VALID", (15, 12))):
    case("Conv2DBackpropInput", {"input_sizes": I([2, *out, 3]), "filter": some(k, k, 3, 2), "out_backprop": F(2, 5, 4, 2)}, strides=[1, s, s, 1], padding=p, name=f"Conv2DBackpropInput k{k} s{s} {p} {out}")
case("Conv3DBackpropInputV2", {"input_sizes": I([2, 6, 6, 4, 3]), "filter": some(3, 3, 3, 3, 2), "out_backprop": F(2, 3, 3, 2, 2)}, strides=[1, 2, 2, 2, 1], padding="SAME")

# ---- Norms
for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
    case(op, {"x": F(2, 3, 4, 3), "scale": some(3), "offset": some(3), "mean": some(3), "variance": positive(3)}, is_training=False)
case("FusedBatchNormV3", {"x": F(1, 5, 4, 1), "scale": some(5), "offset": some(5), "mean": some(0), "variance": some(0)}, data_format="NCHW", epsilon=1e-3, dynamic=False, name="FusedBatchNormV3 as a layer norm")
case("LRN", {"input": F(2, 3, 3, 7)}, depth_radius=2, alpha=0.5)

# ---- Padding, blocks
case("Pad", {"input": F(2, 3, 4), "paddings": I([[0, 0], [1, 2], [0, 1]])})
case("Pad", {"input": F(2, 3), "paddings": fedi([[0, 0], [1, 2]])}, name="Pad by a tensor", dynamic=False)
case("PadV2", {"input": F(2, 3), "paddings": I([[0, 0], [2, 1]]), "constant_values": np.float32(0.5)})
for mode in ("REFLECT", "SYMMETRIC"):
    case("MirrorPad", {"input": F(2, 4, 5), "paddings": I([[0, 0], [2, 1], [3, 2]])}, mode=mode, name="MirrorPad " + mode)
case("SpaceToBatchND", {"input": F(2, 5, 4, 3), "block_shape": I([2, 3]), "paddings": I([[1, 0], [0, 2]])})
case("BatchToSpaceND", {"input": F(12, 3, 2, 3), "block_shape": I([2, 3]), "crops": I([[1, 0], [0, 2]])})
case("SpaceToDepth", {"input": F(2, 4, 6, 3)}, block_size=2)
case("DepthToSpace", {"input": F(2, 2, 3, 8)}, block_size=2)

# ---- Resizing
for half, align in ((True, False), (False, True), (False, False)):
    for to in ((7, 9), (3, 2)):
        name = f" {'half pixel' if half else 'align corners' if align else 'legacy'} {to}"
        for op in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"):
            case(op, {"images": F(2, 5, 4, 3), "size": I(to)}, half_pixel_centers=half, align_corners=align, name=op + name)
case("ResizeArea", {"images": F(2, 5, 4, 3), "size": I([3, 6])})
for kernel in ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"):
    for antialias in (True, False):
        case("ScaleAndTranslate", {"images": F(1, 7, 6, 2), "size": I([4, 9]), "scale": np.array([4 / 7, 1.5], np.float32), "translation": np.array([0, -0.5], np.float32)}, kernel_type=kernel, antialias=antialias, name=f"ScaleAndTranslate {kernel} {antialias}")

# ---- Shapes
case("Reshape", {"tensor": F(2, 3, 4), "shape": I([-1, 12])})
case("Reshape", {"tensor": F(2, 6), "shape": fedi([3, 4])}, name="Reshape to a tensor", dynamic=False)
case("Squeeze", {"input": F(2, 1, 3, 1)}, axis=[1, -1])
case("Squeeze", {"input": F(2, 1, 3)}, name="Squeeze everything", dynamic=False)
case("ExpandDims", {"input": F(2, 3), "axis": I(-1)})
case("Transpose", {"x": F(2, 3, 4), "perm": I([0, 2, 1])})
case("Tile", {"input": F(2, 3), "multiples": I([2, 3])})
case("Fill", {"dims": fedi([2, 3]), "value": np.float32(0.25)}, dynamic=False)
case("BroadcastTo", {"input": F(1, 3), "shape": I([2, 4, 3])}, dynamic=False)
case("Shape", {"input": F(2, 3)})
case("Shape", {"input": F(2, 3)}, out_type=tf.int64, name="Shape int64")
case("ShapeN", {"input": [F(2, 3), F(4)]})
case("Size", {"input": F(2, 3)})
case("Rank", {"input": F(2, 3)})
case("Range", {"start": fedi(2), "limit": fedi(11), "delta": fedi(3)}, dynamic=False)
case("ConcatV2", {"values": [F(2, 3), F(2, 4)], "axis": I(-1)})
case("Concat", {"concat_dim": I(1), "values": [F(2, 3), F(2, 4)]})
case("Split", {"axis": I(-1), "value": F(2, 6)}, num_split=3)
case("SplitV", {"value": F(2, 6), "size_splits": I([1, -1, 2]), "axis": I(1)}, num_split=3)
case("Unpack", {"value": F(2, 3, 4)}, num=3, axis=-2)
case("Pack", {"values": [F(2, 3), F(2, 3)]}, axis=-1)
case("ReverseV2", {"tensor": F(2, 3, 4), "axis": I([1, -1])})
case("Roll", {"input": F(2, 5, 4), "shift": I([2, -1]), "axis": I([1, 2])})
case("MatrixDiagV3", {"diagonal": F(2, 3), "k": I(0), "num_rows": I(-1), "num_cols": I(-1), "padding_value": np.float32(0.5)})
case("MatrixDiagPartV3", {"input": F(2, 3, 3), "k": I(0), "padding_value": np.float32(0)})
case("OneHot", {"indices": fedi([[0, 2], [-1, 3]]), "depth": I(3), "on_value": np.float32(2), "off_value": np.float32(-1)})
case("OneHot", {"indices": fedi([0, 2, 1]), "depth": I(3), "on_value": np.float32(1), "off_value": np.float32(0)}, axis=0, name="OneHot first")

# ---- Slices
x5 = F(2, 5, 6)
stride = lambda begin, end, strides, name, dynamic=True, **masks: case("StridedSlice", {"input": F(2, 5, 6), "begin": I(begin), "end": I(end), "strides": I(strides)}, name="StridedSlice " + name, dynamic=dynamic, **masks)
stride([0, 1, 0], [0, -1, 6], [1, 1, 2], "x[:, 1:-1, ::2]", begin_mask=5, end_mask=5)
stride([0, 0], [0, 0], [1, -1], "x[..., ::-1]", ellipsis_mask=1, begin_mask=2, end_mask=2)
stride([0, -1, 0], [0, 0, 0], [1, 1, 1], "x[:, -1, None]", begin_mask=1, end_mask=1, shrink_axis_mask=2, new_axis_mask=4)
stride([0, 4, 1], [0, 1, 2], [1, -2, 1], "x[:, 4:1:-2, 1]", begin_mask=1, end_mask=1, shrink_axis_mask=4)
stride([1], [2], [1], "x[1]", shrink_axis_mask=1, dynamic=False)
case("StridedSlice", {"input": F(2, 5, 6), "begin": fedi([0, 1]), "end": fedi([2, 4]), "strides": I([1, 2])}, name="StridedSlice by tensors", dynamic=False)
case("Slice", {"input": F(2, 5, 6), "begin": I([0, 1, 2]), "size": I([-1, 3, 2])})
case("Slice", {"input": F(2, 5), "begin": fedi([0, 1]), "size": fedi([-1, 3])}, name="Slice by tensors", dynamic=False)
case("Gather", {"params": F(4, 3), "indices": fedi([2, 0])}, dynamic=False)
case("GatherV2", {"params": F(2, 4, 3), "indices": I([[2, 0], [1, 1]]), "axis": I(1)})
case("GatherV2", {"params": F(2, 4, 3), "indices": fedi([[2, 0, 1], [1, 3, 0]]), "axis": I(1)}, batch_dims=1, name="GatherV2 in batches")
case("GatherNd", {"params": F(3, 4), "indices": fedi([[2, 0], [1, 3]])}, dynamic=False)


# ---- Ops that only Grappler makes: raw_ops has none of them, a GraphDef may
def fused(op, x, weights, arguments, fused_ops, name, **attributes):
    def create(graph):
        inputs = [tf.compat.v1.placeholder(tf.float32, x.shape, "x")]
        inputs += [tf.constant(value, name=f"c{k}") for k, value in enumerate([weights, *arguments])]
        definition = graph.as_graph_def()
        node = definition.node.add(name="fused", op=op, input=[tensor.op.name for tensor in inputs])
        node.attr["T"].type = tf.float32.as_datatype_enum
        node.attr["fused_ops"].list.s.extend(text.encode() for text in fused_ops)
        node.attr["num_args"].i = len(arguments)
        if op == "_FusedConv2D":
            node.attr["TArgs"].list.type.extend([tf.float32.as_datatype_enum] * len(arguments))
        for key, value in attributes.items():
            if isinstance(value, list):
                node.attr[key].list.i.extend(value)
            else:
                node.attr[key].s = value.encode()
        with tf.Graph().as_default() as made:
            tf.import_graph_def(definition, name="")
        return made, {made.get_tensor_by_name("x:0"): x}

    case(op, {}, name=name, create=create)


CONV = {"strides": [1, 2, 2, 1], "padding": "SAME"}
fused("_FusedConv2D", some(2, 5, 5, 2), some(3, 3, 2, 4), [some(4)], ["BiasAdd"], "_FusedConv2D bias", **CONV)
for activation in ("Relu", "Relu6", "Elu", "LeakyRelu"):
    fused("_FusedConv2D", some(2, 5, 5, 2), some(3, 3, 2, 4), [some(4)], ["BiasAdd", activation], f"_FusedConv2D bias {activation}", **CONV)
fused("_FusedConv2D", some(2, 5, 5, 2), some(3, 3, 2, 4), [some(4), some(4), some(4), positive(4)], ["FusedBatchNorm", "Relu"], "_FusedConv2D norm", **CONV)
fused("_FusedMatMul", some(2, 3), some(3, 4), [some(4)], ["BiasAdd", "Relu"], "_FusedMatMul")


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lowerings.json")
    with open(path, "w") as out:
        json.dump({"tensorflow": tf.__version__, "cases": CASES}, out, separators=(",", ":"))
        out.write("\n")
    print(f"{len(CASES)} cases, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
