import type { Preprocessing } from "@fieldmark/imaging";

/** float32 in memory that decode threads write and the main thread reads: nothing is copied between them. */
export type SharedPixels = Float32Array<SharedArrayBuffer>;

const CHANNELS = 3;

/** Room for a batch of pictures, float32 [pictures, height, width, 3]; used again for batch after batch. */
export class PixelBatch {
  readonly #pixels: SharedPixels;
  readonly #values: number;

  constructor(pictures: number, { height, width }: Preprocessing["size"]) {
    this.#values = height * width * CHANNELS;
    const bytes = pictures * this.#values * Float32Array.BYTES_PER_ELEMENT;
    this.#pixels = new Float32Array(new SharedArrayBuffer(bytes));
  }

  /** Where the picture at `index` goes: float32 [height, width, 3]. */
  picture(index: number): SharedPixels {
    return this.#pixels.subarray(index * this.#values, (index + 1) * this.#values);
  }

  /**
   * The pictures at the given places, moved together at the front: float32 [indices, height, width, 3].
   * @param indices ascending
   */
  keep(indices: readonly number[]): SharedPixels {
    indices.forEach((from, to) => {
      if (from !== to) this.picture(to).set(this.picture(from));
    });
    return this.#pixels.subarray(0, indices.length * this.#values);
  }
}
