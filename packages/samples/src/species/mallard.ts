import { type BodyPlan, type Plumage, type Pose, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { points } from "../drawing/geometry.ts";
import { patch, scallops, strokes } from "../drawing/plumage.ts";
import { path } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { Species } from "./species.ts";

const plan: BodyPlan = {
  head: points("10,30 8,19 10,11 13.5,5 13,-2 8,-9.5 -1,-12 -10,-9 -14,0 -12,11 -13,22 -20,32"),
  body: points("12,-18 -10,-21 -34,-18 -54,-16 -68,-17 -62,-8 -50,6 -32,16 -2,21 28,19 46,10 50,-4"),
  headAt: [44, -42],
  eye: { at: [4.5, -3], radius: 1.9 },
  bill: { at: [12.5, 2], length: 21, depth: 8.5, bulge: 0.5, droop: 2.6, spoon: true },
  wing: { at: [26, -4], length: 82, depth: 22, turn: 4 },
  tail: { at: [-58, -12], turn: 12, length: 22, spread: 20, middle: 1, feathers: 5, width: 6 },
  legs: { at: [0, 9], length: 0, thickness: 0 },
};

/** Bottle-green head, white ring, chestnut breast, grey flanks, black stern with curled feathers. */
function drake(random: Random): Plumage {
  const green = varied(random.pick(["#1d6a44", "#1f6f3c", "#226058", "#2a5f7a"]), 16, random.next);
  const chestnut = varied("#5f3224", 14, random.next);
  const grey = varied("#c9c8c4", 12, random.next);
  const brown = varied("#7d7066", 12, random.next);
  return {
    base: grey,
    body: (brush) => [
      patch(points("58,-30 58,14 40,24 22,24 27,12 30,0 25,-12 16,-30"), chestnut, brush),
      patch(points("22,-26 -14,-28 -40,-24 -40,-14 0,-12 24,-14"), brown, brush),
      strokes(
        {
          centre: [-12, 6],
          radii: [36, 15],
          count: 130,
          length: 3.4,
          color: "#6f6e6c",
          width: 0.5,
          opacity: 0.5,
          direction: 100,
        },
        random,
      ),
      patch(points("-36,-26 -58,-22 -56,4 -46,12 -38,8 -42,-6"), "#17181a", brush),
      patch(points("-54,-22 -74,-20 -72,-8 -56,-10"), "#e9e7e2", brush),
    ],
    head: (brush) => [
      patch(points("24,-20 22,14 -2,17 -24,15 -22,-20"), green, brush),
      patch(points("-6,-10 4,-9 4,-1 -4,4 -10,-1"), lighter(green, 0.28), {
        random: brush.random,
        fringe: 0.8,
        opacity: 0.6,
      }),
      patch(points("-10,4 0,6 4,12 -6,14"), blend(green, "#2a2a66", 0.5), {
        random: brush.random,
        fringe: 0.8,
        opacity: 0.6,
      }),
      patch(points("14,16 14,19.5 -4,21 -24,19 -24,15.5 -4,17"), "#f1f0ec", {
        random: brush.random,
        fringe: 0.35,
      }),
      patch(points("18,19.5 18,40 -26,40 -26,20 -4,21.5"), chestnut, { random: brush.random, fringe: 0.4 }),
      strokes(
        {
          centre: [-1, 1],
          radii: [12, 12],
          count: 40,
          length: 2.6,
          color: darker(green, 0.45),
          width: 0.6,
          opacity: 0.4,
          direction: 160,
        },
        random,
      ),
    ],
    wing: {
      primaries: { fill: "#4d4640", edge: "#8a8178", edgeWidth: 0.5 },
      secondaries: { fill: "#2f4fa8", edge: "#f0efec", edgeWidth: 0.5, tip: "#f2f1ee", tipShare: 0.1 },
      tertials: { fill: blend(grey, brown, 0.45), edge: blend(grey, brown, 0.7), edgeWidth: 0.9 },
      greaterCoverts: { fill: blend(grey, brown, 0.7), tip: "#efeeea", tipShare: 0.14 },
      medianCoverts: { fill: blend(grey, brown, 0.6) },
      shoulder: blend(grey, brown, 0.35),
      scapulars: blend(grey, brown, 0.25),
    },
    tail: { inner: { fill: "#dcd8d0", edge: "#a09a90", edgeWidth: 0.5 } },
    bill: { upper: "#d9b52e", lower: "#c9a428" },
    legs: "#e2762c",
    behind: curls,
    texture: 0.4,
  };
}

/** Mottled brown, each feather dark with a buff edge; a dark line through the eye, an orange bill. */
function duck(random: Random): Plumage {
  const brown = varied("#5c4632", 12, random.next);
  const buff = varied(random.pick(["#c0a078", "#b8986e", "#cbb08a"]), 14, random.next);
  return {
    base: buff,
    body: (brush) => [
      patch(points("60,-30 60,24 -50,24 -74,-10 -40,-28"), blend(buff, brown, 0.3), brush),
      scallops(
        { centre: [-4, 0], radii: [58, 21], size: 7.6, center: brown, edge: buff, opacity: 0.95 },
        random,
      ),
      patch(points("-50,-22 -74,-20 -72,-8 -54,-8"), lighter(buff, 0.35), { ...brush, opacity: 0.8 }),
    ],
    head: (brush) => [
      strokes(
        {
          centre: [-2, 14],
          radii: [13, 20],
          count: 110,
          length: 2.6,
          color: brown,
          width: 0.8,
          opacity: 0.6,
          direction: 120,
        },
        random,
      ),
      patch(points("15,-6 4,-8 -8,-7 -18,2 -20,-14 4,-18"), darker(brown, 0.15), brush),
      patch(points("14,-2 5,-3.6 -6,-2.6 -14,1 -6,0 5,-1.4 14,0.4"), darker(brown, 0.3), {
        random: brush.random,
        fringe: 0.4,
      }),
      patch(points("14,3 6,4 -2,7 2,12 12,10"), lighter(buff, 0.25), {
        random: brush.random,
        fringe: 0.6,
        opacity: 0.7,
      }),
    ],
    wing: {
      primaries: { fill: darker(brown, 0.2), edge: buff, edgeWidth: 0.5 },
      secondaries: { fill: "#31509c", edge: "#efece6", edgeWidth: 0.5, tip: "#f0ede8", tipShare: 0.1 },
      tertials: { fill: brown, edge: buff, edgeWidth: 1.2 },
      greaterCoverts: {
        fill: brown,
        edge: buff,
        edgeWidth: 1,
        tip: blend(buff, "#ffffff", 0.35),
        tipShare: 0.1,
      },
      medianCoverts: { fill: brown, edge: buff, edgeWidth: 1.1 },
      shoulder: blend(brown, buff, 0.3),
      scapulars: blend(brown, buff, 0.25),
    },
    tail: { inner: { fill: blend(buff, brown, 0.3), edge: lighter(buff, 0.3), edgeWidth: 0.8 } },
    bill: { upper: "#cf7f34", lower: "#c87830", tip: "#4a3a26" },
    legs: "#e2762c",
  };
}

const swimming = (random: Random): Pose => ({
  posture: random.normal(2, 2.5),
  headTurn: random.normal(0, 6),
  lookingBack: false,
  tailLift: random.normal(0, 5),
  plumpness: random.between(0.92, 1.08),
  foreshortening: random.between(0.88, 1.04),
});

/** The curled feathers over a drake's tail. */
const curls = path(
  "M-46 -14C-52 -24 -63 -28 -64 -22C-64 -18 -59 -18 -59 -21M-44 -14C-50 -21 -57 -23 -59 -19",
  {
    stroke: "#141516",
    width: 2.2,
  },
);

export const mallard: Species = {
  id: 87,
  className: "087.Mallard",
  size: 0.78,
  variants: [
    {
      name: "male",
      weight: 0.62,
      draw: (brush) => songbird(plan, drake(brush.random), swimming(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.38,
      draw: (brush) => songbird(plan, duck(brush.random), swimming(brush.random), brush),
    },
  ],
  perches: [{ kind: "water", weight: 1 }],
  backdrops: [{ kind: "water", weight: 1 }],
};
