"""The table of op cases that make_ops.py saves: CASES[name] knows how to save itself and what to feed it."""

from dataclasses import dataclass, field
from importlib import metadata

import numpy as np
import tensorflow as tf

L = tf.keras.layers
KERAS3 = int(metadata.version("keras").split(".")[0]) >= 3
SOFTMAX = {"kind": "probabilities", "classes": 5}


@dataclass
class Case:
    """`save(folder, rng)` writes a SavedModel and returns the inputs by signature key."""

    save: object
    about: str = ""
    tolerance: float = 1e-5
    signature: str = "serving_default"
    class_output: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    constant: bool = False
    """Whether only the newest TensorFlow saves it: a raw op comes out alike from all."""
    newest_only: bool = False

    def error_for(self, version):
        """The error expected of a file by this TensorFlow, if any: "" matches every version."""
        return next((error for prefix, error in self.errors.items() if version.startswith(prefix)), None)


CASES = {}


def add(name, save, **options):
    assert name not in CASES, name
    CASES[name] = Case(save, **options)


def values(rng, spec):
    """Random values of a shape (multiples of 1/32: they pack well), or those of a function of `rng`, or an array as it is."""
    if callable(spec):
        return spec(rng)
    if isinstance(spec, tuple):
        return (np.round(rng.normal(0, 1, spec) * 32) / 32).astype(np.float32)
    return np.asarray(spec)


def ops(name, function, x=(2, 7, 6, 3), spec=None, weights=None, both=False, **options):
    """A tf.Module whose signature is `function`: inputs by name (x where one is enough), weights as variables."""
    inputs = x if isinstance(x, dict) else {"x": x}
    specs = spec if isinstance(spec, dict) else {"x": spec}

    def save(folder, rng):
        fed = {key: values(rng, value) for key, value in inputs.items()}
        module = tf.Module()
        module.w = [tf.Variable(values(rng, shape) / np.sqrt(np.float32(np.prod(shape[:-1])))) for shape in weights or []]
        shapes = {key: specs.get(key) or (None, *value.shape[1:]) for key, value in fed.items()}
        module.call = tf.function(lambda **kwargs: function(*(kwargs[key] for key in fed), *module.w))
        call = module.call.get_concrete_function(
            **{key: tf.TensorSpec(shapes[key] if value.ndim else (), value.dtype, key) for key, value in fed.items()}
        )
        tf.saved_model.save(module, folder, signatures=call)
        return fed

    add(name, save, newest_only=not both, **options)


def randomise(model, rng):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            randomise(layer, rng)
            continue
        new = []
        for variable, value in zip(layer.weights, layer.get_weights()):
            leaf = variable.name.split("/")[-1].split(":")[0]
            dtype = value.dtype
            if "variance" in leaf:
                value = rng.uniform(0.5, 2, value.shape)
            elif leaf == "gamma":
                value = rng.uniform(0.5, 1.5, value.shape)
            elif leaf in ("beta", "bias", "moving_mean", "mean", "alpha"):
                value = rng.normal(0.1, 0.3, value.shape)
            elif value.dtype.kind in "fV":
                value = value.astype(np.float32) + rng.normal(0, 0.05, value.shape)
            new.append(np.asarray(value).astype(dtype))
        if new:
            layer.set_weights(new)
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()


def keras(name, build, x=(2, 7, 6, 3), shape=None, **options):
    """A Keras model saved the way its version does; `build` maps symbolic inputs to outputs."""
    inputs = x if isinstance(x, dict) else {"x": x}
    shapes = shape if isinstance(shape, dict) else {"x": shape}

    def save(folder, rng):
        fed = {key: values(rng, value) for key, value in inputs.items()}
        symbols = {}
        for key, value in fed.items():
            batch_shape = shapes.get(key)
            extra = {"batch_size": batch_shape[0]} if batch_shape else {}
            inner = tuple(batch_shape[1:]) if batch_shape else value.shape[1:]
            symbols[key] = L.Input(inner, name=key, dtype=str(value.dtype), **extra)
        outputs = build(*symbols.values())
        single = len(symbols) == 1
        model = tf.keras.Model(next(iter(symbols.values())) if single else symbols, outputs)
        randomise(model, rng)
        if KERAS3:
            model.export(folder, verbose=False)
        else:
            model.save(folder)
        return fed

    add(name, save, **options)


# ---- Convolutions: padding is where TensorFlow and ONNX part ------------------------------------
GEOMETRIES = [
    ((9, 11), 3, 2, "SAME"), ((8, 10), 3, 2, "SAME"), ((9, 11), 3, 2, "VALID"), ((9, 8), 2, 1, "SAME"), ((7, 9), 3, 1, "SAME"),
    ((10, 11), 1, 2, "SAME"), ((10, 7), 2, 3, "SAME"), ((10, 8), 3, 5, "SAME"), ((11, 9), 7, 2, "SAME"), ((6, 7), 2, 2, "VALID"),
]


def geometry_inputs(channels):
    return {f"h{h}_w{w}_k{k}_s{s}_{p.lower()}": (2, h, w, channels) for (h, w), k, s, p in GEOMETRIES}


