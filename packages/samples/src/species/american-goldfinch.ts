import { type Plumage, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { points } from "../drawing/geometry.ts";
import { patch, strokes } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";
import { finchPlan, perchedPose } from "./finch-plan.ts";
import type { Species } from "./species.ts";

/** Lemon yellow with a black cap drawn over the forehead, black wings and a white vent. */
function male(random: Random): Plumage {
  const yellow = varied(random.pick(["#f0c81e", "#f3d02a", "#e6c326"]), 18, random.next);
  return {
    base: yellow,
    body: (brush) => [
      patch(points("-50,10 -44,0 -30,6 -22,16 -30,26 -50,20"), "#f2efe4", brush),
      patch(points("24,-30 -8,-28 -26,-20 -24,-14 -6,-15 16,-12"), blend(yellow, "#a89a20", 0.22), brush),
      patch(points("-24,-24 -48,-12 -46,-4 -26,-9"), "#eeeadb", brush),
      strokes(
        {
          centre: [10, 8],
          radii: [26, 13],
          count: 60,
          length: 4,
          color: darker(yellow, 0.25),
          width: 0.8,
          opacity: 0.4,
        },
        random,
      ),
    ],
    head: (brush) => [
      patch(points("17,-3 12.5,-3.5 9,-7 2,-9.5 -5,-13 -2,-20 12,-16 18,-8"), "#0e0d0c", {
        random: brush.random,
        fringe: 0.4,
      }),
      strokes(
        {
          centre: [-4, 4],
          radii: [13, 11],
          count: 36,
          length: 3,
          color: darker(yellow, 0.3),
          width: 0.6,
          opacity: 0.35,
        },
        random,
      ),
    ],
    wing: {
      primaries: { fill: "#131211", edge: "#d9d4c6", edgeWidth: 0.5 },
      secondaries: { fill: "#141312", edge: "#efece0", edgeWidth: 1 },
      tertials: { fill: "#171514", edge: "#f2efe6", edgeWidth: 1.2 },
      greaterCoverts: { fill: "#141312", tip: "#f5f2ea", tipShare: 0.24 },
      medianCoverts: { fill: "#121110", tip: blend(yellow, "#ffffff", 0.3), tipShare: 0.14 },
      shoulder: blend("#5a5214", yellow, 0.55),
      scapulars: blend(yellow, "#a89a20", 0.22),
    },
    tail: { inner: { fill: "#141312", edge: "#e9e5d8", edgeWidth: 0.9 } },
    bill: { upper: "#e58a54", lower: "#ea9a66" },
    legs: "#b87f68",
  };
}

/** Olive above and dull yellow below, no cap; in winter browner, with only the face yellow. */
function female(random: Random): Plumage {
  const winter = random.chance(0.45);
  const below = winter ? varied("#c9b48e", 18, random.next) : varied("#d3c04e", 24, random.next);
  const above = winter ? varied("#94795a", 16, random.next) : varied("#8f8440", 18, random.next);
  const face = winter ? blend(below, "#d8c04a", 0.6) : below;
  const bar = blend("#efe6cf", below, 0.2);
  return {
    base: below,
    body: (brush) => [
      patch(points("-50,10 -44,0 -30,5 -22,15 -30,26 -50,20"), "#ece7da", brush),
      patch(points("28,-30 -8,-29 -30,-20 -48,-8 -44,-2 -24,-8 0,-8 26,-10"), above, brush),
      patch(points("-30,20 -20,6 4,10 0,26"), blend(below, "#a58e66", 0.4), { ...brush, opacity: 0.5 }),
      strokes(
        {
          centre: [8, 8],
          radii: [28, 13],
          count: 50,
          length: 4,
          color: darker(below, 0.3),
          width: 0.8,
          opacity: 0.35,
        },
        random,
      ),
    ],
    head: (brush) => [
      patch(points("-26,4 -14,-2 2,-8 14,-6 14,-20 -20,-20"), blend(above, face, 0.3), {
        random: brush.random,
        fringe: 1,
      }),
      patch(points("15,2 8,-6 0,-8 -4,0 0,10 8,18 16,14"), face, { random: brush.random, fringe: 1 }),
      strokes(
        {
          centre: [-2, 2],
          radii: [15, 13],
          count: 40,
          length: 3,
          color: darker(above, 0.3),
          width: 0.6,
          opacity: 0.3,
        },
        random,
      ),
    ],
    wing: {
      primaries: { fill: "#2a2521", edge: "#b5ab95", edgeWidth: 0.5 },
      secondaries: { fill: "#2c2722", edge: bar, edgeWidth: 0.9 },
      tertials: { fill: "#332c26", edge: bar, edgeWidth: 1.1 },
      greaterCoverts: { fill: "#2d2722", tip: bar, tipShare: 0.24 },
      medianCoverts: { fill: "#332d26", tip: blend(bar, below, 0.3), tipShare: 0.28 },
      shoulder: blend(above, below, 0.25),
      scapulars: above,
    },
    tail: { inner: { fill: "#2b2622", edge: "#cfc6b2", edgeWidth: 0.8 } },
    bill: { upper: winter ? "#7d6a58" : "#c78f62", lower: winter ? "#a08a70" : "#d5a076" },
    legs: "#a07a66",
    eyeRing: lighter(face, 0.3),
  };
}

const plan = {
  ...finchPlan,
  bill: { ...finchPlan.bill, length: 10.5, depth: 8.6, bulge: 0.7 },
  tail: { ...finchPlan.tail, length: 32 },
};

export const americanGoldfinch: Species = {
  id: 47,
  className: "047.American_Goldfinch",
  size: 0.62,
  variants: [
    {
      name: "male",
      weight: 0.64,
      draw: (brush) => songbird(plan, male(brush.random), perchedPose(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.36,
      draw: (brush) => songbird(plan, female(brush.random), perchedPose(brush.random), brush),
    },
  ],
  perches: [
    { kind: "branch", weight: 4 },
    { kind: "thistle", weight: 3 },
    { kind: "feeder", weight: 2 },
    { kind: "stem", weight: 2 },
  ],
  backdrops: [
    { kind: "foliage", weight: 4 },
    { kind: "meadow", weight: 3 },
    { kind: "sky", weight: 1 },
    { kind: "garden", weight: 1 },
    { kind: "winter", weight: 1 },
  ],
};
