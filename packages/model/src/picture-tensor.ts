import { FieldmarkError } from "@fieldmark/contract";
import type { PictureInput } from "./picture-input.ts";
import type { Batch } from "./run-in-batches.ts";
import type { Tensor } from "./tensor.ts";
import { convertTensor } from "./tensor-convert.ts";

export interface Pictures {
  /** float32 [rows, height, width, 3] */
  readonly pixels: Float32Array;
  readonly rows: number;
  readonly input: PictureInput;
  /** Pixels of a picture, for an input that leaves them open. */
  readonly size: { readonly height: number; readonly width: number } | undefined;
  /** The model's, for errors. */
  readonly path: string;
}

const CHANNELS = 3;

/**
 * Some pictures as the model's input takes them, in memory of their own: padded with the last one, channels moved,
 * element type changed.
 * @throws MODEL_INPUT when the pixels are not of the input's size, or no integers where it takes some
 */
export function pictureTensor(pictures: Pictures, { start, rows, padded }: Batch): Tensor {
  const { pixels, input, path } = pictures;
  const { height, width } = sizeOf(pictures);
  const values = height * width * CHANNELS;
  const data = new Float32Array(padded * values);
  for (let row = 0; row < padded; row++) {
    const from = (start + Math.min(row, rows - 1)) * values;
    const picture = pixels.subarray(from, from + values);
    if (input.layout === "NHWC") data.set(picture, row * values);
    else channelsFirst(picture, data.subarray(row * values, (row + 1) * values));
  }
  if (/int/.test(input.dataType)) refuseFractions(data, input, path);
  const shape =
    input.layout === "NHWC" ? [padded, height, width, CHANNELS] : [padded, CHANNELS, height, width];
  return convertTensor({ dataType: "float32", shape, data }, input.dataType);
}

function sizeOf({ pixels, rows, input, size, path }: Pictures): {
  readonly height: number;
  readonly width: number;
} {
  const area = pixels.length / rows / CHANNELS;
  const square = Math.sqrt(area);
  const height = input.height ?? size?.height ?? (input.width === null ? square : area / input.width);
  const width = input.width ?? size?.width ?? area / height;
  if (Number.isInteger(height) && Number.isInteger(width) && rows >= 1 && area === height * width) {
    return { height, width };
  }
  throw new FieldmarkError(
    "MODEL_INPUT",
    `${path}: ${pixels.length} values for ${rows} pictures, expected ${input.height ?? "height"} × ` +
      `${input.width ?? "width"} × ${CHANNELS} a picture`,
  );
}

function channelsFirst(picture: Float32Array, planes: Float32Array): void {
  const area = planes.length / CHANNELS;
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      planes[channel * area + pixel] = picture[pixel * CHANNELS + channel] ?? 0;
    }
  }
}

function refuseFractions(data: Float32Array, { name, dataType }: PictureInput, path: string): void {
  const [low, high] = dataType === "int8" ? [-128, 127] : [0, 255];
  const wrong = data.find((value) => !(Number.isInteger(value) && value >= low && value <= high));
  if (wrong === undefined) return;
  throw new FieldmarkError(
    "MODEL_INPUT",
    `${path}: a pixel is ${wrong}, but the input ${name} is ${dataType}: expected whole numbers ${low} to ${high}, ` +
      "as the recipe raw gives them",
  );
}