keras("conv_geometries", lambda *xs: [L.Conv2D(2, k, s, padding=p.lower())(x) for x, (_, k, s, p) in zip(xs, GEOMETRIES)], x=geometry_inputs(2))
keras("depthwise_geometries", lambda *xs: [L.DepthwiseConv2D(k, s, padding=p.lower())(x) for x, (_, k, s, p) in zip(xs, GEOMETRIES)], x=geometry_inputs(2))
keras("max_pool_geometries", lambda *xs: [L.MaxPooling2D(k, s, padding=p.lower())(x) for x, (_, k, s, p) in zip(xs, GEOMETRIES)], x=geometry_inputs(2))
keras("average_pool_geometries", lambda *xs: [L.AveragePooling2D(k, s, padding=p.lower())(x) for x, (_, k, s, p) in zip(xs, GEOMETRIES)], x=geometry_inputs(2))
ops("conv_same", lambda x, w: tf.nn.conv2d(x, w, 2, "SAME"), weights=[(3, 3, 3, 4)], both=True)
ops("conv_rectangular", lambda x, w: tf.nn.conv2d(x, w, [1, 1, 2, 1], "SAME"), weights=[(5, 3, 3, 4)])
ops("conv_explicit_padding", lambda x, w: tf.nn.conv2d(x, w, 2, [[0, 0], [1, 2], [0, 3], [0, 0]]), weights=[(3, 3, 3, 4)])
ops("conv_dilations_attribute", lambda x, w: tf.nn.conv2d(x, w, 1, "SAME", dilations=2), weights=[(3, 3, 3, 4)])
ops("conv_bias_relu_chain", lambda x, w, b, v: tf.nn.conv2d(tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "SAME"), b)), v, 1, "VALID"),
    weights=[(3, 3, 3, 6), (6,), (3, 3, 6, 4)])
ops("conv_kernel_shared_twice", lambda x, w: tf.nn.conv2d(tf.nn.conv2d(x, w, 1, "SAME"), w, 2, "SAME"), weights=[(3, 3, 3, 3)])
ops("conv_kernel_computed", lambda x, w, g: tf.nn.conv2d(x, w * tf.reshape(g, [1, 1, 1, -1]), 1, "SAME"), weights=[(3, 3, 3, 4), (4,)])
ops("conv_pad_constant_before", lambda x, w: tf.nn.conv2d(tf.pad(x, [[0, 0], [0, 1], [2, 1], [0, 0]]), w, 2, "VALID"), weights=[(3, 3, 3, 4)])
ops("conv_pad_value_before", lambda x, w: tf.nn.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=0.5), w, 2, "VALID"),
    weights=[(3, 3, 3, 4)])
keras("conv_dilated_same", lambda x: L.Conv2D(4, 3, dilation_rate=2, padding="same")(x))
keras("conv_dilated_valid", lambda x: L.Conv2D(4, (3, 2), dilation_rate=(2, 3))(x))
keras("conv_dilated_three", lambda x: L.Conv2D(4, 3, dilation_rate=3, padding="same")(L.Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu")(x)))
keras("conv_dilated_after_padding", lambda x: L.Conv2D(4, 3, dilation_rate=2, padding="same")(L.ZeroPadding2D(((1, 0), (2, 1)))(x)))
keras("conv_grouped", lambda x: L.Conv2D(6, 3, groups=2, padding="same", strides=2)(x), x=(2, 7, 6, 4))
keras("depthwise_multiplier", lambda x: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x))
keras("depthwise_dilated", lambda x: L.DepthwiseConv2D(3, padding="same", dilation_rate=2)(x))
keras("depthwise_valid_k5", lambda x: L.DepthwiseConv2D((5, 3), padding="valid")(x))
keras("separable", lambda x: L.SeparableConv2D(4, 3, padding="same", strides=2, depth_multiplier=2)(x))
keras("transposed_same", lambda x: L.Conv2DTranspose(4, 3, strides=2, padding="same")(x), x=(2, 5, 4, 3))
keras("transposed_valid", lambda x: L.Conv2DTranspose(4, 4, strides=3, padding="valid")(x), x=(2, 5, 4, 3))
keras("transposed_k2", lambda x: L.Conv2DTranspose(4, 2, strides=2, padding="same")(x), x=(2, 5, 4, 3))
keras("conv1d", lambda x: L.Conv1D(4, 3, strides=2, padding="same")(L.Conv1D(4, 3, padding="causal")(x)), x=(2, 11, 3))
keras("conv1d_dilated", lambda x: L.Conv1D(4, 3, dilation_rate=2, padding="same")(x), x=(2, 11, 3))
keras("conv3d_pool", lambda x: L.MaxPooling3D(2, padding="same")(L.Conv3D(4, 3, padding="same", strides=2)(x)), x=(2, 5, 6, 7, 2))

# ---- Pools --------------------------------------------------------------------------------------
ops("max_pool_negative", lambda x: tf.nn.max_pool2d(x - 10.0, 3, 2, "SAME"))
keras("pool_after_padding", lambda x: L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x)))
keras("global_pools", lambda x: L.Concatenate()([L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x)]))
keras("global_pool_keepdims", lambda x: L.Conv2D(4, 1)(L.GlobalAveragePooling2D(keepdims=True)(x)))

