import type { Graph } from "./graph/graph.ts";
import { lower } from "./lowerings/lower.ts";
import { foldDilation } from "./passes/fold-dilation.ts";
import { runPasses } from "./passes/passes.ts";
import type { SourceModel } from "./source-model.ts";

/** The model's signature as a graph of ONNX ops: lower, then passes. */
export function importGraph(source: SourceModel): Graph {
  return runPasses(lower(foldDilation(source.graph)));
}
