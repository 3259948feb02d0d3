import { n, type Point } from "../drawing/geometry.ts";
import { type FeatherInk, feather } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";

export interface TailShape {
  readonly length: number;
  /** Degrees from the lowest to the highest feather. */
  readonly spread: number;
  /** Length of the middle feathers against the outer ones: below 1 is notched, above 1 is pointed. */
  readonly middle: number;
  readonly feathers: number;
  readonly width: number;
}

/** A tail in its own frame: base at the origin, pointing to −x. `outer` is the lowest feather. */
export function tail(
  { length, spread, middle, feathers, width }: TailShape,
  inks: { readonly inner: FeatherInk; readonly outer?: FeatherInk },
  random: Random,
): string {
  return Array.from({ length: feathers }, (_, i) => {
    const share = feathers === 1 ? 0.5 : i / (feathers - 1);
    const centred = 1 - Math.abs(share * 2 - 1);
    const angle = ((180 - (0.5 - share) * -spread) * Math.PI) / 180;
    const reach = length * (1 + (middle - 1) * centred) * random.between(0.985, 1.015);
    const tip: Point = [Math.cos(angle) * reach, Math.sin(angle) * reach];
    const base: Point = [3, (0.5 - share) * width * 1.2];
    const ink = i === 0 && inks.outer !== undefined ? inks.outer : inks.inner;
    return feather(base, [tip[0], tip[1] + base[1]], width, ink);
  }).join("");
}

/** Toes round a perch and the legs above it, in picture directions; `hips` and `feet` side by side. */
export function leg(hip: Point, foot: Point, color: string, thickness: number): string {
  const knee: Point = [hip[0] + (foot[0] - hip[0]) * 0.35 - 3.2, hip[1] + (foot[1] - hip[1]) * 0.42];
  const d = `M${n(hip[0])} ${n(hip[1])}L${n(knee[0])} ${n(knee[1])}L${n(foot[0])} ${n(foot[1])}`;
  return `<path d="${d}" fill="none" stroke="${color}" stroke-width="${n(thickness)}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** Three toes over the front of a perch. */
export function toes(foot: Point, color: string, thickness: number): string {
  const d = [-3, 0.6, 4]
    .map((dx) => `M${n(foot[0])} ${n(foot[1])}q${n(dx)} -1.2 ${n(dx * 1.25 + 0.6)} 3.6`)
    .join("");
  return `<path d="${d}" fill="none" stroke="${color}" stroke-width="${n(thickness * 0.9)}" stroke-linecap="round"/>`;
}