# ---- Batch norms and what they fold into --------------------------------------------------------
keras("batch_norm_after_conv", lambda x: L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(4, 3, use_bias=False)(x))))
keras("batch_norm_after_biased_conv", lambda x: L.BatchNormalization(scale=False)(L.Conv2D(4, 3)(x)))
keras("batch_norm_after_depthwise", lambda x: L.BatchNormalization(center=False, epsilon=1e-5)(L.DepthwiseConv2D(3, depth_multiplier=2)(x)))
keras("batch_norm_after_dense", lambda x: L.BatchNormalization()(L.Dense(6)(x)), x=(3, 7))
keras("batch_norm_before_same_conv", lambda x: L.Conv2D(4, 3, padding="same")(L.BatchNormalization()(x)))
keras("batch_norm_relu_before_conv", lambda x: L.Conv2D(4, 3, padding="same")(L.ReLU()(L.BatchNormalization()(x))))
keras("batch_norm_twice_used", lambda x: (lambda y: L.Add()([L.BatchNormalization()(y), L.ReLU()(y)]))(L.Conv2D(4, 3)(x)))
keras("batch_norm_after_transposed", lambda x: L.BatchNormalization()(L.Conv2DTranspose(4, 3, strides=2, padding="same")(x)), x=(2, 5, 4, 3))
keras("batch_norm_axis_one", lambda x: L.BatchNormalization(axis=1)(x))
ops("fused_batch_norm", lambda x, s, o, m: tf.compat.v1.nn.fused_batch_norm(x, s, o, m, tf.constant([0.5, 1.0, 2.0]), is_training=False, epsilon=1e-3)[0],
    weights=[(3,), (3,), (3,)])

# ---- Padding and resizing -----------------------------------------------------------------------
ops("pad_modes", lambda x: {m.lower(): tf.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], m) for m in ("REFLECT", "SYMMETRIC", "CONSTANT")})
ops("pad_channels", lambda x: tf.pad(x, [[0, 0], [0, 0], [0, 0], [1, 2]], constant_values=-1.0))
for op, tolerance in (("Bilinear", 1e-5), ("NearestNeighbor", 0), ("Bicubic", 1e-5)):
    ops(f"resize_{op.lower()}", lambda x, f=getattr(tf.raw_ops, f"Resize{op}"): {
        f"{mode}_{to[0]}": f(images=x, size=to, half_pixel_centers=mode == "half_pixel", align_corners=mode == "align_corners")
        for mode in ("half_pixel", "legacy", "align_corners") for to in ((13, 20), (5, 4))}, x=(1, 7, 6, 1), tolerance=tolerance, both=True)
ops("resize_area", lambda x: {"down": tf.image.resize(x, (4, 5), "area"), "up": tf.image.resize(x, (13, 12), "area")})
METHODS = ("bilinear", "bicubic", "lanczos3", "gaussian", "mitchellcubic")
ops("resize_antialias", lambda x: {f"{m}_{to[0]}": tf.image.resize(x, to, m, antialias=True) for m in METHODS for to in ((4, 5), (13, 14))}, x=(1, 7, 6, 1))
keras("resizing_layer", lambda x: L.Conv2D(4, 3)(L.Resizing(12, 10)(x)))
keras("upsampling", lambda x: L.Concatenate()([L.UpSampling2D(2)(x), L.UpSampling2D((2, 2), interpolation="bilinear")(x)]))
keras("upsampling_rectangular", lambda x: L.UpSampling2D((3, 2), interpolation="nearest")(L.Conv2D(4, 3)(x)))
keras("cropping", lambda x: L.Cropping2D(((1, 2), (0, 3)))(x))
ops("central_crop", lambda x: tf.image.central_crop(x, 0.6), x=(2, 10, 11, 3), spec=(None, 10, 11, 3))
ops("space_depth", lambda x: {"down": tf.nn.space_to_depth(x, 2), "up": tf.nn.depth_to_space(x, 2)}, x=(2, 4, 6, 8))

# ---- Elementwise --------------------------------------------------------------------------------
unary = ["abs", "negative", "exp", "square", "sin", "cos", "floor", "math.ceil", "round", "sign", "math.erf", "math.erfc", "math.expm1",
         "nn.softplus", "nn.softsign", "sigmoid", "tanh", "nn.relu", "nn.relu6", "nn.elu", "nn.selu", "nn.silu"]
positive = ["sqrt", "math.rsqrt", "math.log", "math.log1p", "math.reciprocal"]


def named(path):
    target = tf
    for part in path.split("."):
        target = getattr(target, part)
    return target


ops("unary", lambda x: {p.split(".")[-1]: named(p)(x) for p in unary}, x=lambda rng: np.append(rng.normal(0, 1, 35), [-2.5, -1.5, -0.5, 0.5, 1.5, 0]).astype(np.float32)[:, None])
ops("unary_positive", lambda x: {p.split(".")[-1]: named(p)(x) for p in positive}, x=lambda rng: rng.uniform(0.1, 5, (12, 3)).astype(np.float32))
ops("round_halves", lambda x: tf.round(x), x=np.array([[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.49]], np.float32), tolerance=0)
ops("binary", lambda x, y: {"add": x + y, "sub": x - y, "mul": x * y, "div": x / (y + 10.0), "maximum": tf.maximum(x, y), "minimum": tf.minimum(x, y),
    "squared_difference": tf.math.squared_difference(x, y), "floordiv": x // y, "floormod": tf.math.floormod(x, y), "pow": tf.pow(tf.abs(x), y),
    "no_nan": tf.math.divide_no_nan(x, tf.nn.relu(y)), "addn": tf.add_n([x, y, x])}, x={"x": (3, 8), "y": (3, 8)})
