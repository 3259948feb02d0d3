import { activations } from "./activations.ts";
import { convolutions } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { fusedOps } from "./fused.ts";
import type { Lowering } from "./lowering.ts";
import { matmul } from "./matmul.ts";
import { normalization } from "./normalization.ts";
import { padding } from "./padding.ts";
import { plumbing } from "./plumbing.ts";
import { pooling } from "./pooling.ts";
import { reductions } from "./reductions.ts";
import { resizing } from "./resize.ts";
import { shapes } from "./shapes.ts";
import { slicing } from "./slicing.ts";

/** The families of ops, each a file of its own, in the order docs/ops.md lists them. */
export const FAMILIES = {
  plumbing,
  elementwise,
  activations,
  reductions,
  matmul,
  convolutions,
  pooling,
  normalization,
  fusedOps,
  padding,
  resizing,
  shapes,
  slicing,
};

/** How every TensorFlow op that is known becomes ONNX. */
export const LOWERINGS: ReadonlyMap<string, Lowering> = new Map(
  Object.values(FAMILIES).flatMap((family) => Object.entries<Lowering>(family)),
);
