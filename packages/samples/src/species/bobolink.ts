import { type Plumage, songbird } from "../anatomy/songbird.ts";
import { blend, darker, varied } from "../drawing/color.ts";
import { points } from "../drawing/geometry.ts";
import { patch, streaks, strokes } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";
import { finchPlan, perchedPose } from "./finch-plan.ts";
import type { Species } from "./species.ts";

/** Black below and pale above, "a dinner suit worn backwards": buff nape, white scapulars and rump. */
function male(random: Random): Plumage {
  const black = varied("#16140f", 8, random.next);
  const buff = varied(random.pick(["#e8cd84", "#dfbf6c", "#ecdca6"]), 16, random.next);
  const white = varied("#eae6da", 12, random.next);
  return {
    base: black,
    body: (brush) => [
      patch(points("26,-30 6,-28 -6,-20 10,-16 26,-18"), blend(black, "#6a5a3a", 0.4), brush),
      streaks({ centre: [12, -19], radii: [14, 5], color: buff, rows: 3, opacity: 0.6, length: 6 }, random),
      patch(points("-14,-28 -40,-16 -46,-6 -30,-10 -10,-16"), white, brush),
      strokes(
        { centre: [8, 8], radii: [30, 14], count: 80, length: 4, color: "#4a4438", width: 0.7, opacity: 0.6 },
        random,
      ),
      random.chance(0.4)
        ? strokes(
            {
              centre: [-14, 14],
              radii: [22, 8],
              count: 26,
              length: 4,
              color: buff,
              width: 0.9,
              opacity: 0.55,
            },
            random,
          )
        : "",
    ],
    head: (brush) => [
      patch(points("-3,-19 -4,-10 -5,-2 -10,6 -18,10 -30,6 -24,-16"), buff, brush),
      strokes(
        {
          centre: [-14, -4],
          radii: [8, 10],
          count: 26,
          length: 3.5,
          color: darker(buff, 0.25),
          width: 0.6,
          opacity: 0.5,
          direction: 130,
        },
        random,
      ),
    ],
    wing: {
      primaries: { fill: "#191612", edge: "#b9a982", edgeWidth: 0.5 },
      secondaries: { fill: "#1b1813", edge: "#a99a76", edgeWidth: 0.5 },
      tertials: { fill: "#1c1914", edge: buff, edgeWidth: 1.1 },
      greaterCoverts: { fill: "#17140f", edge: "#7d7058", edgeWidth: 0.5 },
      medianCoverts: { fill: "#15130f", edge: "#5a5040", edgeWidth: 0.4 },
      shoulder: "#15130e",
      scapulars: white,
    },
    tail: { inner: { fill: "#181510", edge: "#8f8264", edgeWidth: 0.5 } },
    bill: { upper: "#1d1a17", lower: "#35302b" },
    legs: "#5a4438",
    texture: 0.3,
  };
}

/** Warm buff all over with dark stripes on the crown and back and fine streaks on the flanks. */
function female(random: Random): Plumage {
  const buff = varied(random.pick(["#d2b070", "#c9a86c", "#d8bd86"]), 16, random.next);
  const brown = varied("#5f4a34", 12, random.next);
  return {
    base: blend(buff, "#ffffff", 0.12),
    body: (brush) => [
      patch(points("30,-30 -8,-30 -30,-20 -48,-8 -44,-1 -20,-8 6,-5 26,-8"), blend(buff, brown, 0.32), brush),
      streaks(
        {
          centre: [-4, -18],
          radii: [30, 8],
          color: darker(brown, 0.3),
          rows: 5,
          opacity: 0.9,
          length: 7,
          width: 2.2,
        },
        random,
      ),
      streaks({ centre: [-8, 12], radii: [26, 8], color: brown, rows: 5, opacity: 0.65, width: 1.2 }, random),
    ],
    head: (brush) => [
      patch(points("16,-5 6,-9 -8,-9 -18,-2 -24,-14 0,-22 14,-16"), darker(brown, 0.25), {
        random: brush.random,
        fringe: 0.5,
      }),
      patch(points("15,-8 8,-12.5 -2,-14.5 -14,-11 -4,-12 8,-10.5"), buff, {
        random: brush.random,
        fringe: 0.4,
      }),
      patch(points("14,-3 6,-8 -6,-8 -18,-2 -14,0 -6,-4.5 4,-5.5"), blend(buff, "#ffffff", 0.3), {
        random: brush.random,
        fringe: 0.4,
      }),
      patch(points("4,-3.5 -6,-3 -17,2 -15,4 -6,0 4,-1.5"), darker(brown, 0.1), {
        random: brush.random,
        fringe: 0.4,
      }),
    ],
    wing: {
      primaries: { fill: darker(brown, 0.35), edge: blend(buff, brown, 0.3), edgeWidth: 0.6 },
      secondaries: { fill: darker(brown, 0.35), edge: buff, edgeWidth: 0.9 },
      tertials: { fill: darker(brown, 0.45), edge: buff, edgeWidth: 1.5 },
      greaterCoverts: { fill: darker(brown, 0.3), edge: buff, edgeWidth: 0.9 },
      medianCoverts: { fill: darker(brown, 0.3), tip: blend(buff, brown, 0.15), tipShare: 0.2 },
      shoulder: blend(buff, brown, 0.45),
      scapulars: blend(buff, brown, 0.4),
    },
    tail: { inner: { fill: darker(brown, 0.25), edge: buff, edgeWidth: 0.6 } },
    bill: { upper: "#b08a74", lower: "#d8a890" },
    legs: "#b58a76",
  };
}

const plan = {
  ...finchPlan,
  bill: { ...finchPlan.bill, length: 12.5, depth: 9, bulge: 0.6 },
  tail: { ...finchPlan.tail, length: 36, middle: 1, spread: 13, width: 4.2 },
};

export const bobolink: Species = {
  id: 13,
  className: "013.Bobolink",
  size: 0.66,
  variants: [
    {
      name: "male",
      weight: 0.72,
      draw: (brush) => songbird(plan, male(brush.random), perchedPose(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.28,
      draw: (brush) => songbird(plan, female(brush.random), perchedPose(brush.random), brush),
    },
  ],
  perches: [
    { kind: "stem", weight: 4 },
    { kind: "wire", weight: 3 },
    { kind: "stump", weight: 2 },
    { kind: "branch", weight: 2 },
  ],
  backdrops: [
    { kind: "meadow", weight: 5 },
    { kind: "foliage", weight: 3 },
    { kind: "sky", weight: 2 },
    { kind: "overcast", weight: 1 },
  ],
};