ops("binary_broadcast", lambda x, y, w: (x * w + y) - tf.reshape(w, [3, 1]) * y, x={"x": (2, 4, 3, 5), "y": (2, 1, 1, 5)}, weights=[(3, 1)])
ops("integers", lambda x, y: {"div": x // y, "mod": x % y, "max": tf.maximum(x, y), "mul": x * y, "truncated": tf.truncatediv(x, y), "float": tf.cast(x, tf.float32) / 3.0},
    x={"x": np.array([[7, -7, 8, -9, 0, 5]], np.int32), "y": np.array([[2, 2, -3, -4, 5, 7]], np.int32)}, tolerance=1e-6)
ops("comparisons", lambda x, y: {"greater": x > y, "greater_equal": x >= y, "less": x < y, "less_equal": x <= y, "equal": tf.equal(tf.round(x), tf.round(y)),
    "not_equal": tf.not_equal(tf.round(x), tf.round(y)), "logic": tf.logical_or(tf.logical_not(x > 0), y > 0), "where": tf.where(x > y, x, 2.0 * y)}, x={"x": (3, 8), "y": (3, 8)})
ops("clip", lambda x: {"by_value": tf.clip_by_value(x, -0.5, 0.7), "hard_swish": x * tf.nn.relu6(x + 3.0) * (1.0 / 6)}, x=(3, 8))
ops("casts", lambda x: {"int32": tf.cast(x, tf.int32), "uint8": tf.cast(tf.abs(x) * 20, tf.uint8), "bool": tf.cast(tf.round(x), tf.bool), "int64": tf.cast(x * 5, tf.int64),
    "float64": tf.cast(x, tf.float64), "back": tf.cast(tf.cast(x, tf.int32), tf.float32)}, x=lambda r: r.normal(0, 2, (3, 8)).astype(np.float32))
ops("cast_half_and_back", lambda x: tf.cast(tf.cast(x, tf.half), tf.float32), x=(3, 8), tolerance=1e-2)
ops("cast_saturate", lambda x: tf.cast(tf.saturate_cast(x * 200, tf.uint8), tf.float32) / 255.0, x=(3, 8))
ops("cast_uint8_input", lambda x, w: tf.nn.softmax(tf.cast(x, tf.float32) / 255.0 @ w), x=lambda r: r.integers(0, 256, (3, 8)).astype(np.uint8), weights=[(8, 5)], class_output=SOFTMAX)
keras("activations", lambda x: L.Concatenate()([L.LeakyReLU(0.3)(x), L.LeakyReLU(0.05)(x), L.ELU(0.7)(x), L.PReLU(shared_axes=[1, 2])(x), L.ReLU(max_value=2.0)(x),
    L.ReLU(max_value=4.0, negative_slope=0.1, threshold=0.5)(x), *(L.Activation(a)(x) for a in ("swish", "hard_sigmoid", "softplus", "softsign", "selu", "exponential", "gelu"))]), x=(2, 4, 3, 3))
ops("gelu", lambda x: {"exact": tf.nn.gelu(x), "approximate": tf.nn.gelu(x, approximate=True)}, x=(3, 16), both=True)
ops("leaky_relu_default", lambda x: tf.nn.leaky_relu(x), x=(3, 8))
keras("prelu_full", lambda x: L.PReLU()(x), x=(2, 3, 4, 2))

# ---- Reductions and order -----------------------------------------------------------------------
ops("reductions", lambda x: {"mean": tf.reduce_mean(x, [1, 2]), "sum": tf.reduce_sum(x, -1, keepdims=True), "max": tf.reduce_max(x, [1, 3]), "min": tf.reduce_min(x, 2),
    "prod": tf.reduce_prod(x * 0.5 + 1, [1]), "any": tf.reduce_any(x > 1.5, [1, 2]), "all": tf.reduce_all(x > -1.5, [2, 3]), "variance": tf.math.reduce_variance(x, [1, 2]),
    "std": tf.math.reduce_std(x, -1), "logsumexp": tf.reduce_logsumexp(x, 3), "l2": tf.math.l2_normalize(x, -1)}, x=(2, 4, 5, 3))
ops("argmax", lambda x: {"max": tf.argmax(x, -1), "min": tf.argmin(x, 1), "int32": tf.argmax(x, 1, output_type=tf.int32)}, x=lambda r: r.integers(0, 4, (3, 9)).astype(np.float32), tolerance=0)
ops("top_k", lambda x: dict(zip(("values", "indices"), tf.math.top_k(x, 3))), x=(4, 9))
ops("cumsum", lambda x: {"plain": tf.cumsum(x, 1), "exclusive": tf.cumsum(x, 2, exclusive=True), "reverse": tf.cumsum(x, 1, reverse=True)}, x=(2, 4, 5))

# ---- Shapes -------------------------------------------------------------------------------------
ops("strided_slices", lambda x: {"reverse": x[..., ::-1], "range": x[:, 1:-2, 2::3], "shrink": x[:, 0, -1], "newaxis": x[:, None, 2], "ellipsis": x[..., 1], "back": x[:, 7:2:-2]})
ops("slice_concat_split", lambda x: tf.concat([*reversed(tf.split(x, [1, 2, 3], 3)), tf.slice(x, [0, 0, 0, 2], [-1, -1, -1, 2])], -1), x=(2, 4, 5, 6))
ops("split_even", lambda x: tf.concat([a * (i + 1.0) for i, a in enumerate(tf.split(x, 3, -1))], 1), x=(2, 4, 5, 6))
ops("stack_unstack", lambda x: tf.stack([a - 0.5 * i for i, a in enumerate(tf.unstack(x, axis=2))], 1), x=(2, 3, 4, 5))
ops("gathers", lambda x: {"channels": tf.gather(x, [2, 0, 1, 1], axis=-1), "rows": tf.gather(x, tf.constant([[1, 0], [3, 3]]), axis=1), "nd": tf.gather_nd(tf.transpose(x, [1, 0, 2, 3]), [[0], [2]])}, x=(2, 4, 5, 3), spec=(2, 4, 5, 3))
ops("tile_reverse_roll", lambda x: {"tile": tf.tile(x, [1, 2, 1, 3]), "reverse": tf.reverse(x, [1, 3]), "roll": tf.roll(x, 1, 1), "repeat": tf.repeat(x, 2, axis=2)}, x=(2, 3, 4, 2))
ops("transposes", lambda x: {"nchw": tf.transpose(x, [0, 3, 1, 2]), "permuted": tf.transpose(x, [0, 2, 1, 3]), "squeezed": tf.squeeze(tf.expand_dims(x, 1), 1), "linear": tf.linalg.matrix_transpose(x)}, x=(2, 4, 5, 3))
ops("broadcast_fill", lambda x: tf.broadcast_to(x[:, None], [2, 4, 5]) + tf.fill([4, 5], 0.25) + tf.zeros_like(x)[0] + tf.ones_like(x)[1] + tf.cast(tf.range(5), tf.float32), x=(2, 5), spec=(2, 5))
ops("dynamic_reshape", lambda x: tf.reshape(x, [tf.shape(x)[0], -1, tf.shape(x)[3] * 2]), x=(2, 4, 5, 6))
ops("one_hot_eye", lambda x: {"one_hot": tf.one_hot(tf.argmax(x, -1), 6, on_value=2.0, off_value=-1.0), "eye": tf.linalg.diag_part(tf.eye(6) * 2.0) * x}, x=(3, 6))
keras("channel_shuffle", lambda x: L.Conv2D(4, 1)(L.Reshape((7, 6, 6))(L.Permute((1, 2, 4, 3))(L.Reshape((7, 6, 2, 3))(x)))), x=(2, 7, 6, 6))
keras("flatten_after_conv", lambda x: L.Dense(5, activation="softmax")(L.Flatten()(L.MaxPooling2D(2)(L.Conv2D(4, 3, activation="relu")(x)))), class_output=SOFTMAX)
keras("flatten_dense_dropout_dense", lambda x: L.Dense(5, activation="softmax", name="output")(L.Dropout(0.5)(L.Dense(8, activation="relu")(L.Flatten()(L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(4, 3, strides=2, padding="same")(x))))))), class_output=SOFTMAX)
keras("dense_on_maps", lambda x: L.Dense(4, activation="relu")(L.Conv2D(6, 3)(x)))
keras("concat_branches", lambda x: L.Conv2D(4, 3)(L.Concatenate()([L.Conv2D(2, 1)(x), L.Conv2D(3, 3, padding="same")(x), L.AveragePooling2D(3, strides=1, padding="same")(x)])))
keras("residual_projection", lambda x: L.ReLU()(L.Add()([L.Conv2D(4, 1, strides=2)(x), L.Conv2D(4, 3, strides=2, padding="same")(x)])))
keras("squeeze_excite", lambda x: L.Multiply()([x, L.Conv2D(3, 1, activation="sigmoid")(L.Conv2D(2, 1, activation="swish")(L.Reshape((1, 1, 3))(L.GlobalAveragePooling2D()(x))))]))
keras("averages_maxima", lambda x: L.Average()([L.Maximum()([x, L.Conv2D(3, 1)(x)]), L.Minimum()([x, L.Conv2D(3, 1)(x)]), L.Subtract()([x, L.Conv2D(3, 1)(x)])]))

