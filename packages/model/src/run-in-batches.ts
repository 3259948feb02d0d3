import { FieldmarkError } from "@fieldmark/contract";
import type { Tensor, TensorData } from "./tensor.ts";

/** A part of the rows that runs at once. */
export interface Batch {
  readonly start: number;
  /** Rows that count. */
  readonly rows: number;
  /** Rows that run: more than `rows` where the model wants a fixed number. */
  readonly padded: number;
}

export interface BatchPlan {
  /** Rows in all, ≥ 1. */
  readonly rows: number;
  /** Rows every run must have; null when any number may run. */
  readonly fixed: number | null;
  /** Most rows of a run where the model leaves it open. */
  readonly most?: number | undefined;
}

export function planBatches({ rows, fixed, most }: BatchPlan): readonly Batch[] {
  const step = fixed ?? most ?? rows;
  return Array.from({ length: Math.ceil(rows / step) }, (_, index) => {
    const start = index * step;
    const count = Math.min(step, rows - start);
    return { start, rows: count, padded: fixed ?? count };
  });
}

/** Some rows of a tensor in memory of their own; the last one is repeated as padding. */
export function rowsOf({ dataType, shape, data }: Tensor, { start, rows, padded }: Batch): Tensor {
  const size = shape.slice(1).reduce((product, one) => product * one, 1);
  const part = data.slice(start * size, (start + rows) * size) as TensorData;
  const rowShape = [padded, ...shape.slice(1)];
  if (padded === rows) return { dataType, shape: rowShape, data: part };
  const last = data.slice((start + rows - 1) * size, (start + rows) * size);
  if (!ArrayBuffer.isView(part)) {
    const padding = Array.from({ length: padded - rows }, () => last as readonly Uint8Array[]).flat();
    return { dataType, shape: rowShape, data: [...(part as readonly Uint8Array[]), ...padding] };
  }
  const bytes = new Uint8Array(padded * size * part.BYTES_PER_ELEMENT);
  bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const lastBytes = bytesOf(last as ArrayBufferView);
  for (let row = rows; row < padded; row++) bytes.set(lastBytes, row * lastBytes.length);
  return { dataType, shape: rowShape, data: viewLike(part, bytes) };
}

/**
 * The outputs of all batches as one: rows in order, padding cut off.
 * @throws MODEL_OUTPUT when an output has not one row for each row of the input
 */
export function joinRows(
  name: string,
  parts: readonly { readonly batch: Batch; readonly output: Tensor }[],
): Tensor {
  const [first] = parts;
  if (first === undefined) throw new RangeError("there is at least one batch");
  if (parts.length === 1 && first.batch.padded === first.batch.rows) return first.output;
  const { dataType, shape } = first.output;
  const size = shape.slice(1).reduce((product, one) => product * one, 1);
  for (const { batch, output } of parts) {
    if (output.shape[0] === batch.padded && output.data.length === batch.padded * size) continue;
    throw new FieldmarkError(
      "MODEL_OUTPUT",
      `output ${JSON.stringify(name)} has the shape [${output.shape.join(", ")}] for ${batch.padded} rows; ` +
        "rows cannot be run apart and put together again",
    );
  }
  const rows = parts.reduce((sum, { batch }) => sum + batch.rows, 0);
  const joinedShape = [rows, ...shape.slice(1)];
  const kept = parts.map(({ batch, output }) => output.data.slice(0, batch.rows * size));
  if (!ArrayBuffer.isView(first.output.data)) {
    return { dataType, shape: joinedShape, data: (kept as (readonly Uint8Array[])[]).flat() };
  }
  const views = (kept as ArrayBufferView[]).map(bytesOf);
  const bytes = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
  let at = 0;
  for (const view of views) {
    bytes.set(view, at);
    at += view.length;
  }
  return { dataType, shape: joinedShape, data: viewLike(first.output.data, bytes) };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

type View = Exclude<TensorData, readonly Uint8Array[]>;

/** The bytes as elements of the type that `like` has. */
function viewLike(like: View, bytes: Uint8Array<ArrayBuffer>): View {
  const Elements = like.constructor as new (buffer: ArrayBuffer) => View;
  return new Elements(bytes.buffer);
}
