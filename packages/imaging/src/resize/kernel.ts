import { KERNEL_BASE64 } from "./kernel.generated.ts";
import type { Coefficients } from "./pillow-coefficients.ts";

/** The functions of kernel/resample.ts; addresses and strides are bytes of its memory. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;
  horizontal(
    input: number,
    inputStride: number,
    rows: number,
    output: number,
    outputStride: number,
    width: number,
    bounds: number,
    coefficients: number,
    taps: number,
  ): void;
  vertical(
    input: number,
    inputStride: number,
    count: number,
    output: number,
    bytes: number,
    coefficients: number,
  ): void;
}

/** Memory that a thread keeps from one picture to the next; a kernel that grew beyond it is let go. */
const KEPT_MEMORY_BYTES = 32 * 1024 * 1024;
const PAGE_BYTES = 65_536;

let module: WebAssembly.Module | undefined;
let idle: Kernel | undefined;

/** Whether this JavaScript engine and this processor run WebAssembly with SIMD. */
export const kernelAvailable = typeof WebAssembly === "object" && WebAssembly.validate(kernelBytes());

/** Lends this thread's kernel to a synchronous function, with at least `bytes` of memory, whose contents are undefined. */
export function withKernel<T>(bytes: number, use: (kernel: Kernel, memory: Uint8Array) => T): T {
  module ??= new WebAssembly.Module(kernelBytes());
  const kernel = idle ?? (new WebAssembly.Instance(module, {}).exports as Kernel);
  idle = undefined;
  const missing = bytes - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const result = use(kernel, new Uint8Array(kernel.memory.buffer));
  if (kernel.memory.buffer.byteLength <= KEPT_MEMORY_BYTES) idle = kernel;
  return result;
}

function kernelBytes(): Uint8Array {
  return Buffer.from(KERNEL_BASE64, "base64");
}

const pairs = new WeakMap<Coefficients, Uint8Array>();

/** Coefficients as the kernel reads them: for two taps, int16 [low, low, high, high] with c = high · 2^15 + low. */
export function kernelPairs(coefficients: Coefficients): Uint8Array {
  const known = pairs.get(coefficients);
  if (known !== undefined) return known;
  const { fixed } = coefficients;
  const words = new Int16Array(fixed.length * 2);
  for (let tap = 0; tap < fixed.length; tap++) {
    const coefficient = fixed[tap] ?? 0;
    const place = (tap >> 1) * 4 + (tap & 1);
    words[place] = coefficient & 0x7fff;
    words[place + 2] = coefficient >> 15;
  }
  const bytes = new Uint8Array(words.buffer);
  pairs.set(coefficients, bytes);
  return bytes;
}