# ---- Norms, attention, einsum -------------------------------------------------------------------
keras("layer_norm", lambda x: L.LayerNormalization(epsilon=1e-6)(L.Conv2D(6, 3)(x)))
keras("layer_norm_axes", lambda x: L.LayerNormalization(axis=[1, 2, 3])(x), x=(2, 4, 5, 3))
keras("group_norm", lambda x: L.GroupNormalization(2)(x), x=(2, 5, 4, 6))
keras("unit_norm", lambda x: L.UnitNormalization()(x), x=(3, 6))
keras("convnext_block", lambda x: L.Add()([x, L.Dense(6)(L.Activation("gelu")(L.Dense(12)(L.LayerNormalization(epsilon=1e-6)(L.DepthwiseConv2D(7, padding="same")(x)))))]), x=(2, 7, 8, 6))
keras("attention", lambda x: L.MultiHeadAttention(2, 4)(x, x), x=(2, 6, 8))
keras("vision_transformer", lambda x: L.Dense(5, activation="softmax")(L.GlobalAveragePooling1D()((lambda t: L.Add()([t, L.MultiHeadAttention(2, 4)(L.LayerNormalization()(t), L.LayerNormalization()(t))]))(
    L.Reshape((6, 8))(L.Conv2D(8, 4, strides=4)(x))))), x=(2, 8, 12, 3), class_output=SOFTMAX)
