import { type BodyPlan, type Plumage, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { type Point, points } from "../drawing/geometry.ts";
import { patch, strokes } from "../drawing/plumage.ts";
import type { Random } from "../random.ts";
import { finchPlan, perchedPose } from "./finch-plan.ts";
import type { Species } from "./species.ts";

/** A tall crest, a long tail and a bill that cracks sunflower seeds. */
function plan(random: Random): BodyPlan {
  const raised = random.between(0.35, 1);
  const crest = (low: Point, high: Point): Point => [
    low[0] + (high[0] - low[0]) * raised,
    low[1] + (high[1] - low[1]) * raised,
  ];
  return {
    ...finchPlan,
    head: [
      [11.5, 17],
      [13.5, 10],
      [15.5, 4],
      [15, -3],
      [12, -9],
      crest([6, -15], [6.5, -16]),
      crest([-4, -18], [-1, -23]),
      crest([-20, -21], [-13.5, -34]),
      crest([-18, -16], [-15, -20]),
      [-17, -8],
      [-21, 3],
    ],
    headAt: [32, -19],
    headSize: 0.96,
    eye: { at: [5, -4], radius: 2.2 },
    bill: { at: [14, 1.5], length: 12.5, depth: 14, bulge: 1.05, droop: 2.2 },
    tail: { at: [-40, -1], turn: 2, length: 56, spread: 10, middle: 1.05, feathers: 7, width: 6.5 },
    wing: { at: [22, -5], length: 62, depth: 23, turn: 4 },
  };
}

const mask: readonly Point[] = points("12,-5.5 16,-7 19,2 17,10 13,15 6,13.5 6.5,6 8.5,1 9.5,-3");

/** Red all over but for the black mask. */
function male(random: Random): Plumage {
  const red = varied(random.pick(["#d0202a", "#c81e24", "#d62f2c"]), 18, random.next);
  const dusk = blend(red, "#6a4a48", 0.4);
  return {
    base: red,
    body: (brush) => [
      patch(
        points("26,-30 -8,-29 -30,-20 -48,-9 -44,-2 -24,-8 0,-10 22,-14"),
        blend(red, "#7a4442", 0.42),
        brush,
      ),
      strokes(
        {
          centre: [6, 8],
          radii: [34, 15],
          count: 90,
          length: 4.6,
          color: lighter(red, 0.22),
          width: 0.8,
          opacity: 0.4,
        },
        random,
      ),
      strokes(
        {
          centre: [0, 4],
          radii: [38, 18],
          count: 70,
          length: 4.6,
          color: darker(red, 0.35),
          width: 0.8,
          opacity: 0.35,
        },
        random,
      ),
    ],
    head: (brush) => [
      patch(mask, "#100c0b", { random: brush.random, fringe: 0.5 }),
      strokes(
        {
          centre: [-4, -10],
          radii: [12, 16],
          count: 60,
          length: 4.4,
          color: darker(red, 0.3),
          width: 0.7,
          opacity: 0.4,
          direction: 215,
        },
        random,
      ),
    ],
    wing: wing(dusk, red),
    tail: { inner: { fill: blend(red, "#5a3434", 0.32), edge: lighter(red, 0.12) } },
    bill: { upper: "#e8572a", lower: "#ea6632" },
    legs: "#6f4438",
    texture: 0.45,
  };
}

/** Warm buff, with red only in the crest, the wings and the tail; the bill as red as the male's. */
function female(random: Random): Plumage {
  const buff = varied(random.pick(["#c09a72", "#b8966e", "#c8a880"]), 16, random.next);
  const red = varied("#b24438", 20, random.next);
  const grey = blend(buff, "#74665a", 0.55);
  return {
    base: buff,
    body: (brush) => [
      patch(points("28,-30 -8,-29 -30,-20 -48,-9 -44,-2 -24,-8 0,-8 24,-12"), grey, brush),
      patch(points("-44,6 -30,4 -10,12 -8,26 -36,24"), lighter(buff, 0.25), { ...brush, opacity: 0.7 }),
      strokes(
        {
          centre: [6, 8],
          radii: [34, 15],
          count: 80,
          length: 4.6,
          color: lighter(buff, 0.35),
          width: 0.8,
          opacity: 0.4,
        },
        random,
      ),
    ],
    head: (brush) => [
      patch(points("10,-12 4,-12 -8,-14 -16,-16 -26,-26 -10,-42 8,-24"), blend(red, buff, 0.18), brush),
      patch(mask, blend("#3a302c", buff, 0.25), { random: brush.random, fringe: 0.8, opacity: 0.8 }),
      strokes(
        {
          centre: [-4, -8],
          radii: [13, 16],
          count: 50,
          length: 4.2,
          color: darker(buff, 0.35),
          width: 0.7,
          opacity: 0.35,
          direction: 215,
        },
        random,
      ),
    ],
    wing: wing(blend(red, grey, 0.5), blend(red, buff, 0.25)),
    tail: { inner: { fill: blend(red, grey, 0.35), edge: blend(red, buff, 0.25) } },
    bill: { upper: "#e2582e", lower: "#e66a3a" },
    legs: "#7a5546",
  };
}

function wing(dark: string, bright: string): Plumage["wing"] {
  return {
    primaries: { fill: darker(dark, 0.3), edge: bright, edgeWidth: 0.9 },
    secondaries: { fill: darker(dark, 0.18), edge: bright, edgeWidth: 1.2 },
    tertials: { fill: darker(dark, 0.22), edge: blend(dark, bright, 0.3), edgeWidth: 0.9 },
    greaterCoverts: { fill: darker(dark, 0.05), edge: bright, edgeWidth: 0.8 },
    medianCoverts: { fill: dark, edge: bright, edgeWidth: 0.6 },
    shoulder: blend(dark, bright, 0.6),
    scapulars: dark,
  };
}

export const cardinal: Species = {
  id: 17,
  className: "017.Cardinal",
  size: 0.74,
  variants: [
    {
      name: "male",
      weight: 0.7,
      draw: (brush) => songbird(plan(brush.random), male(brush.random), perchedPose(brush.random), brush),
    },
    {
      name: "female",
      weight: 0.3,
      draw: (brush) => songbird(plan(brush.random), female(brush.random), perchedPose(brush.random), brush),
    },
  ],
  perches: [
    { kind: "branch", weight: 6 },
    { kind: "feeder", weight: 2 },
    { kind: "conifer", weight: 2 },
    { kind: "ground", weight: 1 },
  ],
  backdrops: [
    { kind: "foliage", weight: 3 },
    { kind: "winter", weight: 4 },
    { kind: "shade", weight: 2 },
    { kind: "autumn", weight: 1 },
    { kind: "overcast", weight: 1 },
  ],
};
