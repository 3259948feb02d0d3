import type { Graph, NamedValue, Node } from "../graph/graph.ts";
import { SmallConstants } from "./small-constants.ts";

/** What a graph does to every pixel before its first layer: channel c becomes scale[c] · x + offset[c]. */
export interface InputArithmetic {
  readonly scale: readonly [number, number, number];
  readonly offset: readonly [number, number, number];
  /** The channels are put into the opposite order first. */
  readonly reversed: boolean;
  /** Names of the nodes that compute it, in order; empty when there are none. */
  readonly nodes: readonly string[];
}

type Triple = readonly [number, number, number];
type State = Omit<InputArithmetic, "nodes">;

/** Ops that leave the values of pixels as they are, and ops that mix pixels but not channels, with weights of sum 1. */
const PASSES: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "EnsureShape",
  "StopGradient",
  "PlaceholderWithDefault",
  "Transpose",
  "ResizeBilinear",
  "ResizeNearestNeighbor",
  "ResizeBicubic",
]);
/** Consumers that read the size of the input, not its values. */
const LOOKS_ON: ReadonlySet<string> = new Set(["Shape", "Size", "Rank"]);

/** Follows the only path from the input as long as it is arithmetic with constants. */
export function inputArithmetic(graph: Graph, input: NamedValue): InputArithmetic {
  const constants = new SmallConstants(graph);
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) consumers.set(name, [...(consumers.get(name) ?? []), node]);
  }

  let state: State = { scale: [1, 1, 1], offset: [0, 0, 0], reversed: false };
  const nodes: string[] = [];
  let value = input.name;
  for (;;) {
    const readers = (consumers.get(value) ?? []).filter(({ op }) => !LOOKS_ON.has(op));
    const stack = stackReversed(readers, { consumers, constants });
    if (stack !== null) {
      state = reversed(state);
      nodes.push(stack.name);
      value = stack.outputs[0] ?? "";
      continue;
    }
    const [node] = readers;
    const [output] = node?.outputs ?? [];
    if (node === undefined || output === undefined || readers.length > 1) break;
    if (!PASSES.has(node.op)) {
      const next = step(state, { node, value, constants });
      if (next === null) break;
      state = next;
      nodes.push(node.name);
    }
    value = output;
  }
  return { ...state, nodes };
}

interface Step {
  readonly node: Node;
  /** The input that holds the pixels. */
  readonly value: string;
  readonly constants: SmallConstants;
}

function step(state: State, { node, value, constants }: Step): State | null {
  if (reversesChannels(node, constants)) return reversed(state);
  const [first = "", second = ""] = node.inputs;
  if (first === second) return null;
  const other = triple(constants.read(first === value ? second : first));
  if (other === null) return null;
  const isFirst = first === value;
  const { scale, offset } = state;
  switch (node.op) {
    case "Mul":
      return { ...state, scale: zip(scale, other, multiply), offset: zip(offset, other, multiply) };
    case "RealDiv":
    case "Div":
      return isFirst
        ? { ...state, scale: zip(scale, other, divide), offset: zip(offset, other, divide) }
        : null;
    case "Add":
    case "AddV2":
    case "BiasAdd":
      return { ...state, offset: zip(offset, other, (a, b) => a + b) };
    case "Sub":
      return isFirst
        ? { ...state, offset: zip(offset, other, (a, b) => a - b) }
        : {
            ...state,
            scale: zip(scale, [-1, -1, -1], multiply),
            offset: zip(offset, other, (a, b) => b - a),
          };
    default:
      return null;
  }
}

const multiply = (a: number, b: number) => a * b;
const divide = (a: number, b: number) => a / b;
const reverse = ([a, b, c]: Triple): Triple => [c, b, a];
const reversed = (state: State): State => ({
  scale: reverse(state.scale),
  offset: reverse(state.offset),
  reversed: !state.reversed,
});
const zip = (a: Triple, b: Triple, compute: (x: number, y: number) => number): Triple => [
  compute(a[0], b[0]),
  compute(a[1], b[1]),
  compute(a[2], b[2]),
];

/** One number for all channels or one for each. */
function triple(numbers: readonly number[] | null): Triple | null {
  if (numbers === null || numbers.some((number) => !Number.isFinite(number))) return null;
  const [a, b, c] = numbers;
  if (a !== undefined && numbers.length === 1) return [a, a, a];
  return a !== undefined && b !== undefined && c !== undefined && numbers.length === 3 ? [a, b, c] : null;
}

/** `x[..., ::-1]`, `tf.reverse(x, [-1])` or `tf.gather(x, [2, 1, 0], axis=-1)`. */
function reversesChannels({ op, inputs, attributes }: Node, constants: SmallConstants): boolean {
  const read = (index: number) => constants.read(inputs[index] ?? "");
  if (op === "ReverseV2") {
    const axes = read(1);
    return axes?.length === 1 && (axes[0] === -1 || axes[0] === 3);
  }
  if (op === "GatherV2") return read(1)?.join() === "2,1,0" && (read(2)?.[0] === -1 || read(2)?.[0] === 3);
  if (op !== "StridedSlice") return false;
  const strides = read(3) ?? [];
  const last = strides.length - 1;
  const bit = (name: string) => (Number(attributes[name] ?? 0) >> last) & 1;
  const wholeElsewhere = strides.slice(0, last).every((stride) => stride === 1);
  return strides[last] === -1 && wholeElsewhere && bit("begin_mask") === 1 && bit("end_mask") === 1;
}

interface Surroundings {
  readonly consumers: ReadonlyMap<string, readonly Node[]>;
  readonly constants: SmallConstants;
}

/** `stack([x[..., 2], x[..., 1], x[..., 0]], axis=-1)`, as Keras 3 reverses channels: the node that stacks. */
function stackReversed(readers: readonly Node[], { consumers, constants }: Surroundings): Node | null {
  if (readers.length !== 3) return null;
  const channels = new Map<string, number>();
  for (const { op, inputs, outputs, attributes } of readers) {
    const begin = constants.read(inputs[1] ?? "") ?? [];
    const last = begin.length - 1;
    const takesOne = op === "StridedSlice" && ((Number(attributes.shrink_axis_mask ?? 0) >> last) & 1) === 1;
    const channel = begin[last];
    if (!takesOne || channel === undefined) return null;
    channels.set(outputs[0] ?? "", channel);
  }
  const [stack, another] = new Set([...channels.keys()].flatMap((value) => consumers.get(value) ?? []));
  if (stack?.op !== "Pack" || another !== undefined) return null;
  const axis = Number(stack.attributes.axis ?? 0);
  const order = stack.inputs.map((input) => channels.get(input)).join();
  return order === "2,1,0" && (axis === -1 || axis === 3) ? stack : null;
}
