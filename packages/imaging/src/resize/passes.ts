import type { Coefficients } from "./pillow-coefficients.ts";

/** A resample as one pass along each axis, with bytes between the two. */
export interface Passes {
  /** Pixels of the result. */
  readonly width: number;
  readonly height: number;
  /** The coefficients of an axis; undefined where the axis keeps its size and is left alone. */
  readonly horizontal: Coefficients | undefined;
  readonly vertical: Coefficients | undefined;
  /** Rounding between the passes makes their order visible in the result. */
  readonly order: "horizontal-first" | "vertical-first";
}
