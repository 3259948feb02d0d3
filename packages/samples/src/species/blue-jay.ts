import { bare } from "../anatomy/head.ts";
import { type BodyPlan, type Plumage, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { type Point, points, smoothOpen } from "../drawing/geometry.ts";
import { patch, strokes } from "../drawing/plumage.ts";
import { path } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import { finchPlan, perchedPose } from "./finch-plan.ts";
import type { Species } from "./species.ts";

function plan(random: Random): BodyPlan {
  const raised = random.between(0.1, 1);
  const crest = (low: Point, high: Point): Point => [
    low[0] + (high[0] - low[0]) * raised,
    low[1] + (high[1] - low[1]) * raised,
  ];
  return {
    ...finchPlan,
    head: [
      [10, 17],
      [13, 9.5],
      [15.5, 3.5],
      [15, -2.5],
      [11, -9],
      crest([3, -14], [4, -15]),
      crest([-8, -16], [-7, -21]),
      crest([-22, -13], [-21, -28]),
      crest([-19, -8], [-18, -15]),
      [-18, -4],
      [-22, 6],
    ],
    body: points("9,-21 -10,-20 -28,-14 -43,-6 -48,-1 -44,5 -30,12 -12,19 8,22 25,17 34,5"),
    headAt: [34, -19],
    headSize: 0.94,
    eye: { at: [5.5, -3.5], radius: 2.1 },
    bill: { at: [14.5, 1], length: 15, depth: 7, bulge: 0.75, droop: 1 },
    wing: { at: [22, -5], length: 72, depth: 23, turn: 4 },
    tail: { at: [-42, -1], turn: 2, length: 58, spread: 13, middle: 1.1, feathers: 6, width: 8.5 },
    legs: { at: [-2, 19], length: 16, thickness: 2 },
  };
}

/** Blue above with black bars and white bars in the wing, a black necklace round a pale face. */
function adult(random: Random): Plumage {
  const young = random.chance(0.2);
  const blue = varied(random.pick(["#4a7cc4", "#4470b8", "#5688c8"]), 18, random.next);
  const dull = blend(blue, "#8f97ac", young ? 0.6 : 0.42);
  const pale = varied("#d9d8da", 12, random.next);
  const ink = young ? "#3a3c44" : "#121318";
  const bright = young ? blend(blue, "#7a8caa", 0.3) : blend(blue, "#2f7fe0", 0.4);
  return {
    base: pale,
    body: (brush) => [
      patch(points("30,-30 -8,-29 -30,-20 -52,-8 -48,-1 -24,-7 0,-8 26,-10"), dull, brush),
      patch(points("34,8 26,0 8,8 -10,12 -8,20 16,22"), blend(pale, "#9a938e", 0.4), {
        ...brush,
        opacity: 0.7,
      }),
      patch(points("-50,12 -36,4 -16,16 -26,26"), "#f3f2f2", brush),
    ],
    head: (brush) => [
      patch(points("16,-6 6,-10 -8,-10 -16,-6 -24,4 -32,-30 -8,-30 14,-16"), dull, {
        random: brush.random,
        fringe: 0.5,
      }),
      patch(points("15,-2 8,-9 -4,-9 -13,-4 -13,6 -6,14 8,18 16,8"), lighter(pale, 0.45), {
        random: brush.random,
        fringe: 0.5,
      }),
      path(smoothOpen(points("-10,-14 -17,-6 -17.5,4 -13,14 -4,21 6,23.5 16,19")), {
        stroke: ink,
        width: 3.8,
      }),
      bare(points("15,-3 10,-5 8.5,-3.5 11,-0.5 15,1"), ink),
      path(smoothOpen(points("9,-4 2,-4.6 -6,-5.6 -13,-7")), { stroke: ink, width: 1 }),
      strokes(
        {
          centre: [-10, -14],
          radii: [11, 8],
          count: 34,
          length: 5,
          color: darker(blue, 0.3),
          width: 0.7,
          opacity: 0.4,
          direction: 200,
        },
        random,
      ),
    ],
    wing: {
      primaries: { fill: blend(bright, "#303a4a", 0.35), edge: lighter(bright, 0.35), edgeWidth: 0.8 },
      secondaries: { fill: bright, bars: ink, barGap: 4.2, barShare: 0.3, tip: "#f4f5f8", tipShare: 0.12 },
      tertials: { fill: bright, bars: ink, barGap: 4.4, barShare: 0.3, tip: "#f6f7fa", tipShare: 0.15 },
      greaterCoverts: {
        fill: blend(bright, "#2a86f0", 0.2),
        bars: ink,
        barGap: 3.8,
        tip: "#f6f7fa",
        tipShare: 0.2,
      },
      medianCoverts: { fill: blend(bright, dull, 0.3), edge: darker(blue, 0.3), edgeWidth: 0.5 },
      shoulder: blend(blue, dull, 0.4),
      scapulars: blend(dull, blue, 0.3),
    },
    tail: {
      inner: { fill: bright, bars: ink, barGap: 4.6, barShare: 0.24, tip: "#e9edf4", tipShare: 0.07 },
      outer: { fill: blend(bright, "#7080a0", 0.3), tip: "#f6f7fa", tipShare: 0.3 },
    },
    bill: { upper: "#191a1e", lower: "#26272c" },
    legs: "#2c2a2c",
    texture: 0.35,
  };
}

export const blueJay: Species = {
  id: 73,
  className: "073.Blue_Jay",
  size: 0.78,
  variants: [
    {
      name: "adult",
      weight: 1,
      draw: (brush) => songbird(plan(brush.random), adult(brush.random), perchedPose(brush.random), brush),
    },
  ],
  perches: [
    { kind: "branch", weight: 5 },
    { kind: "stump", weight: 2 },
    { kind: "conifer", weight: 2 },
    { kind: "feeder", weight: 2 },
    { kind: "ground", weight: 1 },
  ],
  backdrops: [
    { kind: "foliage", weight: 4 },
    { kind: "autumn", weight: 2 },
    { kind: "winter", weight: 2 },
    { kind: "shade", weight: 2 },
    { kind: "sky", weight: 1 },
  ],
};
