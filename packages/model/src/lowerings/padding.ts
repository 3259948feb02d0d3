import { cast, reshape, transpose } from "../graph/emit-shapes.ts";
import { staticShape } from "../graph/size.ts";
import { constantNumbers, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowered,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";

/** TensorFlow's [rank, 2] as ONNX's begins followed by ends. */
function onnxPads(emit: Emit, paddings: Value): Value {
  const numbers = constantNumbers(paddings);
  if (!numbers) return reshape(emit, transpose(emit, cast(emit, paddings, "int64"), [1, 0]), [-1]);
  return emit.ints([...numbers.filter((_, k) => k % 2 === 0), ...numbers.filter((_, k) => k % 2 === 1)]);
}

function pad(node: SourceNode, emit: Emit, value: Value | null): Lowered {
  const x = inputOf(node, 0);
  const pads = onnxPads(emit, inputOf(node, 1));
  if (constantNumbers(pads)?.every((size) => size === 0)) return [x];
  return [emit("Pad", [x, pads, value], { mode: "constant" })];
}

/** The edge counts as part of the mirror image; ONNX has no such mode, so the images are slices. */
function symmetricPad(emit: Emit, x: Value, paddings: readonly number[]): Value {
  let result = x;
  for (let axis = 0; axis < paddings.length / 2; axis++) {
    const [before = 0, after = 0] = paddings.slice(2 * axis);
    const image = (start: number, end: number): Value =>
      emit("Slice", [result, emit.ints([start]), emit.ints([end]), emit.ints([axis]), emit.ints([-1])]);
    const parts = [
      ...(before > 0 ? [image(before - 1, Number.MIN_SAFE_INTEGER)] : []),
      result,
      ...(after > 0 ? [image(-1, -after - 1)] : []),
    ];
    if (parts.length > 1) result = emit("Concat", parts, { axis });
  }
  return result;
}

const mirrorPad: Lowering = (node, emit) => {
  const [x, paddings] = [inputOf(node, 0), inputOf(node, 1)];
  if (node.attributes.text("mode") === "REFLECT") {
    return [emit("Pad", [x, onnxPads(emit, paddings)], { mode: "reflect" })];
  }
  const numbers = constantNumbers(paddings);
  return numbers ? [symmetricPad(emit, x, numbers)] : unsupported("its paddings are only known at run time");
};

/** The block sizes and the [before, after] pairs of SpaceToBatchND and BatchToSpaceND. */
function blocks(node: SourceNode): { block: readonly number[]; pairs: readonly number[] } | null {
  const [block, pairs] = [constantNumbers(node.inputs[1]), constantNumbers(node.inputs[2])];
  return block && pairs ? { block, pairs } : null;
}

const RUN_TIME = unsupported("its sizes are only known at run time");

/** Moves blocks of space to the batch, blocks outermost. Most are folded into dilated convolutions before. */
const spaceToBatch: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const given = blocks(node);
  if (!given || !x.shape) return RUN_TIME;
  const { block, pairs } = given;
  const count = block.length;
  const rest = x.shape.slice(count + 1);
  const none = rest.map(() => 0);
  const begins = pairs.filter((_, k) => k % 2 === 0);
  const ends = pairs.filter((_, k) => k % 2 === 1);
  const pads = emit.ints([0, ...begins, ...none, 0, ...ends, ...none]);
  const padded = pairs.every((size) => size === 0) ? x : emit("Pad", [x, pads, null], { mode: "constant" });
  const space = staticShape(padded.shape?.slice(1, count + 1) ?? null);
  if (!space) return RUN_TIME;
  const split = space.flatMap((size, axis) => [size / (block[axis] ?? 1), block[axis] ?? 1]);
  const small = space.map((size, axis) => size / (block[axis] ?? 1));
  const [batch = 1] = x.shape;
  const open = reshape(emit, padded, [batch, ...split, ...rest]);
  const perm = [
    ...block.map((_, axis) => 2 * axis + 2),
    0,
    ...block.map((_, axis) => 2 * axis + 1),
    ...rest.map((_, axis) => 2 * count + 1 + axis),
  ];
  return [reshape(emit, transpose(emit, open, perm), [-1, ...small, ...rest])];
};

const batchToSpace: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const given = blocks(node);
  const space = staticShape(x.shape?.slice(1, (given?.block.length ?? 0) + 1) ?? null);
  if (!given || !space || !x.shape) return RUN_TIME;
  const { block, pairs } = given;
  const count = block.length;
  const rest = x.shape.slice(count + 1);
  const open = reshape(emit, x, [...block, -1, ...space, ...rest]);
  const perm = [
    count,
    ...block.flatMap((_, axis) => [count + 1 + axis, axis]),
    ...rest.map((_, axis) => 2 * count + 1 + axis),
  ];
  const large = space.map((size, axis) => size * (block[axis] ?? 1));
  const joined = reshape(emit, transpose(emit, open, perm), [-1, ...large, ...rest]);
  if (pairs.every((size) => size === 0)) return [joined];
  const starts = emit.ints(block.map((_, axis) => pairs[2 * axis] ?? 0));
  const ends = emit.ints(large.map((size, axis) => size - (pairs[2 * axis + 1] ?? 0)));
  return [emit("Slice", [joined, starts, ends, emit.ints(block.map((_, axis) => axis + 1))])];
};

export const padding = {
  Pad: (node, emit) => pad(node, emit, null),
  PadV2: (node, emit) => pad(node, emit, inputOf(node, 2)),
  MirrorPad: mirrorPad,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
} satisfies LoweringTable;
