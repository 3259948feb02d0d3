import type { Point } from "../drawing/geometry.ts";
import type { Sheet } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { Frame } from "./backdrop.ts";

/** Where the bird is in the picture, in pixels. */
export interface Setting extends Frame {
  /** Pixels to a bird unit (a finch is about 120 units long). */
  readonly unit: number;
  readonly feet: Point;
  readonly billTip: Point;
  /** 1 when the bird looks to the right. */
  readonly facing: 1 | -1;
  readonly wintry: boolean;
  readonly random: Random;
  readonly sheet: Sheet;
}

/** What is drawn before the bird, between the bird and its toes, and over everything. */
export interface PerchDrawing {
  readonly behind?: string;
  readonly underToes?: string;
  readonly front?: string;
  /** The bird is mirrored in the water below this line. */
  readonly waterline?: number;
}
