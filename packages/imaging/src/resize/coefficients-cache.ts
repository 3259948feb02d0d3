import { FieldmarkError } from "@fieldmark/contract";
import {
  type AxisGeometry,
  type Coefficients,
  PILLOW_FILTERS,
  type PillowFilterName,
  pillowCoefficients,
} from "./pillow-coefficients.ts";

/** Numbers kept for later pictures of the same size: 4 MiB, some hundred geometries. */
const KEPT_COEFFICIENTS = 1 << 20;

/** Numbers one axis may need (32 MiB); a picture with a side of a million pixels stays below. */
const MOST_COEFFICIENTS = 1 << 23;

const kept = new Map<string, Coefficients>();
let keptCoefficients = 0;

/**
 * `pillowCoefficients`, remembered for the geometries that were asked for last.
 *
 * @throws IMAGE_TOO_LARGE when the table of a very long side would need more than 32 MiB
 */
export function coefficientsFor(filter: PillowFilterName, axis: AxisGeometry): Coefficients {
  const key = `${filter} ${axis.inputSize} ${axis.start} ${axis.length} ${axis.outputSize}`;
  const known = kept.get(key);
  if (known !== undefined) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  refuseHugeTable(filter, axis);
  const made = pillowCoefficients(filter, axis);
  remember(key, made);
  return made;
}

function refuseHugeTable(filter: PillowFilterName, { length, outputSize }: AxisGeometry): void {
  const taps = 2 * Math.ceil(PILLOW_FILTERS[filter].support * Math.max(1, length / outputSize)) + 1;
  if (taps * outputSize <= MOST_COEFFICIENTS) return;
  throw new FieldmarkError(
    "IMAGE_TOO_LARGE",
    `resizing a side of ${length} pixels to ${outputSize} needs ${taps * outputSize} ${filter} coefficients, ` +
      `expected at most ${MOST_COEFFICIENTS}`,
  );
}

function remember(key: string, made: Coefficients): void {
  if (made.fixed.length > KEPT_COEFFICIENTS / 8) return;
  kept.set(key, made);
  keptCoefficients += made.fixed.length;
  for (const [oldest, { fixed }] of kept) {
    if (keptCoefficients <= KEPT_COEFFICIENTS) return;
    kept.delete(oldest);
    keptCoefficients -= fixed.length;
  }
}
