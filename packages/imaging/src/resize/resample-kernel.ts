import type { RgbImage } from "../rgb-image.ts";
import { type Kernel, kernelPairs, withKernel } from "./kernel.ts";
import type { Passes } from "./passes.ts";
import type { Coefficients } from "./pillow-coefficients.ts";

/** A strip of rows that stays in the nearest cache. */
const STRIP_BYTES = 32 * 1024;

/** The kernel reads up to 13 bytes past the last pixel of the last row. */
const READ_AHEAD_BYTES = 16;

/**
 * Both passes of a Pillow resample by the SIMD kernel. Its memory holds a window of rows, not the picture.
 * One kernel a thread: the function is synchronous, and nothing is shared between threads.
 *
 * @returns uint8 [height, width, 3]
 */
export function resampleWithKernel(image: RgbImage, passes: Passes): Uint8Array {
  const plan = layOut(image, passes);
  return withKernel(plan.bytes, (kernel, memory) => {
    const { horizontal, vertical } = passes;
    if (horizontal !== undefined) {
      const { bounds } = horizontal;
      memory.set(new Uint8Array(bounds.buffer, bounds.byteOffset, bounds.byteLength), plan.horizontalBounds);
      memory.set(kernelPairs(horizontal), plan.horizontalPairs);
    }
    if (vertical !== undefined) memory.set(kernelPairs(vertical), plan.verticalPairs);
    const run = plan.verticalFirst ? runVerticalFirst : runHorizontalFirst;
    return run({ kernel, memory, image, passes, plan });
  });
}

/** Where everything lies in the kernel's memory, in bytes; every address and stride is a multiple of 16. */
interface Plan {
  readonly verticalFirst: boolean;
  readonly horizontalBounds: number;
  readonly horizontalPairs: number;
  readonly verticalPairs: number;
  /** Input rows of the horizontal pass, side by side or (after a vertical pass) `inputStride` apart. */
  readonly strip: number;
  readonly stripRows: number;
  readonly inputStride: number;
  /** Input rows of the vertical pass, `windowStride` apart. */
  readonly window: number;
  readonly windowRows: number;
  readonly windowStride: number;
  /** Finished rows, `outputStride` apart. */
  readonly output: number;
  readonly outputStride: number;
  readonly bytes: number;
}

function layOut(image: RgbImage, { horizontal, vertical, width, order }: Passes): Plan {
  const verticalFirst = order === "vertical-first" && horizontal !== undefined && vertical !== undefined;
  const inputStride = roundUp(image.width * 3 + READ_AHEAD_BYTES);
  // One byte more than a row, because the kernel stores four bytes a pixel.
  const outputStride = roundUp(width * 3 + 1);
  const windowStride = verticalFirst || horizontal === undefined ? inputStride : outputStride;
  const stripRows = Math.min(image.height, Math.max(2, Math.floor(STRIP_BYTES / inputStride)));
  const windowRows = Math.min(image.height, mostTaps(vertical) + stripRows);
  let bytes = 0;
  const place = (length: number): number => {
    const start = bytes;
    bytes += roundUp(length);
    return start;
  };
  return {
    verticalFirst,
    horizontalBounds: place(horizontal?.bounds.byteLength ?? 0),
    horizontalPairs: place(horizontal?.fixed.byteLength ?? 0),
    verticalPairs: place(vertical?.fixed.byteLength ?? 0),
    strip: place(stripRows * inputStride),
    stripRows,
    inputStride,
    // An odd number of taps reads one row more, with a coefficient of zero.
    window: place((windowRows + 1) * windowStride),
    windowRows,
    windowStride,
    output: place((verticalFirst ? stripRows : 1) * outputStride),
    outputStride,
    bytes,
  };
}

interface Run {
  readonly kernel: Kernel;
  readonly memory: Uint8Array;
  readonly image: RgbImage;
  readonly passes: Passes;
  readonly plan: Plan;
}

