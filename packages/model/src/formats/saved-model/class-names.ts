import type { Graph } from "../../graph/graph.ts";
import { stringElements } from "./tensor-proto.ts";

/** Names that people give to a file of class names, beside a SavedModel or among its assets. */
const LABELS_FILE = /(?:^|\/)(?:labels?|class(?:es|_names|_labels)?|label_?map)\.(?:txt|json)$/i;

/**
 * Class names that come with the model: a labels file (one name a line, or a JSON list) beside saved_model.pb or in
 * assets, else a list of strings in the graph itself. Only a list as long as an output is wide counts.
 * @returns names in the order of the outputs' columns, or null
 */
export function findClassNames(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
  graph: Graph,
): readonly string[] | null {
  const widths = new Set(
    graph.outputs.filter(({ dataType }) => dataType !== "string").map(({ shape }) => shape?.at(-1) ?? 0),
  );
  const fits = (names: readonly string[] | null): names is readonly string[] =>
    names !== null && names.length > 1 && widths.has(names.length) && new Set(names).size === names.length;
  for (const [path, bytes] of files) {
    const inside = path.startsWith(folder) ? path.slice(folder.length) : "";
    if (!LABELS_FILE.test(inside) && !/^assets\/[^/]+\.txt$/.test(inside)) continue;
    const names = readLabels(
      inside,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"),
    );
    if (fits(names)) return names;
  }
  for (const constant of graph.constants.values()) {
    const names = constant.shape.length === 1 ? stringElements(constant) : null;
    if (fits(names)) return names;
  }
  return null;
}

function readLabels(path: string, text: string): readonly string[] | null {
  if (!path.toLowerCase().endsWith(".json")) {
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((name) => typeof name === "string") ? parsed : null;
  } catch {
    // A file beside the model that is not JSON is not a list of class names; the model itself is fine.
    return null;
  }
}