ops("einsum", lambda x, w: {"dense": tf.einsum("abc,cde->abde", x, w), "scores": tf.einsum("aecd,abcd->acbe", tf.einsum("abc,cde->abde", x, w), tf.einsum("abc,cde->abde", x, w)), "sum": tf.einsum("abc->ac", x)}, x=(2, 5, 6), weights=[(6, 2, 3)], both=True)
ops("matmuls", lambda x, w: {"transposed": tf.matmul(x, w, transpose_b=True), "batch": tf.matmul(x[:, None] * w, x[:, :, None]), "adjoint": tf.matmul(x[:, None] * w, w[:4], transpose_b=True), "dot": tf.tensordot(x[:, None] * w, tf.transpose(w), 1)}, x=(3, 6), weights=[(4, 6)])

# ---- Heads: what the class output is ------------------------------------------------------------
ops("head_softmax", lambda x, w: tf.nn.softmax(x @ w), x=(4, 6), weights=[(6, 5)], class_output=SOFTMAX, both=True)
ops("head_logits", lambda x, w, b: tf.nn.bias_add(x @ w, b), x=(4, 6), weights=[(6, 5), (5,)], class_output={"kind": "logits", "classes": 5})
ops("head_sigmoid", lambda x, w: tf.sigmoid(x @ w), x=(4, 6), weights=[(6, 1)], class_output={"kind": "sigmoid", "classes": 2})
ops("head_sigmoid_logit", lambda x, w: x @ w, x=(4, 6), weights=[(6, 1)], class_output={"kind": "sigmoid-logit", "classes": 2})
ops("head_softmax_reshaped", lambda x, w: tf.reshape(tf.nn.softmax(tf.nn.conv2d(x, w, 1, "VALID")), [-1, 5]), x=(4, 1, 1, 6), weights=[(1, 1, 6, 5)], class_output=SOFTMAX)
ops("softmax_axes", lambda x: {"middle": tf.nn.softmax(x, 1), "log": tf.nn.log_softmax(x)}, x=(2, 4, 5))
ops("softmax_large", lambda x: tf.nn.softmax(x * 400.0), x=(4, 6))
keras("head_hand_made_softmax", lambda x: L.Activation("softmax")(L.Flatten()(L.Conv2D(5, 1)(L.GlobalAveragePooling2D(keepdims=True)(x)))), class_output=SOFTMAX)

# ---- Inputs and outputs -------------------------------------------------------------------------
keras("several_outputs", lambda x: {"species": L.Dense(5, activation="softmax", name="species")(L.Flatten()(x)), "size": L.Dense(2, name="size")(L.GlobalAveragePooling2D()(x))})
keras("several_inputs", lambda a, b: L.Dense(5, activation="softmax")(L.Concatenate()([L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(a)), b])), x={"photo": (2, 7, 6, 3), "place": (2, 4)})
keras("dynamic_size", lambda x: L.Dense(5, activation="softmax")(L.GlobalAveragePooling2D()(L.MaxPooling2D(3, 2, padding="same")(L.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)))), shape=(None, None, None, 3), class_output=SOFTMAX)
keras("dynamic_size_kernel_below_stride", lambda x: L.GlobalAveragePooling2D()(L.Conv2D(4, 2, strides=3, padding="same")(L.AveragePooling2D(2, 3, padding="same")(x))), x=(2, 22, 19, 3), shape=(None, None, None, 3))
keras("dynamic_size_dilated", lambda x: L.GlobalAveragePooling2D()(L.Conv2D(4, 3, dilation_rate=2, padding="same")(x)), shape=(None, None, None, 3))
keras("dynamic_size_depthwise", lambda x: L.GlobalMaxPooling2D()(L.DepthwiseConv2D(3, strides=2, padding="same")(L.UpSampling2D(2)(x))), shape=(None, None, None, 3))
ops("dynamic_resize_like", lambda x: tf.image.resize(x[:, ::2, ::2], tf.shape(x)[1:3]) - x, spec=(None, None, None, 3))
keras("fixed_batch", lambda x: L.Dense(5, activation="softmax")(L.Flatten()(L.Conv2D(4, 3)(x))), x=(4, 7, 6, 3), shape=(4, 7, 6, 3), class_output=SOFTMAX)
ops("fixed_batch_one", lambda x, w: tf.nn.softmax(tf.reshape(x, [1, 6]) @ w), x=(1, 6), spec=(1, 6), weights=[(6, 5)], class_output=SOFTMAX)
ops("scalar_and_constant_outputs", lambda x: {"count": tf.shape(x)[1], "constant": tf.constant([1.5, 2.5]), "x": x * 2.0}, x=(3, 8))
ops("same_value_twice", lambda x: (lambda y: {"a": y, "b": y, "input": tf.identity(x)})(tf.nn.relu(x)), x=(3, 8))
ops("string_labels", lambda x, w: {"label": tf.gather(tf.constant(["bobolink", "cardinal", "mallard", "blue jay", "finch"]), tf.argmax(x @ w, -1)), "probabilities": tf.nn.softmax(x @ w)}, x=(4, 6), weights=[(6, 5)])

