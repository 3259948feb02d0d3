/** A box of a row-major array: where it starts on each axis and how far it goes. */
export interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

export interface ByteArray {
  readonly bytes: Uint8Array;
  readonly shape: readonly number[];
}

/**
 * Copies a box of `from` to a place of the same shape in `to`.
 * Both are row-major with elements of `elementBytes`; the boxes lie inside their arrays.
 */
export function copyBox(
  from: ByteArray,
  to: ByteArray,
  { fromStart, toStart, shape, elementBytes }: CopyBoxOptions,
): void {
  const fromStrides = strides(from.shape, elementBytes);
  const toStrides = strides(to.shape, elementBytes);
  const run = (shape.at(-1) ?? 1) * elementBytes;
  const copyAxis = (axis: number, source: number, target: number): void => {
    const fromAt = source + (fromStart[axis] ?? 0) * (fromStrides[axis] ?? 0);
    const toAt = target + (toStart[axis] ?? 0) * (toStrides[axis] ?? 0);
    if (axis >= shape.length - 1) {
      to.bytes.set(from.bytes.subarray(fromAt, fromAt + run), toAt);
      return;
    }
    for (let i = 0; i < (shape[axis] ?? 0); i += 1) {
      copyAxis(axis + 1, fromAt + i * (fromStrides[axis] ?? 0), toAt + i * (toStrides[axis] ?? 0));
    }
  };
  copyAxis(0, 0, 0);
}

export interface CopyBoxOptions {
  readonly fromStart: readonly number[];
  readonly toStart: readonly number[];
  readonly shape: readonly number[];
  readonly elementBytes: number;
}

function strides(shape: readonly number[], elementBytes: number): readonly number[] {
  const result: number[] = [];
  let stride = elementBytes;
  for (const size of shape.toReversed()) {
    result.unshift(stride);
    stride *= size;
  }
  return result;
}
