import { checkGraph } from "../graph/check.ts";
import type { Graph } from "../graph/graph.ts";
import { channelsFirst } from "./channels-first.ts";
import { foldAffine } from "./fold-affine.ts";
import { fuseDense } from "./fuse-dense.ts";
import { fuseGelu } from "./fuse-gelu.ts";
import { fuseHardSigmoid } from "./fuse-hard-sigmoid.ts";
import { fuseLayerNorm } from "./fuse-layer-norm.ts";
import { fusePadding } from "./fuse-padding.ts";
import { globalPooling } from "./global-pooling.ts";
import { removeIdentities } from "./remove-identities.ts";

/** What is graph-wide, in the order it is done. Each leaves out what nothing uses any more. */
export const PASSES: Readonly<Record<string, (graph: Graph) => Graph>> = {
  fuseDense,
  fuseLayerNorm,
  fuseGelu,
  fuseHardSigmoid,
  channelsFirst,
  fusePadding,
  foldAffine,
  globalPooling,
  removeIdentities,
};

/** Runs every pass; the graph is checked after each. */
export function runPasses(lowered: Graph): Graph {
  checkGraph(lowered, "lower");
  let graph = lowered;
  for (const [name, pass] of Object.entries(PASSES)) {
    const before = graph;
    graph = pass(before);
    if (graph !== before) checkGraph(graph, name);
  }
  return graph;
}