# ---- Preprocessing inside the model -------------------------------------------------------------
photo = lambda rng: rng.integers(0, 256, (2, 7, 6, 3)).astype(np.float32)
head = lambda x: L.Dense(5, activation="softmax")(L.GlobalAveragePooling2D()(L.Conv2D(4, 3, activation="relu")(x)))
keras("rescaling_first", lambda x: head(L.Rescaling(1 / 127.5, offset=-1)(x)), x=photo, class_output=SOFTMAX)
keras("rescaling_255_first", lambda x: head(L.Rescaling(1 / 255)(x)), x=photo, class_output=SOFTMAX)
keras("normalization_first", lambda x: head(L.Normalization(mean=[123.675, 116.28, 103.53], variance=[3409.9, 3261.5, 3291.9])(x)), x=photo, class_output=SOFTMAX)
keras("normalization_adapted", lambda x: L.Normalization()(x), x=(2, 4, 5, 3))
for mode in ("mobilenet_v2", "resnet", "densenet"):
    keras(f"preprocess_{mode}", lambda x, m=mode: head(getattr(tf.keras.applications, m).preprocess_input(x)), x=photo, class_output=SOFTMAX)
keras("resize_then_rescale", lambda x: head(L.Rescaling(1 / 255)(L.Resizing(8, 8, interpolation="bicubic")(x))), x=photo, class_output=SOFTMAX, tolerance=2e-5)
ops("standardization", lambda x: tf.image.per_image_standardization(x), x=(2, 5, 6, 3))

# ---- Element types ------------------------------------------------------------------------------
for dtype, tolerance in (("float16", 1e-2), ("bfloat16", 5e-2), ("float64", 1e-5)):
    keras(f"{dtype}_model", lambda x, d=dtype: L.Dense(5, activation="softmax", dtype=d)(L.GlobalAveragePooling2D(dtype=d)(
        L.ReLU(6.0, dtype=d)(L.BatchNormalization(dtype=d)(L.Conv2D(4, 3, dtype=d)(x))))), x=(lambda r: r.normal(0, 1, (2, 7, 6, 3)).astype(np.float64)) if dtype == "float64" else (2, 7, 6, 3),
        tolerance=tolerance, class_output=SOFTMAX)
    if dtype != "float64":
        keras(f"mixed_{dtype}", lambda x, d=dtype: L.Dense(5, activation="softmax", dtype="float32")(L.GlobalAveragePooling2D(dtype=f"mixed_{d}")(
            L.BatchNormalization(dtype=f"mixed_{d}")(L.Conv2D(4, 3, dtype=f"mixed_{d}")(x)))), tolerance=tolerance, class_output=SOFTMAX)
ops("float16_io", lambda x: tf.nn.softmax(x * tf.cast(2.0, tf.half)), x=lambda r: r.normal(0, 1, (3, 5)).astype(np.float16), tolerance=1e-2, class_output=SOFTMAX)

# ---- Functions, signatures, control flow --------------------------------------------------------
inner = tf.function(lambda x: tf.nn.relu(x) * 2.0)
middle = tf.function(lambda x: inner(x) + inner(-x) * 0.5)
ops("nested_functions", lambda x: middle(middle(x)) - inner(x), x=(3, 8), both=True)


@tf.custom_gradient
def swish_with_gradient(x):
    return x * tf.sigmoid(x), lambda upstream: upstream


ops("custom_gradient", lambda x: swish_with_gradient(x), x=(3, 8), both=True)
ops("if_constant", lambda x: tf.cond(tf.constant(False), lambda: x * 100.0, lambda: tf.nn.relu(x) + 1.0), x=(3, 8), both=True)
ops("control_dependencies", lambda x: _asserted(x), x=(3, 8))


def _asserted(x):
    with tf.control_dependencies([tf.debugging.assert_all_finite(x, "finite"), tf.print("not shown", output_stream="file:///dev/null")]):
        return tf.stop_gradient(tf.ensure_shape(x, (None, 8))) * 2.0


def functional_in_functional(x):
    part = tf.keras.Sequential([L.Input((7, 6, 3)), L.Conv2D(3, 3, padding="same"), L.BatchNormalization(), L.ReLU()])
    return head(part(part(x)))


keras("nested_models_shared", functional_in_functional, class_output=SOFTMAX)
keras("dropouts_vanish", lambda x: head(L.SpatialDropout2D(0.5)(L.GaussianNoise(0.3)(L.Dropout(0.4)(x)))), class_output=SOFTMAX)
keras("augmentation", lambda x: head(L.RandomContrast(0.5)(L.RandomFlip("horizontal")(x))), class_output=SOFTMAX,
      about="Keras 3's export leaves augmentation switched on: the outputs are random", errors={"2.2": "MODEL_RANDOM"})
