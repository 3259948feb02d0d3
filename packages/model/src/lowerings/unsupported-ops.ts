import { FieldmarkError } from "@fieldmark/contract";
import type { Node } from "../graph/graph.ts";

/** Names that are given of each op; the rest is counted. */
const MOST_PLACES = 3;

interface Entry {
  readonly op: string;
  readonly reason: string;
  readonly places: string[];
}

/** Gathers every op that cannot be lowered, so that one error tells of all. */
export class UnsupportedOps {
  readonly #entries = new Map<string, Entry>();

  /** @param reason why this use of a known op has no counterpart; "" when the op itself is not known */
  add(node: Node, reason: string): void {
    const key = `${node.op}\n${reason}`;
    const entry = this.#entries.get(key) ?? { op: node.op, reason, places: [] };
    entry.places.push(node.name);
    this.#entries.set(key, entry);
  }

  /** @throws MODEL_OP_UNSUPPORTED listing all, when there are any */
  throwIfAny(): void {
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return;
    const details = { ops: entries.map(({ op, places }) => `${op} ×${places.length}`) };
    const list = entries.map(describe).join("; ");
    const count = entries.reduce((sum, { places }) => sum + places.length, 0);
    const words = count === 1 ? "1 op of the model is" : `${count} ops of the model are`;
    throw new FieldmarkError("MODEL_OP_UNSUPPORTED", `${words} not supported: ${list}`, details);
  }
}

function describe({ op, reason, places }: Entry): string {
  const named = places.slice(0, MOST_PLACES).map((place) => `"${place}"`);
  const more = places.length > named.length ? ` and ${places.length - named.length} more` : "";
  return `${op} ×${places.length}${reason === "" ? "" : ` (${reason})`} at ${named.join(", ")}${more}`;
}
