import type { Graph, Node } from "../graph/graph.ts";
import { numbersOf } from "../graph/tensor-numbers.ts";
import type { Tensor } from "../tensor.ts";

/** Axes of the images that a convolution takes. */
const CONVOLUTIONS: ReadonlyMap<string, number> = new Map([
  ["Conv2D", 4],
  ["DepthwiseConv2dNative", 4],
  ["Conv3D", 5],
]);

/** SpaceToBatchND → (ExpandDims) → convolution → (Squeeze) → BatchToSpaceND, in a graph of TensorFlow ops. */
interface DilatedConvolution {
  readonly toBatch: Node;
  readonly expand: Node | null;
  readonly convolution: Node;
  readonly squeeze: Node | null;
  readonly toSpace: Node;
  readonly block: readonly number[];
}

/**
 * Makes dilated convolutions of the form that SavedModels keep them in: space goes to the batch in blocks, is
 * convolved with padding VALID, and comes back. What the blocks were padded by, less what is cropped in the end,
 * is what the convolution pads; negative where more is cropped. Works on TensorFlow's ops, before any lowering.
 */
export function foldDilation(graph: Graph): Graph {
  const found = dilatedConvolutions(graph);
  if (found.length === 0) return graph;
  const constants = new Map(graph.constants);
  const replaced = new Map<Node, readonly Node[]>();
  for (const match of found) {
    for (const node of [match.toBatch, match.expand, match.convolution, match.squeeze]) {
      if (node) replaced.set(node, []);
    }
    replaced.set(match.toSpace, dilated(match, constants));
  }
  return { ...graph, constants, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) };
}

function dilatedConvolutions(graph: Graph): readonly DilatedConvolution[] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const uses = new Map<string, number>();
  const names = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)];
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  /** What makes the first input of a node, when nothing else uses it. */
  const before = (node: Node | undefined): Node | undefined => {
    const [name = ""] = node?.inputs ?? [];
    return uses.get(name) === 1 ? producers.get(name) : undefined;
  };
  return graph.nodes.flatMap((toSpace) => {
    if (toSpace.op !== "BatchToSpaceND") return [];
    const above = before(toSpace);
    const squeeze = above?.op === "Squeeze" ? above : null;
    const convolution = squeeze ? before(squeeze) : above;
    if (!convolution || !isPlain(convolution)) return [];
    const over = before(convolution);
    const expand = over?.op === "ExpandDims" ? over : null;
    const toBatch = expand ? before(expand) : over;
    if (toBatch?.op !== "SpaceToBatchND" || (expand === null) !== (squeeze === null)) return [];
    const block = constantInts(graph, toBatch.inputs[1]);
    if (!block || block.join() !== constantInts(graph, toSpace.inputs[1])?.join()) return [];
    const axis = expand && constantInts(graph, expand.inputs[1])?.join();
    if (expand && axis !== "1" && axis !== "-3") return [];
    return [{ toBatch, expand, convolution, squeeze, toSpace, block }];
  });
}

/** A channels-last convolution without stride, dilation or padding of its own. */
function isPlain({ op, attributes }: Node): boolean {
  const { strides, dilations, padding, data_format: format } = attributes;
  const ones = (list: unknown): boolean =>
    list === undefined || (Array.isArray(list) && list.every((x) => x === 1));
  const channelsLast = format === undefined || String(format).endsWith("C");
  return CONVOLUTIONS.has(op) && padding === "VALID" && ones(strides) && ones(dilations) && channelsLast;
}

function constantInts(graph: Graph, name = ""): readonly number[] | null {
  const constant = graph.constants.get(name);
  const numbers = constant && numbersOf(constant);
  return numbers ? Array.from(numbers) : null;
}

/** Pad, then the same convolution with dilations, in place of BatchToSpaceND. */
function dilated(match: DilatedConvolution, constants: Map<string, Tensor>): readonly Node[] {
  const { toBatch, expand, convolution, squeeze, toSpace, block } = match;
  const rank = (CONVOLUTIONS.get(convolution.op) ?? 4) - (expand ? 1 : 0);
  const scope = `${toSpace.name}/dilated`;
  const node = (op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): Node => ({
    name: `${scope}/${op}`,
    op,
    inputs,
    outputs: [`${scope}/${op}`],
    attributes,
  });
  const constant = (name: string, shape: readonly number[], values: readonly number[] = []): string => {
    const length = shape.reduce((count, size) => count * size, 1);
    const data = Int32Array.from({ length }, (_, index) => values[index] ?? 0);
    constants.set(`${scope}/${name}`, { dataType: "int32", shape, data });
    return `${scope}/${name}`;
  };
  const [x = "", , paddings = ""] = toBatch.inputs;
  const [, , crops = ""] = toSpace.inputs;
  const asInt32 = { DstT: "int32" };
  const casts = [paddings, crops].map((input, k) => ({
    ...node("Cast", [input], asInt32),
    name: `${scope}/Cast${k}`,
  }));
  const [padded, cropped] = casts.map((cast) => ({ ...cast, outputs: [cast.name] }));
  if (!padded || !cropped) throw new TypeError("a dilated convolution has paddings and crops");
  const difference = node("Sub", [padded.name, cropped.name]);
  const rest = rank - 1 - block.length;
  const whole = node("ConcatV2", [
    constant("batch", [1, 2]),
    difference.name,
    constant("rest", [rest, 2]),
    constant("axis", [], [0]),
  ]);
  const pad = node("Pad", [x, whole.name]);
  const expanded = expand ? node("ExpandDims", [pad.name, expand.inputs[1] ?? ""], expand.attributes) : null;
  const spatial = expand ? [1, ...block] : block;
  const rankOfImages = CONVOLUTIONS.get(convolution.op) ?? 4;
  const dilations = Array.from({ length: rankOfImages }, (_, axis) => spatial[axis - 1] ?? 1);
  const last = { outputs: toSpace.outputs, name: toSpace.name };
  const convolve = node(convolution.op, [(expanded ?? pad).name, convolution.inputs[1] ?? ""], {
    ...convolution.attributes,
    dilations,
  });
  const nodes = [padded, cropped, difference, whole, pad, ...(expanded ? [expanded] : [])];
  if (!squeeze) return [...nodes, { ...convolve, ...last }];
  return [...nodes, convolve, { ...node("Squeeze", [convolve.name], squeeze.attributes), ...last }];
}