ops("random_beside", lambda x: {"x": tf.nn.relu(x) + 0.0 * tf.cast(tf.shape(tf.random.uniform([3]))[0], tf.float32)}, x=(3, 8),
    about="only the shape of a random tensor is read")
ops("random_output", lambda x: x + tf.random.normal([8]), x=(3, 8), errors={"": "MODEL_RANDOM"}, both=True)
ops("unsupported_ops", lambda x: tf.math.betainc(tf.abs(x) + 1.0, tf.abs(x) + 2.0, tf.sigmoid(x)) + tf.math.digamma(tf.abs(x) + 1.0) + tf.math.digamma(tf.abs(x) + 2.0),
    x=(3, 8), errors={"": "MODEL_OP_UNSUPPORTED"}, both=True)


def two_signatures(folder, rng):
    module = tf.Module()
    module.w = tf.Variable(values(rng, (6, 5)))
    spec = tf.TensorSpec((None, 6), tf.float32, "x")
    tf.saved_model.save(module, folder, signatures={
        "serving_default": tf.function(lambda x: {"twice": x * 2.0}, [spec]),
        "classify": tf.function(lambda x: {"scores": tf.nn.softmax(x @ module.w)}, [spec]),
    })
    return {"x": values(rng, (4, 6))}


add("second_signature", two_signatures, signature="classify", class_output=SOFTMAX)


def only_other_signature(folder, rng):
    module = tf.Module()
    tf.saved_model.save(module, folder, signatures={"predict": tf.function(lambda x: {"y": tf.nn.softmax(x)}, [tf.TensorSpec((None, 5), tf.float32, "x")])})
    return {"x": values(rng, (4, 5))}


add("only_signature_is_predict", only_other_signature, signature="predict", class_output=SOFTMAX)


def typed_variables(folder, rng):
    """Variables of every element type that a bundle can hold, read and summed."""
    module = tf.Module()
    types = [tf.float32, tf.float64, tf.half, tf.bfloat16, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool]
    module.w = [tf.Variable(tf.cast(tf.constant([1.0, 0.0, 3.0, 100.0 + i]), t)) for i, t in enumerate(types)]
    call = tf.function(lambda x: {t.name: x + tf.cast(w, tf.float32) for t, w in zip(types, module.w)}, [tf.TensorSpec((None, 4), tf.float32, "x")])
    tf.saved_model.save(module, folder, signatures=call)
    return {"x": values(rng, (2, 4))}


add("variables_of_all_types", typed_variables)


# ---- Graphs in the style of TensorFlow 1 --------------------------------------------------------
def tf1(name, build, **options):
    """simple_save-style SavedModels: no object graph, no functions."""
    v1 = tf.compat.v1

    def save(folder, rng):
        graph = tf.Graph()
        with graph.as_default(), v1.Session(graph=graph) as session:
            fed = values(rng, (2, 7, 6, 3))
            x = v1.placeholder(tf.float32, (None, 7, 6, 3), "x")
            y = build(x, rng)
            session.run(v1.global_variables_initializer())
            builder = v1.saved_model.Builder(folder)
            signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
            builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
            builder.save()
        return {"x": fed}

    add(name, save, class_output=SOFTMAX, **options)


def tf1_head(x, rng, variable):
    y = tf.nn.relu(tf.nn.conv2d(x, variable("kernel", (3, 3, 3, 4)), 2, "SAME"))
    return tf.nn.softmax(tf.reduce_mean(y, [1, 2]) @ variable("head", (4, 5)))


def v1_variable(rng, resource):
    return lambda name, shape: tf.compat.v1.get_variable(f"net/{name}", initializer=tf.constant(values(rng, shape)), use_resource=resource)


tf1("tf1_variables", lambda x, rng: tf1_head(x, rng, v1_variable(rng, False)))
tf1("tf1_resource_variables", lambda x, rng: tf1_head(x, rng, v1_variable(rng, True)))
tf1("tf1_frozen", lambda x, rng: tf1_head(x, rng, lambda name, shape: tf.constant(values(rng, shape), name=name)))


def tf1_training_flag(x, rng):
    v1 = tf.compat.v1
    training = v1.placeholder_with_default(False, (), "is_training")
    v1.disable_control_flow_v2()
    try:
        x = v1.cond(training, lambda: x * 0.1, lambda: x + 0.25)
    finally:
        v1.enable_control_flow_v2()
    return tf1_head(x, rng, v1_variable(rng, False))


tf1("tf1_training_flag", tf1_training_flag, about="Switch and Merge on a PlaceholderWithDefault")


def tf1_partitioned(x, rng):
    v1 = tf.compat.v1
    kernel = values(rng, (6, 5))
    with v1.variable_scope("net", partitioner=v1.fixed_size_partitioner(2)):
        w = v1.get_variable("w", (6, 5), initializer=lambda shape, dtype=None, partition_info=None: tf.constant(
            kernel[partition_info.var_offset[0]:partition_info.var_offset[0] + shape[0]] if partition_info else kernel))
    return tf.nn.softmax(tf.concat([tf.reduce_mean(x, [1, 2]), tf.reduce_max(x, [1, 2])], 1) @ tf.convert_to_tensor(w))


tf1("tf1_partitioned", tf1_partitioned, about="one variable in two slices")
