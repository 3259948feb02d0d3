import { flower } from "./flowers.ts";
import { feeder, ground, stump } from "./places.ts";
import { branch, conifer, stem, thistle, trunk, wire } from "./plants.ts";
import type { PerchDrawing, Setting } from "./setting.ts";
import { water } from "./water.ts";

/** Every place a bird may be; a species lists those it is seen on. */
export const PERCHES = {
  branch,
  conifer,
  stem,
  thistle,
  wire,
  trunk,
  stump,
  feeder,
  ground,
  flower,
  water,
} as const satisfies Record<string, (setting: Setting) => PerchDrawing>;

export type PerchKind = keyof typeof PERCHES;