function runHorizontalFirst(run: Run): Uint8Array {
  const { kernel, memory, image, passes, plan } = run;
  const { vertical, width, height } = passes;
  const rowBytes = width * 3;
  const result = new Uint8Array(height * rowBytes);
  const rowsAt = slidingWindow(run, passes.horizontal === undefined ? copyRows : shrinkRows);
  for (let y = 0; y < height; y++) {
    const first = vertical?.bounds[y * 2] ?? y;
    const count = vertical?.bounds[y * 2 + 1] ?? 1;
    let row = rowsAt(first, count);
    if (vertical !== undefined) {
      const pairs = plan.verticalPairs + y * vertical.taps * 4;
      kernel.vertical(row, plan.windowStride, count, plan.output, rowBytes, pairs);
      row = plan.output;
    }
    result.set(memory.subarray(row, row + rowBytes), y * rowBytes);
  }
  return result;

  /** Horizontal pass over `rows` rows of the picture from `first` on, which lie side by side. */
  function shrinkRows(first: number, rows: number, target: number): void {
    const inputStride = image.width * 3;
    memory.set(image.data.subarray(first * inputStride, (first + rows) * inputStride), plan.strip);
    horizontalPass(run, { inputStride, rows, target, targetStride: plan.windowStride });
  }

  function copyRows(first: number, rows: number, target: number): void {
    copyInputRows(run, { first, rows, target });
  }
}

function runVerticalFirst(run: Run): Uint8Array {
  const { kernel, memory, image, passes, plan } = run;
  const { vertical, width, height } = passes;
  const rowBytes = width * 3;
  const result = new Uint8Array(height * rowBytes);
  const rowsAt = slidingWindow(run, (first, rows, target) => copyInputRows(run, { first, rows, target }));
  for (let y = 0; y < height; y += plan.stripRows) {
    const rows = Math.min(plan.stripRows, height - y);
    for (let row = 0; row < rows; row++) {
      const first = vertical?.bounds[(y + row) * 2] ?? 0;
      const count = vertical?.bounds[(y + row) * 2 + 1] ?? 0;
      const pairs = plan.verticalPairs + (y + row) * (vertical?.taps ?? 0) * 4;
      const target = plan.strip + row * plan.inputStride;
      kernel.vertical(rowsAt(first, count), plan.windowStride, count, target, image.width * 3, pairs);
    }
    horizontalPass(run, {
      inputStride: plan.inputStride,
      rows,
      target: plan.output,
      targetStride: plan.outputStride,
    });
    for (let row = 0; row < rows; row++) {
      const start = plan.output + row * plan.outputStride;
      result.set(memory.subarray(start, start + rowBytes), (y + row) * rowBytes);
    }
  }
  return result;
}

/** Horizontal pass over the rows in the strip. */
function horizontalPass(
  { kernel, passes, plan }: Run,
  part: {
    readonly inputStride: number;
    readonly rows: number;
    readonly target: number;
    readonly targetStride: number;
  },
): void {
  kernel.horizontal(
    plan.strip,
    part.inputStride,
    part.rows,
    part.target,
    part.targetStride,
    passes.width,
    plan.horizontalBounds,
    plan.horizontalPairs,
    passes.horizontal?.taps ?? 0,
  );
}

function copyInputRows(
  { memory, image, plan }: Run,
  { first, rows, target }: { readonly first: number; readonly rows: number; readonly target: number },
): void {
  const rowBytes = image.width * 3;
  for (let row = 0; row < rows; row++) {
    const start = (first + row) * rowBytes;
    memory.set(image.data.subarray(start, start + rowBytes), target + row * plan.windowStride);
  }
}

/**
 * Rows that the vertical pass reads, made as they are needed and dropped when they are not any more.
 * The function it returns gives the address of row `first`, after which `count` rows are in place; `first` may
 * not decrease from call to call.
 */
function slidingWindow(
  { memory, image, passes: { vertical }, plan }: Run,
  make: (first: number, rows: number, target: number) => void,
): (first: number, count: number) => number {
  const { window, windowRows, windowStride, stripRows } = plan;
  const lastRow = lastUsedRow(vertical) ?? image.height;
  let start = vertical?.bounds[0] ?? 0;
  let end = start;
  return (first, count) => {
    while (end < first + count) {
      const rows = Math.min(stripRows, lastRow - end);
      if (end - start + rows > windowRows) {
        memory.copyWithin(
          window,
          window + (first - start) * windowStride,
          window + (end - start) * windowStride,
        );
        start = first;
      }
      make(end, rows, window + (end - start) * windowStride);
      end += rows;
    }
    return window + (first - start) * windowStride;
  };
}

function lastUsedRow(vertical: Coefficients | undefined): number | undefined {
  if (vertical === undefined) return undefined;
  const { bounds } = vertical;
  return (bounds.at(-2) ?? 0) + (bounds.at(-1) ?? 0);
}

function mostTaps(coefficients: Coefficients | undefined): number {
  let most = 1;
  const bounds = coefficients?.bounds ?? new Int32Array();
  for (let index = 1; index < bounds.length; index += 2) most = Math.max(most, bounds[index] ?? 0);
  return most;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
