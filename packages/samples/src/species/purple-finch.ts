import { bare } from "../anatomy/head.ts";
import { type Plumage, songbird } from "../anatomy/songbird.ts";
import { blend, darker, varied } from "../drawing/color.ts";
import { points } from "../drawing/geometry.ts";
import { patch, streaks, strokes } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";
import { finchPlan, perchedPose } from "./finch-plan.ts";
import type { Species } from "./species.ts";

/** "Dipped in raspberry juice": wine red head and breast, brown back with red in it, white vent. */
function male(random: Random): Plumage {
  const red = varied(random.chance(0.5) ? "#b0324a" : "#b8404a", 26, random.next);
  const brown = varied("#7a5548", 14, random.next);
  const back = blend(brown, red, 0.38);
  return {
    base: blend(red, "#c88a88", 0.25),
    body: (brush) => [
      patch(points("-46,4 -30,2 -12,8 6,12 14,24 -8,30 -34,22 -48,12"), "#e6d6d2", brush),
      patch(points("40,10 30,-6 14,-2 4,8 2,18 12,22 28,24"), blend(red, "#d89a9c", 0.12), brush),
      patch(points("24,-30 -8,-28 -28,-20 -30,-12 -8,-12 14,-8 26,-14"), back, brush),
      streaks(
        { centre: [-4, -18], radii: [22, 6], color: darker(brown, 0.4), rows: 4, opacity: 0.6 },
        random,
      ),
      patch(points("-22,-20 -44,-10 -44,-2 -26,-6"), blend(red, "#c06a70", 0.3), brush),
      streaks(
        { centre: [-8, 13], radii: [22, 6], color: blend(brown, red, 0.3), rows: 4, opacity: 0.5 },
        random,
      ),
      strokes(
        {
          centre: [20, 8],
          radii: [16, 13],
          count: 40,
          length: 4,
          color: darker(red, 0.35),
          width: 0.9,
          opacity: 0.35,
        },
        random,
      ),
    ],
    head: (brush) => [
      patch(points("-26,-20 18,-20 20,20 -6,18 -24,8"), red, brush),
      patch(points("-22,-6 -10,-15 4,-17 13,-9 4,-9 -10,-6"), darker(red, 0.12), brush),
      bare(points("2,-6 9,-6.5 13,-3 14,3 6,2 -8,5 -15,3 -8,-2"), blend(brown, red, 0.35), 0.62),
      patch(points("14,-5 6,-8.5 -8,-7 -14,-3 -6,-4.5 5,-6"), blend(red, "#e0909a", 0.45), {
        random: brush.random,
        fringe: 0.4,
        opacity: 0.7,
      }),
      strokes(
        {
          centre: [0, 0],
          radii: [17, 16],
          count: 60,
          length: 3,
          color: darker(red, 0.5),
          width: 0.6,
          opacity: 0.3,
        },
        random,
      ),
    ],
    ...brownWing(brown, blend(red, "#d0a098", 0.55)),
    bill: { upper: "#8a7468", lower: "#b09a88" },
    legs: "#6e5448",
  };
}

/** Brown above, white below with bold blurred streaks, and a white brow over a dark cheek. */
function female(random: Random): Plumage {
  const brown = varied("#6f5a48", 16, random.next);
  const white = varied("#e9e0d2", 10, random.next);
  return {
    base: white,
    body: (brush) => [
      patch(points("30,-30 -8,-30 -30,-20 -48,-8 -44,-1 -20,-8 6,-5 26,-6"), brown, brush),
      streaks(
        { centre: [-2, -17], radii: [28, 7], color: darker(brown, 0.5), rows: 5, opacity: 0.75 },
        random,
      ),
      streaks(
        { centre: [18, 7], radii: [20, 15], color: brown, rows: 8, opacity: 0.92, length: 5.4, width: 2.2 },
        random,
      ),
      streaks({ centre: [-10, 13], radii: [26, 7], color: brown, rows: 5, opacity: 0.8, width: 1.9 }, random),
    ],
    head: (brush) => [
      patch(points("-26,-20 18,-20 18,4 0,8 -24,10"), brown, brush),
      patch(points("-20,12 -6,6 8,8 15,5 14,20 -4,22"), white, brush),
      patch(points("14,-4 6,-8.5 -6,-8 -15,-4 -16,-1 -6,-4 4,-5.6"), white, {
        random: brush.random,
        fringe: 0.4,
      }),
      patch(points("8,-3 -4,-3 -14,1 -12,6 0,5 10,3"), darker(brown, 0.2), {
        random: brush.random,
        fringe: 0.5,
      }),
      patch(points("14,5 6,5 -6,8 -12,12 -4,10 8,8"), white, { random: brush.random, fringe: 0.4 }),
      patch(points("13,8 6,8.5 -2,13 2,15 9,12"), brown, {
        random: brush.random,
        fringe: 0.5,
        opacity: 0.85,
      }),
      streaks(
        {
          centre: [-2, -13],
          radii: [12, 3],
          color: darker(brown, 0.45),
          rows: 3,
          length: 3.4,
          width: 1.1,
          opacity: 0.7,
        },
        random,
      ),
    ],
    ...brownWing(brown, "#c9b79c"),
    bill: { upper: "#7d7066", lower: "#a3968a" },
    legs: "#6a5549",
  };
}

function brownWing(brown: string, edge: string): Pick<Plumage, "wing" | "tail"> {
  const dark = darker(brown, 0.42);
  return {
    wing: {
      primaries: { fill: dark, edge: blend(edge, brown, 0.3), edgeWidth: 0.6 },
      secondaries: { fill: dark, edge, edgeWidth: 0.8 },
      tertials: { fill: darker(brown, 0.35), edge, edgeWidth: 1 },
      greaterCoverts: { fill: darker(brown, 0.25), tip: blend(edge, brown, 0.25), tipShare: 0.12 },
      medianCoverts: { fill: darker(brown, 0.2), tip: blend(edge, brown, 0.25), tipShare: 0.18 },
      shoulder: blend(brown, edge, 0.25),
      scapulars: blend(brown, edge, 0.1),
    },
    tail: { inner: { fill: darker(brown, 0.35), edge: blend(edge, brown, 0.4) } },
  };
}

export const purpleFinch: Species = {
  id: 35,
  className: "035.Purple_Finch",
  size: 0.66,
  variants: [
    {
      name: "male",
      weight: 0.66,
      draw: (brush) => songbird(finchPlan, male(brush.random), perchedPose(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.34,
      draw: (brush) => songbird(finchPlan, female(brush.random), perchedPose(brush.random), brush),
    },
  ],
  perches: [
    { kind: "branch", weight: 5 },
    { kind: "conifer", weight: 3 },
    { kind: "feeder", weight: 2 },
    { kind: "stem", weight: 1 },
  ],
  backdrops: [
    { kind: "foliage", weight: 4 },
    { kind: "shade", weight: 2 },
    { kind: "winter", weight: 2 },
    { kind: "sky", weight: 1 },
    { kind: "meadow", weight: 1 },
  ],
};
