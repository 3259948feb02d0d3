import { cast, squeeze, unsqueeze } from "../graph/emit-shapes.ts";
import { constantNumbers, positiveAxis, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowered,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";

const LAST = Number.MAX_SAFE_INTEGER;
const FIRST = Number.MIN_SAFE_INTEGER;

/** A bound of a slice: a number, or an element of a tensor that is only known at run time. */
type Bound = number | Value;

interface AxisSlice {
  readonly axis: number;
  readonly start: Bound;
  readonly end: Bound;
  readonly step: number;
}

/** Bounds as one int64 tensor. */
function boundsTensor(emit: Emit, bounds: readonly Bound[]): Value {
  if (bounds.every((bound) => typeof bound === "number")) return emit.ints(bounds as readonly number[]);
  const parts = bounds.map((bound) => (typeof bound === "number" ? emit.ints([bound]) : bound));
  return emit("Concat", parts, { axis: 0 });
}

function slice(emit: Emit, x: Value, slices: readonly AxisSlice[]): Value {
  const partial = slices.filter(({ start, end, step }) => !(start === 0 && end === LAST && step === 1));
  if (partial.length === 0) return x;
  return emit("Slice", [
    x,
    boundsTensor(
      emit,
      partial.map(({ start }) => start),
    ),
    boundsTensor(
      emit,
      partial.map(({ end }) => end),
    ),
    emit.ints(partial.map(({ axis }) => axis)),
    emit.ints(partial.map(({ step }) => step)),
  ]);
}

/** Element `index` of an integer vector: its number, or int64 [1] at run time. */
function bound(emit: Emit, vector: Value, index: number): Bound {
  const known = constantNumbers(vector)?.[index];
  if (known !== undefined) return known;
  return emit("Gather", [cast(emit, vector, "int64"), emit.ints([index])], { axis: 0 });
}

/** What a StridedSlice does with the axes, as Python's `x[a:b:c, i, ..., newaxis]`. */
interface StridedPlan {
  readonly slices: readonly AxisSlice[];
  /** Axes of the input from which one element is taken, and which then vanish. */
  readonly picks: readonly { readonly axis: number; readonly index: Bound }[];
  /** Axes of the output that are new. */
  readonly added: readonly number[];
}

function planStridedSlice(
  node: SourceNode,
  emit: Emit,
  specs: number,
  rank: number | undefined,
): StridedPlan | null {
  const mask = (name: string): ((index: number) => boolean) => {
    const bits = node.attributes.number(name);
    return (index) => ((bits >> index) & 1) === 1;
  };
  const [begins, ends] = [inputOf(node, 1), inputOf(node, 2)];
  const steps = constantNumbers(node.inputs[3]);
  const [ellipsis, newAxis, shrink] = [
    mask("ellipsis_mask"),
    mask("new_axis_mask"),
    mask("shrink_axis_mask"),
  ];
  const [openBegin, openEnd] = [mask("begin_mask"), mask("end_mask")];
  const indices = Array.from({ length: specs }, (_, index) => index);
  const consumed = indices.filter((index) => !ellipsis(index) && !newAxis(index)).length;
  if (!steps || (rank === undefined && indices.some(ellipsis))) return null;
  const slices: AxisSlice[] = [];
  const picks: { axis: number; index: Bound }[] = [];
  const added: number[] = [];
  let axis = 0;
  let position = 0;
  for (const index of indices) {
    if (ellipsis(index)) {
      axis += (rank ?? 0) - consumed;
      position += (rank ?? 0) - consumed;
      continue;
    }
    if (newAxis(index)) {
      added.push(position++);
      continue;
    }
    if (shrink(index)) {
      picks.push({ axis: axis++, index: bound(emit, begins, index) });
      continue;
    }
    const step = steps[index] ?? 1;
    slices.push({
      axis: axis++,
      start: openBegin(index) ? (step > 0 ? 0 : LAST) : bound(emit, begins, index),
      end: openEnd(index) ? (step > 0 ? LAST : FIRST) : bound(emit, ends, index),
      step,
    });
    position++;
  }
  return { slices, picks, added };
}

const stridedSlice: Lowering = (node, emit) => {
  const x = inputOf(node, 0);
  const specs = inputOf(node, 1).shape?.[0];
  if (typeof specs !== "number") return unsupported("the number of its axes is only known at run time");
  const plan = planStridedSlice(node, emit, specs, x.shape?.length);
  if (!plan) return unsupported("its steps are only known at run time");
  let result = slice(emit, x, plan.slices);
  for (const { axis, index } of [...plan.picks].reverse()) {
    const scalar = typeof index === "number" ? emit.scalar(index, "int64") : squeeze(emit, index, [0]);
    result = emit("Gather", [result, scalar], { axis });
  }
  return [unsqueeze(emit, result, plan.added)];
};

/** Slice: a begin and a size an axis, -1 for all that is left. */
const sliceOp: Lowering = (node, emit) => {
  const [x, begin, size] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const [begins, sizes] = [constantNumbers(begin), constantNumbers(size)];
  if (begins && sizes) {
    const slices = begins.map((start, axis) => {
      const length = sizes[axis] ?? -1;
      const whole = length === -1 || (start === 0 && length === x.shape?.[axis]);
      return { axis, start, end: whole ? LAST : start + length, step: 1 };
    });
    return [slice(emit, x, slices)];
  }
  const starts = cast(emit, begin, "int64");
  const lengths = cast(emit, size, "int64");
  const ends = emit("Add", [starts, lengths]);
  const open = emit("Less", [lengths, emit.scalar(0, "int64")]);
  return [emit("Slice", [x, starts, emit("Where", [open, emit.scalar(LAST, "int64"), ends])])];
};

function gather(node: SourceNode, emit: Emit, { axis, batch }: { axis: number; batch: number }): Lowered {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  if (batch === 0) return [emit("Gather", [x, indices], { axis })];
  if (axis !== batch) return unsupported(`batch_dims ${batch} with axis ${axis}`);
  const last = indices.shape?.length;
  if (last === undefined) return unsupported("the rank of its indices is unknown");
  const columns = unsqueeze(emit, cast(emit, indices, "int64"), [last]);
  return [emit("GatherND", [x, columns], { batch_dims: batch })];
}

const gatherV2: Lowering = (node, emit) => {
  const axis = constantNumbers(node.inputs[2])?.[0];
  const rank = inputOf(node, 0).shape?.length;
  if (axis === undefined || rank === undefined) return unsupported("its axis is only known at run time");
  const batch = node.attributes.number("batch_dims");
  const indices = inputOf(node, 1).shape?.length ?? 0;
  return gather(node, emit, { axis: positiveAxis(axis, rank), batch: positiveAxis(batch, indices) });
};

export const slicing = {
  StridedSlice: stridedSlice,
  Slice: sliceOp,
  Gather: (node, emit) => gather(node, emit, { axis: 0, batch: 0 }),
  GatherV2: gatherV2,
  GatherNd: (node, emit) => [
    emit("GatherND", [inputOf(node, 0), cast(emit, inputOf(node, 1), "int64")], { batch_dims: 0 }),
  ],
} satisfies LoweringTable;
