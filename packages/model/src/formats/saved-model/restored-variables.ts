import { attribute } from "./attributes.ts";
import type { Box } from "./block-copy.ts";
import type { ConstantSource } from "./flat-graph.ts";
import type { GraphDefReader, RawNode } from "./graph-def.ts";
import type { TensorBundle } from "./tensor-bundle.ts";
import { decodeTensorProto, stringElements } from "./tensor-proto.ts";

const ASSIGNS: ReadonlySet<string> = new Set(["Assign", "AssignVariableOp"]);

/** What one output of a RestoreV2 reads. */
interface Restored {
  readonly key: string;
  /** "" for a whole tensor, else as "32 6 0,16:0,6": the sizes, then start,length of each axis. */
  readonly slice: string;
}

/**
 * Finds the stored value of each variable of a TensorFlow 1 graph: by the restore ops of the graph itself, which
 * know of partitions ("w/part_0" is a slice of "w"), else under the variable's own name.
 */
export function restoredVariables(
  graph: GraphDefReader,
  bundle: TensorBundle,
  place: string,
): (node: RawNode) => ConstantSource {
  let restored: ReadonlyMap<string, Restored> | undefined;
  return (node) => {
    restored ??= restoreOps(graph, place);
    const found = restored.get(node.name);
    if (found !== undefined && bundle.has(found.key)) {
      const box = boxOfSlice(found.slice);
      return box === null ? { kind: "variable", key: found.key } : { kind: "variable", key: found.key, box };
    }
    const shared = attribute(node.attributes, "shared_name", place)?.s;
    const names = [node.name, shared === undefined ? "" : Buffer.from(shared).toString("utf8")];
    const key = names.find((name) => bundle.has(name));
    if (key !== undefined) return { kind: "variable", key };
    return { kind: "missing", why: "the variables file has no tensor of its name" };
  };
}

function restoreOps(graph: GraphDefReader, place: string): ReadonlyMap<string, Restored> {
  const found = new Map<string, Restored>();
  const read = new Map<string, readonly Restored[]>();
  for (const node of graph.nodes.values()) {
    const [target, value] = node.inputs;
    if (!ASSIGNS.has(node.op) || target === undefined || value === undefined) continue;
    const { source, index } = throughIdentity(graph, value);
    if (source?.op !== "RestoreV2") continue;
    const entries = read.get(source.name) ?? restoredBy(graph, source, place);
    read.set(source.name, entries);
    const entry = entries[index];
    if (entry !== undefined) found.set(target.split(":", 1)[0] ?? "", entry);
  }
  return found;
}

function throughIdentity(
  graph: GraphDefReader,
  input: string,
): { readonly source: RawNode | undefined; readonly index: number } {
  const [name = "", index = "0"] = input.split(":");
  const node = graph.nodes.get(name);
  const [inner] = node?.inputs ?? [];
  if (node?.op !== "Identity" || inner === undefined) return { source: node, index: Number(index) };
  const [innerName = "", innerIndex = "0"] = inner.split(":");
  return { source: graph.nodes.get(innerName), index: Number(innerIndex) };
}

function restoredBy(graph: GraphDefReader, restore: RawNode, place: string): readonly Restored[] {
  const [names, slices] = restore.inputs.slice(1, 3).map((input) => strings(graph, input, place));
  return (names ?? []).map((key, i) => ({ key, slice: slices?.[i] ?? "" }));
}

function strings(graph: GraphDefReader, input: string, place: string): readonly string[] {
  const node = graph.nodes.get(input.split(":", 1)[0] ?? "");
  const bytes = node?.op === "Const" ? attribute(node.attributes, "value", place)?.tensor : undefined;
  if (bytes === undefined) return [];
  return stringElements(decodeTensorProto(bytes, place, { bytes: 1024 ** 2 }));
}

/** @returns null for a whole tensor, or for words that say no slice */
function boxOfSlice(text: string): Box | null {
  const words = text.split(" ");
  const axes = words.at(-1)?.split(":") ?? [];
  const sizes = words.slice(0, -1).map(Number);
  if (sizes.length === 0 || axes.length !== sizes.length) return null;
  const extents = axes.map((axis, i) => {
    const [start = 0, length = 0] = axis === "-" ? [0, sizes[i] ?? 0] : axis.split(",").map(Number);
    return { start, length };
  });
  if (!extents.every(({ start, length }) => Number.isSafeInteger(start) && Number.isSafeInteger(length)))
    return null;
  return { start: extents.map(({ start }) => start), shape: extents.map(({ length }) => length) };
}
