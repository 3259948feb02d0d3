import { FAMILIES } from "./lowerings.ts";

/** What a reader should know of each family beyond the names of its ops. */
const NOTES: Readonly<Record<keyof typeof FAMILIES, readonly [title: string, note: string]>> = {
  plumbing: ["Plumbing", "Nothing of these is left at inference."],
  elementwise: [
    "Elementwise",
    "Float64, half and bfloat16 are computed in float32; a cast to half rounds once.",
  ],
  activations: ["Activations", ""],
  reductions: ["Reductions and order", ""],
  matmul: ["Matrix products", ""],
  convolutions: [
    "Convolutions",
    "Any stride, dilation, grouping and padding; dilated ones may come as SpaceToBatchND and BatchToSpaceND.",
  ],
  pooling: ["Pooling", ""],
  normalization: [
    "Normalization",
    "In inference mode, or in training mode over a single picture, as Keras 2 writes layer norms.",
  ],
  fusedOps: ["Fused by Grappler", "With BiasAdd, FusedBatchNorm and activations in `fused_ops`."],
  padding: ["Padding and blocks", ""],
  resizing: [
    "Resizing",
    "Bicubic, area and ScaleAndTranslate need sizes that are known; they become products with constant matrices, exactly as TensorFlow weighs pixels.",
  ],
  shapes: ["Shapes", "Shapes that follow from the model are folded, with the batch as a symbol."],
  slicing: ["Slicing and gathering", ""],
};

/** docs/ops.md: every op that is known, by family. */
export function opsPage(): string {
  const sections = Object.entries(FAMILIES).map(([family, table]) => {
    const [title, note] = NOTES[family as keyof typeof FAMILIES];
    const ops = Object.keys(table).map((op) => `\`${op}\``);
    return [`## ${title}`, ...(note === "" ? [] : [note]), ops.join(", ")].join("\n\n");
  });
  const count = Object.values(FAMILIES).reduce((sum, table) => sum + Object.keys(table).length, 0);
  return `<!-- Written by scripts/docs-ops.mjs; do not edit. -->

# TensorFlow ops

The ${count} ops that an imported signature may use. A model with any other is refused with one error that lists
all of them, how often each occurs, and where. Functions are inlined and control flow with a constant condition is
resolved before; string ops and control flow that depends on the input are not supported, and random ops are refused.

${sections.join("\n\n")}
`;
}
