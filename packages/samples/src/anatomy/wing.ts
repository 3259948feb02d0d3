import { darker } from "../drawing/color.ts";
import type { Point } from "../drawing/geometry.ts";
import { type FeatherInk, feather, patch, streaks, strokes } from "../drawing/plumage.ts";
import { path } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";

/** Colours of a folded wing, tract by tract, from the tip to the shoulder. */
export interface WingInks {
  readonly primaries: FeatherInk;
  readonly secondaries: FeatherInk;
  readonly tertials: FeatherInk;
  readonly greaterCoverts: FeatherInk;
  readonly medianCoverts: FeatherInk;
  /** Lesser coverts: the shoulder. */
  readonly shoulder: string;
  /** Feathers of the back that hang over the upper edge of the wing. */
  readonly scapulars: string;
  /** Dark bars across the shoulder and the scapulars. */
  readonly bars?: string;
}

/**
 * A folded wing seen from the side. Frame: the bend of the wing at the origin, the tip towards −x,
 * the back towards −y; `length` and `depth` in the same units.
 */
export function foldedWing(
  { length, depth }: { readonly length: number; readonly depth: number },
  inks: WingInks,
  random: Random,
): string {
  const on = (along: number, down: number): Point => [
    -along * length + random.between(-0.25, 0.25),
    down * depth + random.between(-0.25, 0.25),
  ];
  const row = (
    count: number,
    width: number,
    ink: FeatherInk,
    ends: (i: number) => readonly [base: Point, tip: Point],
  ): string =>
    Array.from({ length: count }, (_, i) => {
      const [base, tip] = ends(i);
      return feather(base, tip, width * depth, ink);
    }).join("");
  return [
    path(
      `M0 ${depth * 0.3}Q${-length * 0.35} ${depth * 0.62} ${-length * 0.8} ${depth * 0.2}L${-length * 0.5} ${-depth * 0.3}Z`,
      {
        fill: inks.primaries.fill,
      },
    ),
    row(6, 0.15, inks.primaries, (i) => [
      on(0.36 + 0.02 * i, 0.42 - 0.05 * i),
      on(1 - 0.05 * i, 0.1 - 0.055 * i),
    ]),
    row(5, 0.22, inks.secondaries, (i) => [on(0.24, 0.42 - 0.09 * i), on(0.74 - 0.02 * i, 0.2 - 0.09 * i)]),
    row(3, 0.3, inks.tertials, (i) => [on(0.22, 0.02 - 0.17 * i), on(0.72 - 0.1 * i, -0.16 - 0.12 * i)]),
    row(7, 0.19, inks.greaterCoverts, (i) => [
      on(0.1, 0.42 - 0.125 * i),
      on(0.36 + 0.015 * i, 0.44 - 0.13 * i),
    ]),
    row(6, 0.2, inks.medianCoverts, (i) => [on(0.02, 0.36 - 0.135 * i), on(0.2 + 0.02 * i, 0.4 - 0.15 * i)]),
    patch(
      [on(-0.06, 0.05), on(-0.02, 0.36), on(0.1, 0.42), on(0.13, 0), on(0.17, -0.42), on(0.02, -0.4)],
      inks.shoulder,
      { random, fringe: 0.8 },
    ),
    patch(
      [on(-0.1, -0.3), on(0.06, -0.22), on(0.26, -0.3), on(0.46, -0.42), on(0.34, -0.66), on(0, -0.72)],
      inks.scapulars,
      { random, fringe: 0.9 },
    ),
    strokes(
      {
        centre: [-length * 0.27, -depth * 0.4],
        radii: [length * 0.2, depth * 0.14],
        count: 34,
        length: 6,
        color: inks.scapulars,
        width: 1.1,
        direction: 170,
      },
      random,
    ),
    strokes(
      {
        centre: [-length * 0.14, -depth * 0.5],
        radii: [length * 0.2, depth * 0.16],
        count: 26,
        length: 4.6,
        color: darker(inks.scapulars, 0.4),
        width: 0.9,
        opacity: 0.45,
        direction: 172,
      },
      random,
    ),
    strokes(
      {
        centre: [-length * 0.12, -depth * 0.15],
        radii: [length * 0.14, depth * 0.4],
        count: 26,
        length: 3.4,
        color: "#000000",
        width: 0.5,
        opacity: 0.18,
      },
      random,
    ),
    inks.bars === undefined
      ? ""
      : streaks(
          {
            centre: [-length * 0.17, -depth * 0.3],
            radii: [depth * 0.3, length * 0.2],
            color: inks.bars,
            rows: 8,
            direction: 84,
            length: 4.4,
            width: 1.7,
            opacity: 0.85,
          },
          random,
        ),
  ].join("");
}
