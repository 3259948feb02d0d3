import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder, Producer } from "../graph/graph-builder.ts";
import { numbersOr } from "../graph/ops/onnx-op.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import { constantNumbers, constantScalar, type Value } from "../graph/value.ts";

/** Makes Pads part of the window op after them, where the op's own padding means the same. */
export function fusePadding(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, builder) => {
      const fuse = fusers[node.op];
      let [x = null] = node.inputs;
      let { attributes } = node;
      for (let pad = builder.producer(x); fuse && pad?.op === "Pad"; pad = builder.producer(x)) {
        const [inside] = pad.inputs;
        const added = spatialZeros(pad);
        const pads = attributes.auto_pad === undefined ? numbersOr(attributes, "pads", null) : null;
        const fused = inside && added && pads ? fuse(node, { builder, x: inside, added, pads }) : null;
        if (!fused || !inside) break;
        attributes = { ...attributes, ...fused };
        x = inside;
      }
      return x === node.inputs[0] ? null : [builder.emit(node.op, [x, ...node.inputs.slice(1)], attributes)];
    },
    ["Pad"],
  );
}

/** The pads of a Pad that adds zeros to spatial axes only: begins, then ends. */
function spatialZeros({ inputs, attributes }: Producer): readonly number[] | null {
  const pads = constantNumbers(inputs[1]);
  const value = inputs[2] ? constantScalar(inputs[2]) : 0;
  if (!pads || value !== 0 || attributes.mode !== "constant" || inputs[3]) return null;
  const rank = pads.length / 2;
  const others = [0, 1, rank, rank + 1].some((index) => pads[index] !== 0);
  if (others || pads.some((pad) => pad < 0)) return null;
  return [...pads.slice(2, rank), ...pads.slice(rank + 2)];
}

interface Padded {
  readonly builder: GraphBuilder;
  /** The value before the Pad. */
  readonly x: Value;
  readonly added: readonly number[];
  readonly pads: readonly number[];
}

type Fuse = (node: BoundNode, padded: Padded) => Readonly<Record<string, number | readonly number[]>> | null;

const sum = ({ added, pads }: Padded): readonly number[] =>
  pads.map((pad, index) => pad + (added[index] ?? 0));

const reachesInside = (node: BoundNode, pads: readonly number[]): boolean => {
  const kernel = numbersOr(node.attributes, "kernel_shape", []);
  return pads.every((pad, index) => pad < (kernel[index % kernel.length] ?? 1));
};

const fusers: Readonly<Record<string, Fuse>> = {
  Conv: (_, padded) => ({ pads: sum(padded) }),
  /** Its own padding never wins: neither do zeros where nothing is below zero. */
  MaxPool: (node, padded) => {
    const pads = sum(padded);
    const exact = isNonNegative(padded.builder.producer(padded.x)) && reachesInside(node, pads);
    return exact ? { pads } : null;
  },
  /** Zeros that the model adds count for the mean; those of SAME padding do not. */
  AveragePool: (node, padded) => {
    const pads = sum(padded);
    const plain = padded.pads.every((pad) => pad === 0) && reachesInside(node, pads);
    return plain ? { pads, count_include_pad: 1 } : null;
  },
};

function isNonNegative(producer: Producer | undefined): boolean {
  if (!producer) return false;
  if (producer.op === "Relu" || producer.op === "Sigmoid") return true;
  return producer.op === "Clip" && (constantScalar(producer.inputs[1]) ?? -1) >= 0;
}
