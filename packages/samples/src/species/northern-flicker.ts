import { type BodyPlan, type Plumage, type Pose, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { points } from "../drawing/geometry.ts";
import { patch, spots, streaks } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";
import { finchPlan } from "./finch-plan.ts";
import type { Species } from "./species.ts";

const plan: BodyPlan = {
  head: points("9,16 13,8.5 15.5,2.5 15,-2 10,-9 2,-13 -8,-12.5 -16,-6 -21,4"),
  body: points("12,-20 -8,-20 -30,-13 -47,-6 -52,-1 -48,5 -32,12 -10,19 12,21 28,16 36,5"),
  headAt: [37, -17],
  headSize: 0.96,
  eye: { at: [5, -3], radius: 2.1 },
  bill: { at: [14.5, 1], length: 18.5, depth: 6, bulge: 0.35, droop: 1.2 },
  wing: { at: [24, -5], length: 78, depth: 22, turn: 3 },
  tail: { at: [-46, -1], turn: 1, length: 40, spread: 12, middle: 1.25, feathers: 5, width: 6.5 },
  legs: { at: [2, 18], length: 10, thickness: 2.2 },
};

/** Brown with black bars above, pale with round black spots below, a black bib and a red nape. */
function plumage(random: Random, male: boolean): Plumage {
  const brown = varied(random.pick(["#9c8468", "#8f7a60", "#a48c70"]), 14, random.next);
  const pale = varied(random.pick(["#ead8b6", "#e4d3b8", "#efe0c6"]), 12, random.next);
  const grey = varied("#8e8c8c", 14, random.next);
  const ink = "#17130f";
  const yellow = "#d9a92e";
  return {
    base: pale,
    body: (brush) => [
      patch(points("32,-30 -8,-29 -34,-20 -40,-8 -20,-7 4,-6 26,-8"), brown, brush),
      streaks(
        {
          centre: [2, -16],
          radii: [26, 7],
          color: ink,
          rows: 9,
          direction: 90,
          length: 3,
          width: 2,
          opacity: 0.8,
        },
        random,
      ),
      patch(points("-34,-22 -54,-10 -52,-2 -34,-8"), "#f1ece2", brush),
      spots({ centre: [-2, 10], radii: [34, 13], color: ink, gap: 6.2, radius: 1.55, opacity: 0.92 }, random),
      patch(points("44,-8 42,4 34,13 24,15 21,9 28,5 32,-4 36,-12"), ink, {
        random: brush.random,
        fringe: 0.5,
      }),
    ],
    head: (brush) => [
      patch(points("20,-4 20,20 -8,22 -20,10 -14,-8 8,-8"), blend(pale, "#b98a64", 0.45), brush),
      patch(points("17,-4.5 8,-7 -6,-7.5 -14,-4 -20,6 -30,8 -20,-20 10,-18"), grey, brush),
      patch(points("-14,-8 -12,-5 -16,0 -20,5 -26,3 -18,-9"), "#c4282c", {
        random: brush.random,
        fringe: 0.5,
      }),
      male
        ? patch(points("14,2.8 6,4.5 -3,8.5 -6,14 2,14.5 9,10.5 15,7.5"), ink, {
            random: brush.random,
            fringe: 0.4,
          })
        : "",
    ],
    wing: {
      primaries: { fill: darker(brown, 0.55), edge: yellow, edgeWidth: 0.7 },
      secondaries: { fill: brown, bars: ink, barGap: 4.4 },
      tertials: { fill: brown, bars: ink, barGap: 4.6 },
      greaterCoverts: { fill: lighter(brown, 0.04), bars: ink, barGap: 4.2 },
      medianCoverts: { fill: lighter(brown, 0.06), bars: ink, barGap: 4 },
      shoulder: lighter(brown, 0.08),
      scapulars: brown,
      bars: ink,
    },
    tail: { inner: { fill: "#1d1916", edge: blend(yellow, "#1d1916", 0.3), edgeWidth: 0.6 } },
    bill: { upper: "#3c3a3a", lower: "#565250" },
    legs: "#6a6660",
    iris: "#2a1710",
    texture: 0.35,
  };
}

const clinging = (random: Random): Pose => ({
  posture: random.normal(70, 5),
  headTurn: random.normal(6, 8),
  lookingBack: false,
  tailLift: random.normal(-4, 3),
  plumpness: random.between(0.9, 1.05),
  foreshortening: random.between(0.86, 1),
});

const standing = (random: Random): Pose => ({
  ...clinging(random),
  posture: random.normal(38, 8),
  headTurn: random.normal(0, 8),
  lookingBack: random.chance(0.12),
  tailLift: random.normal(0, 4),
});

const northernFlickerPlan = (upright: boolean): BodyPlan =>
  upright ? { ...plan, legs: { ...plan.legs, at: [6, 17], length: 6 } } : { ...plan, legs: finchPlan.legs };

export const northernFlicker: Species = {
  id: 36,
  className: "036.Northern_Flicker",
  size: 0.8,
  variants: [
    {
      name: "male",
      weight: 0.3,
      perches: [{ kind: "trunk", weight: 1 }],
      draw: (brush) =>
        songbird(northernFlickerPlan(true), plumage(brush.random, true), clinging(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.2,
      perches: [{ kind: "trunk", weight: 1 }],
      draw: (brush) =>
        songbird(northernFlickerPlan(true), plumage(brush.random, false), clinging(brush.random), brush),
    },
    {
      name: "male",
      weight: 0.3,
      draw: (brush) =>
        songbird(northernFlickerPlan(false), plumage(brush.random, true), standing(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.2,
      draw: (brush) =>
        songbird(northernFlickerPlan(false), plumage(brush.random, false), standing(brush.random), brush),
    },
  ],
  perches: [
    { kind: "ground", weight: 3 },
    { kind: "branch", weight: 4 },
    { kind: "stump", weight: 2 },
  ],
  backdrops: [
    { kind: "foliage", weight: 4 },
    { kind: "shade", weight: 2 },
    { kind: "autumn", weight: 2 },
    { kind: "winter", weight: 2 },
    { kind: "meadow", weight: 1 },
  ],
};
