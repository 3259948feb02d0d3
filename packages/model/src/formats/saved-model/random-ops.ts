import { FieldmarkError } from "@fieldmark/contract";
import { attribute, functionReference } from "./attributes.ts";
import type { FlatNode } from "./flat-graph.ts";
import type { GraphDefReader } from "./graph-def.ts";

/** TensorFlow's ops whose result is another one every time, or depends on a generator's state. */
const RANDOM_OPS: ReadonlySet<string> = new Set([
  "Multinomial",
  "NonDeterministicInts",
  "ParameterizedTruncatedNormal",
  "RandomCrop",
  "RandomGamma",
  "RandomPoisson",
  "RandomPoissonV2",
  "RandomShuffle",
  "RandomStandardNormal",
  "RandomUniform",
  "RandomUniformInt",
  "RngReadAndSkip",
  "SampleDistortedBoundingBox",
  "SampleDistortedBoundingBoxV2",
  "StatefulRandomBinomial",
  "StatefulStandardNormal",
  "StatefulStandardNormalV2",
  "StatefulTruncatedNormal",
  "StatefulUniform",
  "StatefulUniformFullInt",
  "StatefulUniformInt",
  "StatelessMultinomial",
  "StatelessParameterizedTruncatedNormal",
  "StatelessRandomBinomial",
  "StatelessRandomGammaV2",
  "StatelessRandomGammaV3",
  "StatelessRandomNormal",
  "StatelessRandomNormalV2",
  "StatelessRandomPoisson",
  "StatelessRandomUniform",
  "StatelessRandomUniformFullInt",
  "StatelessRandomUniformFullIntV2",
  "StatelessRandomUniformInt",
  "StatelessRandomUniformIntV2",
  "StatelessRandomUniformV2",
  "StatelessSampleDistortedBoundingBox",
  "StatelessShuffle",
  "StatelessTruncatedNormal",
  "StatelessTruncatedNormalV2",
  "TruncatedNormal",
]);

/** Attributes of ops that keep their functions: control flow that no constant decides. */
const FUNCTION_ATTRIBUTES = ["then_branch", "else_branch", "cond", "body", "f"];

/**
 * Refuses a graph whose outputs depend on chance: a measurement of it would be wrong, and not repeatable.
 * @param nodes those that the outputs depend on
 * @throws MODEL_RANDOM naming the op, its node, its layer, and how to export without it
 */
export function refuseRandom(nodes: readonly FlatNode[], graph: GraphDefReader, place: string): void {
  const found = nodes.flatMap((node) => {
    const op = RANDOM_OPS.has(node.op) ? node.op : randomOpOfFunctions(node, graph, place);
    return op === null ? [] : [{ op, node: node.name, layer: layerOf(node.name) }];
  });
  const [first] = found;
  if (first === undefined) return;
  const layers = [...new Set(found.map(({ layer }) => layer))];
  const others = found.length > 1 ? ` and ${found.length - 1} more random ops` : "";
  throw new FieldmarkError(
    "MODEL_RANDOM",
    `${place}: the outputs depend on the random op ${first.op} of node "${first.node}"${others}, ` +
      `in layer ${layers.map((layer) => `"${layer}"`).join(", ")}. Export the model without its random layers: ` +
      `keras.Sequential([layer for layer in model.layers if not type(layer).__name__.startswith("Random")])` +
      `.export("folder")`,
    { op: first.op, node: first.node, layers },
  );
}

function randomOpOfFunctions(node: FlatNode, graph: GraphDefReader, place: string): string | null {
  const seen = new Set<string>();
  const waiting = FUNCTION_ATTRIBUTES.flatMap(
    (name) => functionReference(node.attributes, name, place)?.name ?? [],
  );
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name) || !graph.has(name)) continue;
    seen.add(name);
    for (const inner of graph.body(name).nodes.values()) {
      if (RANDOM_OPS.has(inner.op)) return inner.op;
      for (const key of FUNCTION_ATTRIBUTES) {
        const value = attribute(inner.attributes, key, place);
        const called =
          value?.func === undefined ? undefined : functionReference(inner.attributes, key, place)?.name;
        if (called !== undefined) waiting.push(called);
      }
    }
  }
  return null;
}

/** The part of a node's name that is the Keras layer: the one that speaks of chance, else the one below the model. */
function layerOf(name: string): string {
  const parts = name.split("/");
  return (
    parts.find((part) => /^random_|dropout|noise|augment/i.test(part)) ??
    parts[parts.length > 2 ? 1 : 0] ??
    name
  );
}
