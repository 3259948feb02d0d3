import type { Graph } from "../../graph/graph.ts";
import { stringElements } from "./tensor-proto.ts";

/** Names that people give to a file of class names, beside a SavedModel or among its assets. */
const LABELS_FILE = /(?:^|\/)(?:labels?|class(?:es|_names|_labels)?|label_?map)\.(?:txt|json)$/i;

const TABLE_LOOKUP = /^LookupTableFind/;
const GATHER = /^Gather/;

export interface ClassNameSources {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly folder: string;
  readonly graph: Graph;
  /** Lists of strings that lookup tables may have been filled from. */
  readonly tables: () => readonly (readonly string[])[];
}

/**
 * Class names that come with the model: a labels file (one name a line, or a JSON list) beside saved_model.pb or in
 * assets, else the list of strings from which the graph itself picks labels. Only a list of different names, as
 * long as an output is wide, counts.
 * @returns names in the order of the outputs' columns, or null
 */
export function findClassNames({ files, folder, graph, tables }: ClassNameSources): readonly string[] | null {
  const widths = new Set(
    graph.outputs.filter(({ dataType }) => dataType !== "string").map(({ shape }) => shape?.at(-1) ?? 0),
  );
  const fits = (names: readonly string[] | null): names is readonly string[] =>
    names !== null && names.length > 1 && widths.has(names.length) && new Set(names).size === names.length;
  for (const [path, bytes] of files) {
    const inside = path.startsWith(folder) ? path.slice(folder.length) : "";
    if (!LABELS_FILE.test(inside) && !/^assets\/[^/]+\.txt$/.test(inside)) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
    const names = readLabels(inside, text);
    if (fits(names)) return names;
  }
  return stringsOfGraph(graph, tables).find(fits) ?? null;
}

function stringsOfGraph(graph: Graph, tables: ClassNameSources["tables"]): readonly (readonly string[])[] {
  if (graph.nodes.some(({ op }) => TABLE_LOOKUP.test(op))) return tables();
  return graph.nodes.flatMap(({ op, inputs }) => {
    const picked = GATHER.test(op) ? graph.constants.get(inputs[0] ?? "") : undefined;
    return picked?.shape.length === 1 ? [stringElements(picked)] : [];
  });
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
