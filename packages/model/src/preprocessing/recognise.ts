import type { Graph } from "../graph/graph.ts";
import type { RecognisedPreprocessing } from "../model.ts";
import { type InputArithmetic, inputArithmetic } from "./input-arithmetic.ts";
import { familyByLayerNames } from "./layer-names.ts";

/**
 * The recipe that a model shows by itself: integers as input or arithmetic on them at the start of its graph say
 * which pixels it takes; otherwise the names of layers may tell the family, and so the family's recipe.
 *
 * @param graph TensorFlow ops as saved, before any pass
 * @returns null when there is no evidence, or none that can be read with certainty
 */
export function recognisePreprocessing(graph: Graph): RecognisedPreprocessing | null {
  const [input, another] = graph.inputs;
  if (input === undefined || another !== undefined) return null;
  if (/^u?int/.test(input.dataType)) {
    return {
      name: "raw",
      reason: `the input ${input.key} is ${input.dataType}: pixels as they are, 0 to 255`,
    };
  }
  const arithmetic = inputArithmetic(graph, input);
  if (arithmetic.nodes.length > 0) return fromArithmetic(arithmetic);
  const family = familyByLayerNames(graph);
  if (family === null) return null;
  return {
    name: family.recipe,
    reason: `layers are named as in keras.applications.${family.application} (${family.layers.join(", ")})`,
  };
}

function fromArithmetic(arithmetic: InputArithmetic): RecognisedPreprocessing | null {
  const range = RANGES.find(({ fits }) => fits(arithmetic));
  if (range === undefined) return null;
  const { scale, offset, reversed, nodes } = arithmetic;
  const steps = [
    ...(reversed ? ["reverses the channels"] : []),
    ...(scale.every((one) => one === 1) ? [] : [`multiplies by ${short(scale)}`]),
    ...(offset.every((one) => one === 0) ? [] : [`adds ${short(offset)}`]),
  ];
  const where = nodes.length > 1 ? `${nodes[0]} … ${nodes.at(-1)}` : `${nodes[0]}`;
  return {
    name: range.recipe,
    reason: `the graph first ${steps.join(" and ")} (${where}): it takes ${range.pixels}`,
  };
}

/** What the first layer is given: numbers of about this size around zero, whatever made them. */
const LARGEST = 8;

interface Range {
  readonly recipe: string;
  readonly pixels: string;
  fits(arithmetic: InputArithmetic): boolean;
}

/**
 * Pixels between 0 and `white` fit when the arithmetic takes black and white to moderate numbers that are clearly
 * apart, and its zero lies between them.
 */
const spreads = (white: number) =>
  eachChannel((scale, offset) => {
    const [black, bright] = [offset, scale * white + offset];
    const zero = -offset / scale / white;
    return bright - black >= 0.9 && black >= -LARGEST && bright <= LARGEST && zero > -0.05 && zero < 0.9;
  });

const RANGES: readonly Range[] = [
  { recipe: "raw", pixels: "pixels as they are, 0 to 255", fits: spreads(255) },
  {
    // ImageNet's means alone, as Caffe's models take them.
    recipe: "raw",
    pixels: "pixels as they are, 0 to 255",
    fits: eachChannel((scale, offset) => scale === 1 && offset <= -90 && offset >= -140),
  },
  {
    recipe: "unit",
    pixels: "pixels scaled to 0 … 1",
    // A zero near the middle: a mean of pictures in [0, 1], which pictures in [−1, 1] do not have.
    fits: (arithmetic) =>
      spreads(1)(arithmetic) &&
      eachChannel((scale, offset) => scale >= 1.5 && -offset / scale >= 0.3)(arithmetic),
  },
  {
    recipe: "unit",
    pixels: "pixels scaled to 0 … 1",
    fits: eachChannel(
      (scale, offset) => scale === 255 && (offset === 0 || (offset <= -90 && offset >= -140)),
    ),
  },
];

function eachChannel(fits: (scale: number, offset: number) => boolean): Range["fits"] {
  return ({ scale, offset }) => scale.every((one, channel) => fits(one, offset[channel] ?? 0));
}

/** Three equal numbers as one, to six digits. */
function short(numbers: readonly number[]): string {
  const texts = [...new Set(numbers.map((one) => String(Number(one.toPrecision(6)))))];
  return texts.length === 1
    ? `${texts[0]}`
    : `[${numbers.map((one) => Number(one.toPrecision(6))).join(", ")}]`;
}
